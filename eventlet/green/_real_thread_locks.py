"""`threading` for a library that has OS threads of its own, which green threads wait for.

Threads and locks are the real ones: such locks are held for a moment, by threads that must not stop. Conditions and
events are real ones too, with a `wait` that lets others run where there are other green threads.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from greenlet import getcurrent

from eventlet import _pristine
from eventlet.hubs._current import get_hub, has_hub
from eventlet.hubs._waiting import Waiter

_threading: Any = _pristine.original("threading")


def may_park() -> bool:
    """Whether the caller is a green thread, or may wait like one: not in the hub, nor in a thread without one."""
    return has_hub() and getcurrent() is not get_hub().greenlet


class _Waiter(Waiter):
    """What a condition keeps for each waiter is a lock, which `notify` releases."""

    release = Waiter.wake


class Condition(_threading.Condition):
    """As threading.Condition; `wait` switches in a green thread. For all OS threads."""

    def wait(self, timeout=None):
        """Wait until notified; return False if that takes longer than `timeout` seconds. Switches."""
        if not may_park():
            return super().wait(timeout)
        if not self._is_owned():
            raise RuntimeError("cannot wait on un-acquired lock")
        waiter = _Waiter()
        self._waiters.append(waiter)
        saved = self._release_save()
        try:
            return waiter.park(timeout)
        finally:
            self._acquire_restore(saved)
            if not waiter.woken:
                self._waiters.remove(waiter)


class Event(_threading.Event):
    """As threading.Event; `wait` switches in a green thread. For all OS threads."""

    def __init__(self):
        super().__init__()
        self._cond = Condition(_threading.Lock())


threading: Any = ModuleType("threading", _threading.__doc__)
threading.__dict__.update(_threading.__dict__)
threading.Condition, threading.Event = Condition, Event
