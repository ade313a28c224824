"""Provider of the hub libuv: the module pyuv, where it is installed. See _loop.py.

pyuv brings a libuv of its own. It is used as _libuv_ctypes.py uses the system's: the loop sleeps in a poll of its fd,
and then runs without waiting, so that signals are Python's business. pyuv lets go of the GIL for a run: a lock keeps
other threads from starting and stopping watchers meanwhile.
"""

from __future__ import annotations

import math
from _queue import SimpleQueue
from _thread import RLock

import pyuv  # type: ignore[import-not-found, import-untyped, unused-ignore]

from eventlet._pristine import os, select
from eventlet.hubs._ctypes_poller import CtypesPoller, HandleWatcher, Watcher
from eventlet.hubs._readiness import BROKEN, READABLE, WRITABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlet.hubs.hub import Events

version: str = pyuv.LIBUV_VERSION


class Poller(CtypesPoller):
    """A poller on a pyuv.Loop of its own."""

    def _open(self, flags: int) -> None:
        # It may be taken twice: a signal handler may watch, too.
        self._lock = RLock()
        self._loop = pyuv.Loop()
        # Its `put` is a callback of three arguments that runs no bytecode, in which a signal handler could run and
        # what it raises be lost: it keeps the first, the handle. The others, events and error, are found out later.
        self._fired: SimpleQueue[Any] = SimpleQueue()
        self._on_io = self._fired.put
        self._is_closing = False
        #: Whether the kernel's set may hold a file that has lost its number.
        self._is_stale = False
        self._renewals = 0
        self._poll_backend()

    def fileno(self) -> int:
        number: int = self._loop.fileno()
        return number

    def renewals(self) -> int:
        return self._renewals

    def has_changes(self) -> bool:
        return bool(self._unchecked)

    def watch(self, fd: int, events: int) -> None:
        with self._lock:
            super().watch(fd, events)

    def _poll_backend(self) -> None:
        self._backend = select.poll()
        self._backend.register(self._loop.fileno(), READABLE)

    def _make(self, fd: int) -> Watcher:
        return HandleWatcher(fd, self._make_handle(fd))

    def _make_handle(self, fd: int) -> Any:
        blocking = os.get_blocking(fd)  # libuv changes that, which is not its business: others may share the file
        try:
            handle = pyuv.Poll(self._loop, fd)
        except pyuv.error.UVError as error:
            raise _as_os_error(error) from None
        if blocking:
            os.set_blocking(fd, True)
        return handle

    def _start(self, watcher: Watcher) -> None:
        events = (pyuv.UV_READABLE if watcher.events & READABLE else 0) | (
            pyuv.UV_WRITABLE if watcher.events & WRITABLE else 0
        )
        try:
            watcher.memory.start(events, self._on_io)
        except pyuv.error.UVError as error:
            raise _as_os_error(error) from None

    def _stop(self, watcher: Watcher) -> None:
        if watcher.identity is not None:
            try:
                status = os.fstat(watcher.fd)
                self._is_stale = self._is_stale or watcher.identity != (status.st_dev, status.st_ino)
            except OSError:
                self._is_stale = True
        self._is_closing = True  # until the next run
        watcher.memory.close()

    def _replace_set(self) -> None:
        """Give the loop an empty set in the kernel, in place of the one that it had.

        pyuv has no uv_loop_fork. The handles that the loop has now believe to be in the set: close them afterwards,
        which then reaches neither the parent's set nor the old one. libuv itself keeps nothing else there but the fd by
        which its own threads report, of which we have none; and it was written to find what it wants to take out of a
        set not there. (A kqueue is not inherited: then this puts one where the loop expects it.)
        """
        fresh: Any = select.epoll() if hasattr(select, "epoll") else select.kqueue()
        os.dup2(fresh.fileno(), self._loop.fileno(), inheritable=False)
        fresh.close()
        self._is_stale = False
        self._renewals += 1
        self._poll_backend()

    def _start_over(self, found: Events) -> None:
        self._replace_set()
        for watcher in list(self._watchers.values()):
            watcher.memory.close()
            self._by_address.pop(watcher.address, None)
            try:
                watcher.take(self._make_handle(watcher.fd))  # type: ignore[attr-defined]
            except OSError:
                self._is_closing = True
                del self._watchers[watcher.fd]
                self._unchecked.discard(watcher.fd)
                found.append((watcher.fd, BROKEN))
                continue
            self._by_address[watcher.address] = watcher
            self._start(watcher)
            self._unchecked.add(watcher.fd)

    def _run(self, found: Events) -> None:
        """Let libuv note what there is, without waiting."""
        if self._is_stale:
            self._start_over(found)
        if self._unchecked:
            self._check(found)
        with self._lock:
            self._is_closing = False
            self._loop.run(pyuv.UV_RUN_NOWAIT)
        fired = self._fired
        while not fired.empty():
            handle = fired.get_nowait()
            watcher = self._by_address.get(id(handle))
            if watcher is None or watcher.memory is not handle:
                continue
            if not handle.active:
                self._restart(watcher, found)
            elif watcher.events == READABLE:
                found.append((watcher.fd, READABLE))
            else:
                self._report(watcher, found)

    def _wait_and_run(self, seconds: float | None, found: Events) -> None:
        if seconds == 0 or self._unchecked or self._is_closing or self._is_stale:
            self._run(found)
            if seconds == 0 or found:
                return
        if self._backend.poll(None if seconds is None else math.ceil(seconds * 1000)):
            self._run(found)
            if not found and self._backend.poll(0):
                self._is_stale = True  # an event for nobody

    def _library_after_fork(self) -> None:
        self._lock = RLock()  # another thread of the parent may have had the old one
        self._replace_set()

    def _library_close(self) -> None:
        self._loop.run(pyuv.UV_RUN_NOWAIT)  # ends the handles, so that the loop can go
        del self._loop, self._on_io


def _as_os_error(error: Exception) -> OSError:
    number = -error.args[0]
    return OSError(number, os.strerror(number))
