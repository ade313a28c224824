"""Provider of the hub libuv: the system's library through ctypes, for where nothing is compiled. See _loop.py."""

from __future__ import annotations

import ctypes
import math
from ctypes import c_char_p, c_int, c_size_t, c_void_p

from eventlet._pristine import os, select
from eventlet.hubs._ctypes_poller import CtypesPoller, Watcher, load
from eventlet.hubs._readiness import READABLE, WRITABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from eventlet.hubs.hub import Events

_library = load(
    "uv", ("libuv.so.1", "libuv.1.dylib", "/opt/homebrew/lib/libuv.1.dylib"), "eventlet.hubs._libuv_c", "uv_loop_fork"
)

# Callbacks are declared with the arguments that are wanted: C's callers do not mind.
_Callback1 = ctypes.PYFUNCTYPE(None, c_void_p)
_Callback2 = ctypes.PYFUNCTYPE(None, c_void_p, c_int)

_UV_POLL = 8  # of uv_handle_type
_UV_RUN_NOWAIT = 2
_UV_EBUSY = -16

for _name, _result, *_arguments in (
    ("uv_version_string", c_char_p),
    ("uv_loop_size", c_size_t),
    ("uv_handle_size", c_size_t, c_int),
    ("uv_loop_init", c_int, c_void_p),
    ("uv_loop_close", c_int, c_void_p),
    ("uv_loop_fork", c_int, c_void_p),
    ("uv_backend_fd", c_int, c_void_p),
    ("uv_run", c_int, c_void_p, c_int),
    ("uv_poll_init", c_int, c_void_p, c_void_p, c_int),
    ("uv_poll_start", c_int, c_void_p, c_int, _Callback2),
    ("uv_close", None, c_void_p, _Callback1),
):
    _function = getattr(_library, _name)
    _function.restype, _function.argtypes = _result, _arguments

_run = _library.uv_run
_handle_size = _library.uv_handle_size(_UV_POLL)
version = _library.uv_version_string().decode()


def _checked(error: int) -> None:
    if error < 0:
        raise OSError(-error, os.strerror(-error))


class Poller(CtypesPoller):
    """A poller on a libuv loop of its own."""

    def _open(self, flags: int) -> None:
        self._memory = ctypes.create_string_buffer(_library.uv_loop_size())
        self._loop = ctypes.addressof(self._memory)
        _checked(_library.uv_loop_init(self._loop))
        #: Address of each handle that the run has called for, and the status given.
        self._fired: dict[int, int] = {}
        self._on_io = _Callback2(self._fired.__setitem__)
        #: Handles that libuv still uses, and those of them that it does not any more.
        self._closing: dict[int, Watcher] = {}
        self._closed: list[int] = []
        self._on_closed = _Callback1(self._closed.append)
        #: Whether the kernel's set may hold a file that has lost its number.
        self._is_stale = False
        self._renewals = 0
        self._poll_backend()

    def fileno(self) -> int:
        number: int = _library.uv_backend_fd(self._loop)
        return number

    def renewals(self) -> int:
        return self._renewals

    def has_changes(self) -> bool:
        return bool(self._unchecked)

    def _renew(self) -> None:
        _checked(_library.uv_loop_fork(self._loop))
        self._is_stale = False
        self._renewals += 1
        self._poll_backend()

    def _poll_backend(self) -> None:
        self._backend = select.poll()
        self._backend.register(_library.uv_backend_fd(self._loop), READABLE)

    def _make(self, fd: int) -> Watcher:
        watcher = Watcher(fd, ctypes.create_string_buffer(_handle_size))
        # libuv makes the file non-blocking, which is not its business: others may share it.
        blocking = os.get_blocking(fd)
        _checked(_library.uv_poll_init(self._loop, watcher.address, fd))
        if blocking:
            os.set_blocking(fd, True)
        return watcher

    def _start(self, watcher: Watcher) -> None:
        events = (1 if watcher.events & READABLE else 0) | (2 if watcher.events & WRITABLE else 0)
        _checked(_library.uv_poll_start(watcher.address, events, self._on_io))

    def _stop(self, watcher: Watcher) -> None:
        if watcher.identity is not None:
            try:
                status = os.fstat(watcher.fd)
                self._is_stale = self._is_stale or watcher.identity != (status.st_dev, status.st_ino)
            except OSError:
                self._is_stale = True
        self._closing[watcher.address] = watcher  # until the next run
        _library.uv_close(watcher.address, self._on_closed)

    def _start_over(self) -> None:
        """Make a new set in the kernel: see _native.c."""
        self._renew()
        self._unchecked.update(self._watchers)

    def _run(self, found: Events) -> None:
        """Let libuv note what there is, without waiting."""
        if self._is_stale:
            self._start_over()
        if self._unchecked:
            self._check(found)
        _run(self._loop, _UV_RUN_NOWAIT)
        fired = self._fired
        if fired:
            by_address = self._by_address
            for address, status in fired.items():
                watcher = by_address.get(address)
                if watcher is None:
                    continue
                if status < 0:
                    self._restart(watcher, found)
                elif watcher.events == READABLE:
                    found.append((watcher.fd, READABLE))
                else:
                    self._report(watcher, found)
            fired.clear()
        while self._closed:
            self._closing.pop(self._closed.pop(), None)

    def _wait_and_run(self, seconds: float | None, found: Events) -> None:
        # Why not UV_RUN_ONCE: see _native.c.
        if seconds == 0 or self._unchecked or self._closing or self._is_stale:
            self._run(found)
            if seconds == 0 or found:
                return
        if self._backend.poll(None if seconds is None else math.ceil(seconds * 1000)):
            self._run(found)
            if not found and self._backend.poll(0):
                self._is_stale = True  # an event for nobody

    def _library_after_fork(self) -> None:
        self._renew()

    def _library_close(self) -> None:
        while _library.uv_loop_close(self._loop) == _UV_EBUSY:
            _run(self._loop, _UV_RUN_NOWAIT)
        self._closing.clear()
        self._closed.clear()
