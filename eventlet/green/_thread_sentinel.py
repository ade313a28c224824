"""What threading.Thread waits for to know that its thread has ended, until Python 3.12."""

from __future__ import annotations

from eventlet.green._thread_locks import LockType


class Sentinel(LockType):
    """Locked by a thread until it ends, and after that free for all: acquiring it leaves it free.

    threading acquires and releases it to wait. An ordinary lock, which is handed from one to the next, would be
    locked again by the second of two who wait when the first one says that the thread has ended.
    """

    def __init__(self) -> None:
        super().__init__()
        self._has_ended = False
        self._was_interrupted = False

    def acquire(self, blocking=True, timeout=-1):
        """Wait for the thread's end, as `LockType.acquire` does. Switches to wait."""
        try:
            acquired = super().acquire(blocking, timeout)
        except BaseException:
            # Next, threading asks `locked()`, and takes a yes for "acquired, but not released yet": it would count
            # a thread that runs as ended because somebody had a timeout.
            self._was_interrupted = True
            raise
        if acquired and self._has_ended:
            self._put_back()
        return acquired

    def release(self):
        """Undo `acquire`. Never switches."""
        if not self._has_ended:
            super().release()

    def locked(self):
        """Whether the thread runs. Never switches."""
        if self._was_interrupted:
            self._was_interrupted = False
            return False
        return not self._has_ended and super().locked()

    def end(self) -> None:
        """Let everybody know that the thread has ended. Never switches."""
        self._has_ended = True
        if super().locked():
            self._put_back()

    def _at_fork_reinit(self) -> None:
        self._has_ended = self._was_interrupted = False
        super()._at_fork_reinit()
