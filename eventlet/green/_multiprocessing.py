"""_multiprocessing, whose semaphores, shared by processes, let other green threads run while they are waited for."""

from __future__ import annotations

import _multiprocessing  # type: ignore[import-not-found]

from eventlet import _pristine
from eventlet.green._lookalike import look_like
from eventlet.green._thread_ident import get_ident
from eventlet.greenthread import sleep

__patched__ = ["SemLock"]
__getattr__, __dir__ = look_like(globals(), _multiprocessing)

_clock = _pristine.time.monotonic

#: Nobody tells when another process has released one: look in intervals that double up to the second number.
_FIRST_PAUSE, _LAST_PAUSE = 0.0005, 0.01
_RECURSIVE = 0


class SemLock(_multiprocessing.SemLock):
    """As the standard one. A recursive one belongs to a green thread, not to an OS thread."""

    _green_owner = None

    def acquire(self, block=True, timeout=None):
        """Take it; return whether that was possible within `timeout` seconds (None: no limit). Switches to wait."""
        take = super().acquire
        is_recursive = self.kind == _RECURSIVE
        deadline = None if timeout is None else _clock() + max(timeout, 0)
        pause = _FIRST_PAUSE
        while True:
            if (not is_recursive or self._may_be_taken()) and take(False):
                if is_recursive:
                    self._green_owner = get_ident()
                return True
            if not block:
                return False
            if deadline is not None:
                left = deadline - _clock()
                if left <= 0:
                    return False
                pause = min(pause, left)
            sleep(pause)
            pause = min(2 * pause, _LAST_PAUSE)

    def _may_be_taken(self):
        return not super()._is_mine() or self._green_owner == get_ident()

    def release(self):
        """Put it back. Never switches. Raises AssertionError if it is a recursive one and not ours."""
        if self.kind == _RECURSIVE and not self._may_be_taken():
            raise AssertionError("attempt to release recursive lock not owned by thread")
        super().release()

    def _is_mine(self):
        return super()._is_mine() and (self.kind != _RECURSIVE or self._green_owner == get_ident())

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *exc_info):
        self.release()
