"""_multiprocessing, whose semaphores, shared by processes, let other green threads run while they are waited for."""

from __future__ import annotations

import _multiprocessing  # type: ignore[import-not-found]

from eventlet import _pristine
from eventlet.green._lookalike import look_like
from eventlet.green._thread_ident import get_ident
from eventlet.greenthread import sleep

__patched__ = ["SemLock"]
__getattr__, __dir__ = look_like(globals(), _multiprocessing)

_StandardSemLock = _multiprocessing.SemLock
_clock = _pristine.time.monotonic

#: Nobody tells when another process has released one: look in intervals that double up to the second number.
_FIRST_PAUSE, _LAST_PAUSE = 0.0005, 0.01
_RECURSIVE = 0


class SemLock:
    """As the standard one. A recursive one belongs to a green thread, not to an OS thread.

    It has a standard one rather than being one: until 3.10 is dropped, instances of subclasses of that are
    allocated too small.
    """

    SEM_VALUE_MAX = _StandardSemLock.SEM_VALUE_MAX

    def __init__(self, kind, value, maxvalue, name, unlink):
        self._use(_StandardSemLock(kind, value, maxvalue, name, unlink))

    @classmethod
    def _rebuild(cls, handle, kind, maxvalue, name):
        self = cls.__new__(cls)
        self._use(_StandardSemLock._rebuild(handle, kind, maxvalue, name))
        return self

    def _use(self, semaphore):
        self._semaphore = semaphore
        self._is_recursive = semaphore.kind == _RECURSIVE
        self._owner = None

    def __getattr__(self, name):
        # Its numbers, and what multiprocessing.synchronize asks it.
        return getattr(self.__dict__["_semaphore"], name)

    def acquire(self, block=True, timeout=None):
        """Take it; return whether that was possible within `timeout` seconds (None: no limit). Switches to wait."""
        deadline = None if timeout is None else _clock() + max(timeout, 0)
        pause = _FIRST_PAUSE
        while not self._take():
            if not block:
                return False
            if deadline is not None:
                left = deadline - _clock()
                if left <= 0:
                    return False
                pause = min(pause, left)
            sleep(pause)
            pause = min(2 * pause, _LAST_PAUSE)
        return True

    def _take(self):
        if not self._is_recursive:
            return self._semaphore.acquire(False)
        if self._semaphore._is_mine() and self._owner != get_ident():
            return False  # another green thread of this OS thread has it
        if not self._semaphore.acquire(False):
            return False
        self._owner = get_ident()
        return True

    def release(self):
        """Put it back. Never switches. Raises AssertionError if it is a recursive one and not ours."""
        if self._is_recursive and not self._is_mine():
            raise AssertionError("attempt to release recursive lock not owned by thread")
        self._semaphore.release()

    def _is_mine(self):
        return self._semaphore._is_mine() and (not self._is_recursive or self._owner == get_ident())

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *exc_info):
        self.release()
