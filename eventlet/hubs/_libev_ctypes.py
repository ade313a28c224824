"""Provider of the hub libev: the system's library through ctypes, for where nothing is compiled. See _loop.py.

The structures are those of ev.h as every distribution builds it: with priorities, several loops, and no EV_COMMON.
"""

from __future__ import annotations

import ctypes
import errno
from ctypes import c_double, c_int, c_uint, c_void_p, cast

from eventlet._pristine import os
from eventlet.hubs._ctypes_poller import CtypesPoller, Watcher, load
from eventlet.hubs._readiness import READABLE, WRITABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from eventlet.hubs.hub import Events

_library = load(
    "ev", ("libev.so.4", "libev.4.dylib", "/opt/homebrew/lib/libev.4.dylib"), "eventlet.hubs._libev_c", "ev_loop_new"
)

_EV_READ, _EV_WRITE, _EV_IOFDSET = 1, 2, 0x80
_EVRUN_NOWAIT, _EVRUN_ONCE = 1, 2
_EVFLAG_NOENV = 0x01000000
_SELECT, _POLL, _LINUXAIO, _IOURING = 0x01, 0x02, 0x40, 0x80

# Callbacks are declared with the arguments that are wanted: C's callers do not mind.
_Callback = ctypes.PYFUNCTYPE(None, c_void_p, c_void_p)


class _Io(ctypes.Structure):
    _fields_ = [
        ("active", c_int),
        ("pending", c_int),
        ("priority", c_int),
        ("data", c_void_p),
        ("callback", _Callback),
        ("next", c_void_p),
        ("fd", c_int),
        ("events", c_int),
    ]


class _Timer(ctypes.Structure):
    _fields_ = [
        ("active", c_int),
        ("pending", c_int),
        ("priority", c_int),
        ("data", c_void_p),
        ("callback", c_void_p),
        ("at", c_double),
        ("repeat", c_double),
    ]


for _name, _result, *_arguments in (
    ("ev_version_major", c_int),
    ("ev_version_minor", c_int),
    ("ev_recommended_backends", c_uint),
    ("ev_supported_backends", c_uint),
    ("ev_loop_new", c_void_p, c_uint),
    ("ev_loop_destroy", None, c_void_p),
    ("ev_loop_fork", None, c_void_p),
    ("ev_backend", c_uint, c_void_p),
    ("ev_ref", None, c_void_p),
    ("ev_now_update", None, c_void_p),
    ("ev_run", c_int, c_void_p, c_int),
    ("ev_set_loop_release_cb", None, c_void_p, c_void_p, c_void_p),
    ("ev_io_start", None, c_void_p, c_void_p),
    ("ev_io_stop", None, c_void_p, c_void_p),
    ("ev_timer_start", None, c_void_p, c_void_p),
    ("ev_timer_stop", None, c_void_p, c_void_p),
):
    _function = getattr(_library, _name)
    _function.restype, _function.argtypes = _result, _arguments

_run = _library.ev_run
version = f"{_library.ev_version_major()}.{_library.ev_version_minor()}"

# libev calls the first of these before it sleeps in the kernel, and the second after. They are given the loop, which
# they do not look at.
_release_gil = cast(ctypes.pythonapi.PyEval_SaveThread, c_void_p)
_acquire_gil = cast(ctypes.pythonapi.PyGILState_Ensure, c_void_p)
# PyGILState_Ensure counts; this undoes it, as the GIL was held before (PyGILState_LOCKED is 0).
_balance = ctypes.pythonapi.PyGILState_Release
_balance.restype, _balance.argtypes = None, (c_int,)


class Poller(CtypesPoller):
    """A poller on a libev loop of its own."""

    def _open(self, flags: int) -> None:
        if flags == 0:
            flags = _library.ev_recommended_backends() & ~(_LINUXAIO | _IOURING)
        elif flags & (_LINUXAIO | _IOURING):
            raise OSError(errno.ENOTSUP, "the provider ctypes cannot drive this backend; the provider c can")
        elif not flags & _library.ev_supported_backends():
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
        # Not the default loop: that one takes SIGCHLD.
        self._loop = _library.ev_loop_new(flags | _EVFLAG_NOENV)
        if not self._loop:
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
        self._checks_all = bool(_library.ev_backend(self._loop) & (_SELECT | _POLL))
        _library.ev_set_loop_release_cb(self._loop, _release_gil, _acquire_gil)
        _library.ev_ref(self._loop)  # a loop without watchers would not wait
        #: Address of each watcher that the run has called for.
        self._fired: list[int] = []
        # list.insert(address of the loop, address of the watcher): past its end, which means append.
        self._on_io = _Callback(self._fired.insert)
        # A function that does nothing is wanted for the timer.
        self._timer = _Timer(callback=cast(_library.ev_version_major, c_void_p).value)
        self._timer_address = ctypes.addressof(self._timer)

    def backend(self) -> int:
        number: int = _library.ev_backend(self._loop)
        return number

    def _make(self, fd: int) -> Watcher:
        return Watcher(fd, _Io(callback=self._on_io))

    def _start(self, watcher: Watcher) -> None:
        memory = watcher.memory
        if memory.active:
            _library.ev_io_stop(self._loop, watcher.address)
        memory.fd = watcher.fd
        events = (_EV_READ if watcher.events & READABLE else 0) | (_EV_WRITE if watcher.events & WRITABLE else 0)
        memory.events = events | _EV_IOFDSET
        _library.ev_io_start(self._loop, watcher.address)

    def _stop(self, watcher: Watcher) -> None:
        _library.ev_io_stop(self._loop, watcher.address)

    def _wait_and_run(self, seconds: float | None, found: Events) -> None:
        if self._checks_all:
            self._unchecked.update(self._watchers)  # an fd that was closed later makes these backends abort, too
        if self._unchecked:
            self._check(found)
        if seconds == 0 or found:
            _run(self._loop, _EVRUN_NOWAIT)
        elif seconds is None:
            _run(self._loop, _EVRUN_ONCE)
        else:
            _library.ev_now_update(self._loop)  # or the time since the last run would count as waited
            self._timer.at = seconds
            _library.ev_timer_start(self._loop, self._timer_address)
            _run(self._loop, _EVRUN_ONCE)
            _library.ev_timer_stop(self._loop, self._timer_address)
        _balance(0)
        fired = self._fired
        if fired:
            by_address = self._by_address
            for address in fired:
                watcher = by_address.get(address)
                if watcher is None:
                    continue
                if not watcher.memory.active:
                    self._restart(watcher, found)
                elif watcher.events == READABLE:
                    found.append((watcher.fd, READABLE))
                else:
                    self._report(watcher, found)
            fired.clear()

    def _library_after_fork(self) -> None:
        _library.ev_loop_fork(self._loop)

    def _library_close(self) -> None:
        _library.ev_loop_destroy(self._loop)
