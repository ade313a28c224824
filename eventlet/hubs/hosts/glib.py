"""GLib's loop as host, and so that of GTK and GStreamer: PyGObject."""

from __future__ import annotations

import importlib
import math

from eventlet.hubs import _embedding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Host(_embedding.Host):
    """`loop` is a GLib.MainLoop or a GLib.MainContext."""

    def __init__(self, loop: Any) -> None:
        self._glib: Any = importlib.import_module("gi.repository.GLib")
        self._context = loop.get_context() if hasattr(loop, "get_context") else loop
        self._watch: Any = None
        self._timer: Any = None

    def watch(self, fd: int, call: Callable[[], object]) -> None:
        source = self._glib.unix_fd_source_new(fd, self._glib.IOCondition.IN)
        source.set_callback(lambda *_: call() or True)
        source.attach(self._context)
        self._watch = source

    def unwatch(self) -> None:
        source, self._watch = self._watch, None
        if source is not None:
            source.destroy()

    def set_timer(self, seconds: float, call: Callable[[], object]) -> None:
        self.cancel_timer()
        source = self._glib.timeout_source_new(min(math.ceil(seconds * 1000), 2**32 - 1))

        def fire(*_: object) -> bool:
            if self._timer is source:
                self._timer = None
                call()
            return False

        source.set_callback(fire)
        source.attach(self._context)
        self._timer = source

    def cancel_timer(self) -> None:
        source, self._timer = self._timer, None
        if source is not None:
            source.destroy()
