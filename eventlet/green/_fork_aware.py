"""multiprocessing.util, whose types that are aware of forks are for green threads."""

from __future__ import annotations

import multiprocessing.util as _standard

from eventlet.corolocal import local
from eventlet.green._lookalike import look_like
from eventlet.green.thread import allocate_lock

# Managers have a connection for each thread. The standard class is a subclass of what was threading.local then.
__patched__ = ["ForkAwareLocal"]
__getattr__, __dir__ = look_like(globals(), _standard)


class ForkAwareLocal(local):
    """A green thread's own attributes, of which children have none."""

    def __init__(self):
        _standard.register_after_fork(self, lambda own: own.__dict__.clear())

    def __reduce__(self):
        return type(self), ()


class ForkAwareThreadLock:
    """A lock that is free in children. Taking it switches to wait."""

    def __init__(self):
        self._lock = allocate_lock()
        self.acquire = self._lock.acquire
        self.release = self._lock.release
        _standard.register_after_fork(self, ForkAwareThreadLock._at_fork_reinit)

    def _at_fork_reinit(self):
        self._lock._at_fork_reinit()

    def __enter__(self):
        return self._lock.__enter__()

    def __exit__(self, *exc_info):
        self._lock.release()
