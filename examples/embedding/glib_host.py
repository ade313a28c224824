"""Green threads in GLib's main loop (PyGObject), and so in GTK: it goes on while they work.

python examples/embedding/glib_host.py
"""

from __future__ import annotations

from _work import TICK_MILLISECONDS, Work, arguments
from gi.repository import GLib


def main() -> None:
    work = Work(arguments(__doc__))
    loop = GLib.MainLoop()
    work.begin(loop, loop.quit)
    timer = GLib.timeout_add(TICK_MILLISECONDS, lambda: work.tick() or True)
    loop.run()
    GLib.source_remove(timer)
    work.end()


if __name__ == "__main__":
    main()
