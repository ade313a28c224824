"""Provider of the hub libev: the module pyev, where it is installed. See _loop.py.

pyev is on no index in a form that can be installed, so this has been run with the module mood.event under pyev's name,
which has the same interface. Both let go of the GIL only while libev sleeps in the kernel, as our own providers do.
"""

from __future__ import annotations

import errno

import pyev  # type: ignore[import-not-found, unused-ignore]

from eventlet._pristine import os
from eventlet.hubs._ctypes_poller import CtypesPoller, HandleWatcher, Watcher
from eventlet.hubs._readiness import READABLE, WRITABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlet.hubs.hub import Events

_SELECT, _POLL, _LINUXAIO, _IOURING = 0x01, 0x02, 0x40, 0x80

version = "{}.{}".format(*pyev.abi_version())


class Poller(CtypesPoller):
    """A poller on a pyev.Loop of its own."""

    def _open(self, flags: int) -> None:
        if flags == 0:
            flags = pyev.recommended_backends() & ~(_LINUXAIO | _IOURING)
        elif not flags & pyev.supported_backends():
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
        # Not pyev.default_loop(): that one takes SIGCHLD.
        self._loop = pyev.Loop(flags | pyev.EVFLAG_NOENV)
        self._loop.ref()  # a loop without watchers would not wait
        self._checks_all = bool(self._loop.backend & (_SELECT | _POLL))
        #: Each watcher that the run has called for, and what with. This method is a callback of two arguments that runs
        #: no bytecode, in which a signal handler could run and what it raises be lost.
        self._fired: dict[Any, int] = {}
        self._on_io = self._fired.setdefault
        self._timer = self._loop.timer(0.0, 0.0, self._on_io)

    def backend(self) -> int:
        return self._loop.backend  # type: ignore[no-any-return]

    def _make(self, fd: int) -> Watcher:
        return HandleWatcher(fd, self._loop.io(fd, pyev.EV_READ, self._on_io))

    def _start(self, watcher: Watcher) -> None:
        events = (pyev.EV_READ if watcher.events & READABLE else 0) | (
            pyev.EV_WRITE if watcher.events & WRITABLE else 0
        )
        watcher.memory.stop()  # or it cannot be set
        watcher.memory.set(watcher.fd, events)
        watcher.memory.start()

    def _stop(self, watcher: Watcher) -> None:
        watcher.memory.stop()

    def _wait_and_run(self, seconds: float | None, found: Events) -> None:
        if self._checks_all:
            self._unchecked.update(self._watchers)  # an fd that was closed later makes these backends abort, too
        if self._unchecked:
            self._check(found)
        if seconds == 0 or found:
            self._loop.start(pyev.EVRUN_NOWAIT)
        elif seconds is None:
            self._loop.start(pyev.EVRUN_ONCE)
        else:
            self._loop.update()  # or the time since the last run would count as waited
            self._timer.stop()  # what a signal handler raises may come between any two of these lines
            self._timer.set(seconds, 0.0)
            self._timer.start()
            self._loop.start(pyev.EVRUN_ONCE)
            self._timer.stop()
        fired = self._fired
        if fired:
            for handle, events in fired.items():
                watcher = self._by_address.get(id(handle))
                if watcher is None or watcher.memory is not handle:
                    continue
                if not handle.active:
                    self._restart(watcher, found)
                    continue
                ready = READABLE if events & pyev.EV_READ else 0
                if events & pyev.EV_WRITE:
                    ready |= WRITABLE
                found.append((watcher.fd, ready))
            fired.clear()

    def _library_after_fork(self) -> None:
        self._loop.reset()

    def _library_close(self) -> None:
        self._timer.stop()
        self._fired.clear()
        # The loop ends when the last watcher lets go of it.
        del self._loop, self._timer, self._on_io
