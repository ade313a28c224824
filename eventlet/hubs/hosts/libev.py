"""A libev loop as host: the `struct ev_loop` of a program in C (or in ctypes, cffi…)."""

from __future__ import annotations

import ctypes
import ctypes.util

from eventlet.hubs import _embedding
from eventlet.hubs.errors import HubError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_EV_READ = 1
_EV_NEW_FD = 0x80  # EV__IOFDSET: what ev_io_set adds, the number may mean another file than before
_Callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


# EV_WATCHER of ev.h, as libev is compiled by default (EV_MULTIPLICITY, EV_COMMON of one pointer).
_WATCHER: Any = [
    ("active", ctypes.c_int),
    ("pending", ctypes.c_int),
    ("priority", ctypes.c_int),
    ("data", ctypes.c_void_p),
    ("callback", _Callback),
]


class _Io(ctypes.Structure):
    """ev_io."""

    _fields_ = [*_WATCHER, ("next", ctypes.c_void_p), ("fd", ctypes.c_int), ("events", ctypes.c_int)]


class _Timer(ctypes.Structure):
    """ev_timer."""

    _fields_ = [*_WATCHER, ("at", ctypes.c_double), ("repeat", ctypes.c_double)]


class Host(_embedding.Host):
    """`loop` is the address of a struct ev_loop; `library` the ctypes.CDLL of its libev, by default the system's."""

    def __init__(self, loop: int, library: Any = None) -> None:
        if library is None:
            name = ctypes.util.find_library("ev") or "libev.so.4"
            try:
                library = ctypes.CDLL(name)
            except OSError as error:
                raise HubError(f"libev cannot be loaded: {error}; install libev4, or pass the library") from error
        self._ev = library
        self._loop = ctypes.c_void_p(loop)
        # Made once: one that is replaced while C code is in it would be freed under its feet.
        self._call_on_events: Callable[[], object] | None = None
        self._call_on_timer: Callable[[], object] | None = None
        self._io = _Io(callback=_Callback(self._events))
        self._timer = _Timer(callback=_Callback(self._expired))

    def _events(self, _loop: int, _watcher: int, _events: int) -> None:
        if self._call_on_events is not None:
            self._call_on_events()

    def _expired(self, _loop: int, _watcher: int, _events: int) -> None:
        if self._call_on_timer is not None:
            self._call_on_timer()

    def watch(self, fd: int, call: Callable[[], object]) -> None:
        self._call_on_events = call
        self._io.fd = fd
        self._io.events = _EV_READ | _EV_NEW_FD
        self._ev.ev_io_start(self._loop, ctypes.byref(self._io))

    def unwatch(self) -> None:
        if self._io.active:
            self._ev.ev_io_stop(self._loop, ctypes.byref(self._io))

    def set_timer(self, seconds: float, call: Callable[[], object]) -> None:
        self.cancel_timer()
        self._call_on_timer = call
        self._ev.ev_now_update(self._loop)  # or the timer counts from when the loop last looked at the clock
        self._timer.at, self._timer.repeat = seconds, 0.0
        self._ev.ev_timer_start(self._loop, ctypes.byref(self._timer))

    def cancel_timer(self) -> None:
        self._ev.ev_timer_stop(self._loop, ctypes.byref(self._timer))
