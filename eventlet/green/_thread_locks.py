"""_thread's locks, for green threads; they work between OS threads too."""

from __future__ import annotations

import sys
from operator import index

from eventlet import _pristine
from eventlet.green._thread_ident import get_ident
from eventlet.hubs._running_loop import without_running_loop
from eventlet.lock import Lock
from eventlet.semaphore import Semaphore

_TIMEOUT_MAX = _pristine.thread.TIMEOUT_MAX


class LockType(Lock):
    """A lock as threading.Lock makes it: any thread may release it; the longest waiter gets it next."""

    # As the standard one is called: names are looked at. Pickled as what makes locks, which it is as well, it has to be
    # found under this name, where nothing is patched, too.
    __module__ = "_thread"
    __qualname__ = "lock" if hasattr(_pristine.thread, "lock") else "allocate_lock"  # until 3.12 is dropped

    def __init__(self) -> None:
        Semaphore.__init__(self, 1)

    def acquire(self, blocking=True, timeout=-1):
        """Lock it; return whether that was possible within `timeout` seconds (-1: no limit). Switches to wait.

        Raises ValueError for a timeout without `blocking`, or a negative one, and OverflowError
        for more than threading.TIMEOUT_MAX.
        """
        returned = self._returned
        if returned and timeout == -1:
            try:
                returned.pop()
                return True
            except IndexError:
                pass  # another OS thread was faster
        timeout = _checked(blocking, timeout)
        if blocking and self.locked():
            return without_running_loop(Semaphore.acquire, self, True, timeout)
        return Semaphore.acquire(self, blocking, timeout)

    def release(self):
        """Unlock it, or hand it to who waits longest. Never switches. Raises RuntimeError if it is not locked."""
        if not self.locked():
            raise RuntimeError("release unlocked lock")
        self._put_back()

    def __enter__(self):
        return self.acquire()

    def __exit__(self, typ, val, tb):
        self.release()

    acquire_lock = acquire
    release_lock = release
    locked_lock = Lock.locked

    def __reduce_ex__(self, protocol):
        raise _cannot_pickle(self)

    def __repr__(self):
        return f"<{'locked' if self.locked() else 'unlocked'} {_name(self)} object at {hex(id(self))}>"


LockType.__name__ = "lock"


class RLock:
    """A lock that its owner may take several times, as threading.RLock makes it.

    Invariant: `_owner` is the identifier of who holds `_block`, if anybody.
    """

    __module__ = "_thread"

    def __init__(self, *args, **kwargs) -> None:
        if (args or kwargs) and sys.version_info >= (3, 15):  # which is when the standard one stopped ignoring them
            raise TypeError("RLock() takes no arguments")
        self._block = LockType()
        self._owner = None
        self._count = 0

    def acquire(self, blocking=True, timeout=-1):
        """Lock it, once more if it is ours; return whether that was possible in time. Switches to wait.

        The arguments and errors are those of `LockType.acquire`.
        """
        me = get_ident()
        if self._owner == me:
            self._count += 1
            return True
        if self._block.acquire(blocking, timeout):
            self._owner = me
            self._count = 1
            return True
        return False

    def release(self):
        """Undo one `acquire`. Never switches. Raises RuntimeError if it is not ours."""
        if self._owner != get_ident():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._owner = None
            self._block.release()

    def __enter__(self):
        return self.acquire()

    def __exit__(self, typ, val, tb):
        self.release()

    def locked(self):
        """Whether somebody holds it. Never switches."""
        return self._block.locked()

    # What threading.Condition uses.

    def _is_owned(self):
        return self._owner == get_ident()

    def _recursion_count(self):
        return self._count if self._owner == get_ident() else 0

    def _release_save(self):
        if not self._count:
            raise RuntimeError("cannot release un-acquired lock")
        state = self._count, self._owner
        self._count = 0
        self._owner = None
        self._block.release()
        return state

    def _acquire_restore(self, state):
        self._block.acquire()
        self._count, self._owner = state

    def _at_fork_reinit(self):
        self._block._at_fork_reinit()
        self._owner = None
        self._count = 0

    def __reduce_ex__(self, protocol):
        raise _cannot_pickle(self)

    def __repr__(self):
        return (
            f"<{'locked' if self.locked() else 'unlocked'} {_name(self)} object "
            f"owner={self._owner or 0} count={self._count} at {hex(id(self))}>"
        )


def _checked(blocking, timeout):
    """Return `timeout` as Semaphore wants it, or raise what the standard locks do."""
    if not isinstance(timeout, float):
        timeout = index(timeout)
    if timeout == -1:
        return None
    if not blocking:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if not timeout >= 0:
        raise ValueError("timeout value must be a non-negative number")
    if timeout > _TIMEOUT_MAX:
        raise OverflowError("timeout value is too large")
    return timeout


def _cannot_pickle(lock):
    return TypeError(f"cannot pickle '{_name(lock)}' object")


def _name(lock):
    return f"{type(lock).__module__}.{type(lock).__name__}"
