"""What the ctypes providers of libuv and libev have in common: the table of fds, as in _native.c.

The libraries are called with the GIL held (PyDLL), as by any C extension. Their callbacks are methods of built-in
containers, which run no bytecode: a signal handler can therefore not run there, where what it raises
(KeyboardInterrupt) would be lost. They note down which watcher has fired; for what is found out afterwards.
"""

from __future__ import annotations

import ctypes
import importlib.util
from ctypes.util import find_library

from eventlet._pristine import os, select
from eventlet.hubs._readiness import BROKEN, READABLE, WRITABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from eventlet.hubs.hub import Events

BOTH = READABLE | WRITABLE


def load(short_name: str, file_names: Sequence[str], extension: str, needed: str) -> ctypes.PyDLL:
    """Return the library; raise ImportError if the system does not have it, nor our C module a copy of its own."""
    for name in [*file_names, *_beside(extension), find_library(short_name)]:
        try:
            library = ctypes.PyDLL(name) if name else None
            getattr(library, needed)
        except (OSError, AttributeError):
            continue
        return library  # type: ignore[return-value]
    raise ImportError(f"the system has no library {file_names[0]}")


def _beside(extension: str) -> list[str]:
    """The path of our C module, which in a wheel brings the library with it."""
    spec = importlib.util.find_spec(extension)
    return [spec.origin] if spec is not None and spec.origin else []


class Watcher:
    """One fd's watcher: the library's structure, and what we know of it."""

    __slots__ = ("fd", "events", "identity", "memory", "address")

    def __init__(self, fd: int, memory: Any) -> None:
        self.fd = fd
        self.events = 0
        #: Of the file that a run has put into the kernel's set.
        self.identity: tuple[int, int] | None = None
        self.memory = memory
        self.address = ctypes.addressof(memory)


class HandleWatcher(Watcher):
    """One fd's watcher where the library's is a Python object: that is its `memory`, and its address that one's id."""

    __slots__ = ()

    def __init__(self, fd: int, handle: Any) -> None:
        self.fd = fd
        self.events = 0
        self.identity = None
        self.take(handle)

    def take(self, handle: Any) -> None:
        self.memory = handle
        self.address = id(handle)


class CtypesPoller:
    """A poller: see _loop.py. The libraries' classes say how to start, stop and run."""

    def __init__(self, flags: int = 0) -> None:
        self._watchers: dict[int, Watcher] = {}  # by fd
        self._by_address: dict[int, Watcher] = {}
        #: fds that were started since the last run: both libraries abort if one of them is closed by then.
        self._unchecked: set[int] = set()
        self._is_open = False
        self._is_polling = False
        self._close_wanted = False
        self._pid = os.getpid()
        self._open(flags)
        self._is_open = True

    # What a library's class adds.

    def _open(self, flags: int) -> None:
        raise NotImplementedError

    def _make(self, fd: int) -> Watcher:
        raise NotImplementedError

    def _start(self, watcher: Watcher) -> None:
        raise NotImplementedError

    def _stop(self, watcher: Watcher) -> None:
        raise NotImplementedError

    def _wait_and_run(self, seconds: float | None, found: Events) -> None:
        raise NotImplementedError

    def _library_after_fork(self) -> None:
        raise NotImplementedError

    def _library_close(self) -> None:
        raise NotImplementedError

    # The provider's interface.

    def watch(self, fd: int, events: int) -> None:
        events &= BOTH
        watcher = self._watchers.get(fd)
        if not events:
            if watcher is not None:
                self._forget(watcher)
            return
        if watcher is None:
            os.fstat(fd)
            watcher = self._make(fd)
            self._watchers[fd] = self._by_address[watcher.address] = watcher
        elif watcher.events == events:
            return
        watcher.events = events
        try:
            self._start(watcher)
        except OSError:
            self._forget(watcher)
            raise
        self._unchecked.add(fd)

    def poll(self, seconds: float | None) -> Events:
        if self._is_polling:
            raise RuntimeError("the poller is polling already")
        if not self._is_open:
            raise ValueError("the poller is closed")
        found: Events = []
        # Twice, for what a signal handler raises may come between any two steps, the first in a `finally` too.
        try:
            try:
                self._is_polling = True
                self._wait_and_run(seconds, found)
            finally:
                self._is_polling = False
        finally:
            self._is_polling = False
            if self._close_wanted:
                self._close()
        return found

    def after_fork(self) -> None:
        self._is_polling = False
        self._library_after_fork()  # first, so that what follows does not reach the parent's set
        self._pid = os.getpid()
        self._forget_all()

    def close(self) -> None:
        if self._is_polling and self._pid == os.getpid():
            self._close_wanted = True  # another thread closes us: at the end of the poll
        else:
            self._close()

    def _close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        if self._pid != os.getpid():
            self._library_after_fork()
        self._forget_all()
        self._library_close()

    def __del__(self) -> None:
        if getattr(self, "_is_open", False) and os is not None:
            self._close()

    def backend(self) -> int:
        return 0

    # The table.

    def _forget(self, watcher: Watcher) -> None:
        if self._watchers.pop(watcher.fd, None) is watcher:
            self._by_address.pop(watcher.address, None)
            self._unchecked.discard(watcher.fd)
            self._stop(watcher)

    def _forget_all(self) -> None:
        for watcher in list(self._watchers.values()):
            self._forget(watcher)

    def _check(self, found: Events) -> None:
        """Look at what was started since the last run: forget what is closed by now, and report it."""
        for fd in list(self._unchecked):
            self._unchecked.discard(fd)
            watcher = self._watchers.get(fd)
            if watcher is None:
                continue
            try:
                status = os.fstat(fd)
                watcher.identity = (status.st_dev, status.st_ino)
            except OSError:
                self._forget(watcher)
                found.append((fd, BROKEN))

    def _restart(self, watcher: Watcher, found: Events) -> None:
        """The library has stopped `watcher` because of an error: whoever waits shall find it out."""
        found.append((watcher.fd, BROKEN))
        try:
            os.fstat(watcher.fd)
            self._start(watcher)
            self._unchecked.add(watcher.fd)
        except OSError:
            self._forget(watcher)

    def _report(self, watcher: Watcher, found: Events) -> None:
        """`watcher` has fired: append what for."""
        events = watcher.events
        if events == BOTH:
            # The callbacks cannot tell which; see above.
            poller = select.poll()
            poller.register(watcher.fd, BOTH)
            found.extend(poller.poll(0))
        else:
            found.append((watcher.fd, events))
