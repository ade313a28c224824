"""Tk's loop as host: tkinter on Unix."""

from __future__ import annotations

import math

from eventlet.hubs import _embedding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Host(_embedding.Host):
    """`widget` is any widget of the application, the root for instance; it must live as long as the embedding."""

    def __init__(self, widget: Any) -> None:
        import tkinter as tk

        self._readable = tk.READABLE
        self._error = tk.TclError
        self._root = widget._root()  # where tkinter itself goes from a widget to what is there once per application
        self._fd: int | None = None
        self._timer: str | None = None

    def watch(self, fd: int, call: Callable[[], object]) -> None:
        self._root.tk.createfilehandler(fd, self._readable, lambda _fd, _mask: call())
        self._fd = fd

    def unwatch(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            self._root.tk.deletefilehandler(fd)

    def set_timer(self, seconds: float, call: Callable[[], object]) -> None:
        self.cancel_timer()

        def fire() -> None:
            self._timer = None
            call()

        self._timer = self._root.after(math.ceil(seconds * 1000), fire)

    def cancel_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            try:
                self._root.after_cancel(timer)
            except self._error:
                pass  # the application has been destroyed, with its timers
