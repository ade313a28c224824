"""Green threads in a libev loop that belongs to somebody else: here, a program in ctypes.

python examples/embedding/libev_host.py
"""

from __future__ import annotations

import ctypes
import ctypes.util

from _work import TICK_MILLISECONDS, Work, arguments

from eventlet.hubs.hosts import libev

EVBREAK_ALL = 2
ON_ONCE = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)


def main() -> None:
    work = Work(arguments(__doc__))
    ev = ctypes.CDLL(ctypes.util.find_library("ev") or "libev.so.4")
    ev.ev_loop_new.restype = ctypes.c_void_p
    loop = ctypes.c_void_p(ev.ev_loop_new(0))

    def tick_again() -> None:
        ev.ev_once(loop, -1, 0, ctypes.c_double(TICK_MILLISECONDS / 1000), on_timer, None)

    @ON_ONCE
    def on_timer(_events: int, _argument: object) -> None:
        work.tick()
        tick_again()

    tick_again()
    work.begin(libev.Host(loop.value or 0, ev), lambda: ev.ev_break(loop, EVBREAK_ALL))
    ev.ev_run(loop, 0)
    work.end()
    ev.ev_loop_destroy(loop)


if __name__ == "__main__":
    main()
