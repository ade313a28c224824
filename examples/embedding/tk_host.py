"""Green threads in a Tk application: a window with a counter, which goes on while they work.

python examples/embedding/tk_host.py
"""

from __future__ import annotations

import tkinter as tk

from _work import TICK_MILLISECONDS, Work, arguments


def main() -> None:
    work = Work(arguments(__doc__))
    root = tk.Tk()
    counter = tk.IntVar(root)
    tk.Label(root, textvariable=counter, width=20).pack()
    work.begin(root, root.quit)

    def tick() -> None:
        counter.set(counter.get() + 1)
        work.tick()
        root.after(TICK_MILLISECONDS, tick)

    tick()
    root.mainloop()
    work.end()
    root.destroy()


if __name__ == "__main__":
    main()
