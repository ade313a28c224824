"""Handles of joinable threads, which threading uses since Python 3.13."""

from __future__ import annotations

import sys

from eventlet import _pristine
from eventlet.event import Event
from eventlet.green._thread_ident import get_ident
from eventlet.hubs._running_loop import without_running_loop

#: Where a threading.Thread keeps its handle.
HANDLE_ATTRIBUTE = "_os_thread_handle" if sys.version_info >= (3, 14) else "_handle"
#: Identifiers of the green threads that were started and have not ended.
running: set[int] = set()
#: Handles of running threads that the interpreter waits for at its end.
_not_daemons: set[ThreadHandle] = set()


class ThreadHandle:
    """A green thread to be waited for. Invariant: `_ended` is sent exactly when it has ended, or never ran.

    May be used from any OS thread.
    """

    def __init__(self) -> None:
        self.ident = 0
        self._started = False
        self._ended = Event()
        self._process = _pristine.os.getpid()

    @classmethod
    def of_running(cls, ident):
        """Return a handle of a thread that was started elsewhere; whoever knows calls `_set_done` at its end."""
        handle = cls()
        handle._started = True
        handle.ident = ident
        return handle

    def _start(self, start, daemon):
        if self._started:
            raise RuntimeError("thread already started")
        self._started = True
        try:
            self.ident = get_ident(start())
        except BaseException:
            self._started = False
            raise
        if not daemon:
            _not_daemons.add(self)

    def _run(self, function):
        try:
            function()
        finally:
            self._set_done()

    def _set_done(self):
        if not self._started:
            raise RuntimeError("thread not started")
        _not_daemons.discard(self)
        if not self._ended.ready():
            self._ended.send()

    def is_done(self):
        """Whether the thread has ended; all but the forking one have, in a forked child. Never switches."""
        return self._ended.ready() or self._process != _pristine.os.getpid() and self.ident != get_ident()

    def join(self, timeout=None):
        """Wait until the thread has ended, for `timeout` seconds (None or negative: no limit). Switches.

        Raises RuntimeError if it was not started, or is the caller.
        """
        if not self._started:
            raise RuntimeError("thread not started")
        if self.is_done():
            return
        if self.ident == get_ident():
            raise RuntimeError("Cannot join current thread")
        without_running_loop(self._ended.wait, None if timeout is None or timeout < 0 else timeout)

    def __repr__(self):
        return f"<{type(self).__name__} object: ident={self.ident}>"


def join_all():
    """Wait for all threads that are no daemons. Switches."""
    while _not_daemons:
        handle = _not_daemons.pop()
        if handle.ident != get_ident():
            handle.join()
