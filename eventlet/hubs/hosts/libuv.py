"""A libuv loop as host: a pyuv.Loop, or the uv_loop_t of a program in C (or in ctypes, cffi…)."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import math

from eventlet.hubs import _embedding
from eventlet.hubs.errors import HubError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_UV_POLL, _UV_TIMER = 8, 13  # uv_handle_type
_UV_READABLE = 1
_Callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_PollCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)


def Host(loop: Any, library: Any = None) -> _embedding.Host:
    """Return the adaptor for `loop`, a pyuv.Loop or the address of a uv_loop_t.

    `library` is the ctypes.CDLL of the libuv that the loop belongs to; by default the system's. Raises
    HubError if there is none.
    """
    if not isinstance(loop, int):
        return _PyuvHost(loop)
    if library is None:
        name = ctypes.util.find_library("uv") or "libuv.so.1"
        try:
            library = ctypes.CDLL(name)
        except OSError as error:
            raise HubError(f"libuv cannot be loaded: {error}; install libuv1, or pass the library") from error
    return _CHost(loop, library)


class _CHost(_embedding.Host):
    """By ctypes. The handles are freed when libuv says that they are closed: the loop must run once more for that."""

    def __init__(self, loop: int, library: Any) -> None:
        self._uv = library
        library.uv_strerror.restype = ctypes.c_char_p
        library.uv_handle_size.restype = ctypes.c_size_t
        library.uv_timer_start.argtypes = (ctypes.c_void_p, _Callback, ctypes.c_uint64, ctypes.c_uint64)
        library.uv_update_time.argtypes = (ctypes.c_void_p,)
        self._loop = ctypes.c_void_p(loop)
        self._closing: dict[int, Any] = {}
        self._on_closed = _Callback(self._forget)
        self._poll: Any = None
        self._timer: Any = None
        # Made once: one that is replaced while C code is in it would be freed under its feet.
        self._call_on_events: Callable[[], object] | None = None
        self._call_on_timer: Callable[[], object] | None = None
        self._on_events = _PollCallback(self._events)
        self._on_timer = _Callback(self._expired)

    def _events(self, _handle: int, _status: int, _events: int) -> None:
        if self._call_on_events is not None:
            self._call_on_events()

    def _expired(self, _handle: int) -> None:
        if self._call_on_timer is not None:
            self._call_on_timer()

    def _new(self, kind: int) -> Any:
        return ctypes.create_string_buffer(self._uv.uv_handle_size(kind))

    def _check(self, status: int) -> None:
        if status < 0:
            raise OSError(-status, self._uv.uv_strerror(status).decode())

    def _close(self, handle: Any) -> None:
        self._closing[ctypes.addressof(handle)] = (handle, self)
        self._uv.uv_close(handle, self._on_closed)

    def _forget(self, address: int) -> None:
        self._closing.pop(address, None)

    def watch(self, fd: int, call: Callable[[], object]) -> None:
        poll = self._new(_UV_POLL)
        self._check(self._uv.uv_poll_init(self._loop, poll, fd))
        self._poll = poll
        self._call_on_events = call
        self._check(self._uv.uv_poll_start(poll, _UV_READABLE, self._on_events))

    def unwatch(self) -> None:
        poll, self._poll = self._poll, None
        if poll is not None:
            self._close(poll)

    def set_timer(self, seconds: float, call: Callable[[], object]) -> None:
        if self._timer is None:
            self._timer = self._new(_UV_TIMER)
            self._check(self._uv.uv_timer_init(self._loop, self._timer))
        self._call_on_timer = call
        self._uv.uv_update_time(self._loop)  # or the timer counts from when the loop last looked at the clock
        self._check(self._uv.uv_timer_start(self._timer, self._on_timer, math.ceil(seconds * 1000), 0))

    def cancel_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            self._close(timer)


class _PyuvHost(_embedding.Host):
    def __init__(self, loop: Any) -> None:
        self._pyuv: Any = importlib.import_module("pyuv")
        self._loop = loop
        self._poll: Any = None
        self._timer: Any = None

    def watch(self, fd: int, call: Callable[[], object]) -> None:
        self._poll = self._pyuv.Poll(self._loop, fd)
        self._poll.start(self._pyuv.UV_READABLE, lambda *_: call())

    def unwatch(self) -> None:
        poll, self._poll = self._poll, None
        if poll is not None:
            poll.close()

    def set_timer(self, seconds: float, call: Callable[[], object]) -> None:
        if self._timer is None:
            self._timer = self._pyuv.Timer(self._loop)
        self._loop.update_time()
        self._timer.start(lambda _timer: call(), math.ceil(seconds * 1000) / 1000, 0)

    def cancel_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.close()
