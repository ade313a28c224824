"""queue, for green threads."""

from __future__ import annotations

import queue as _twin

from eventlet import queue as _queue
from eventlet.green._lookalike import look_like
from eventlet.hubs._timers import checked_seconds

# The standard Queue, LifoQueue and PriorityQueue are made of threading's locks, and so green when that is patched.
__patched__ = ["SimpleQueue"]
__getattr__, __dir__ = look_like(globals(), _twin)

Empty = _twin.Empty
Full = _twin.Full


_SHUT_DOWN = object()


class _ShutsDown:
    """Mixin: `shutdown`, which the standard queues have since Python 3.13."""

    is_shutdown = False

    def shutdown(self, immediate=False):
        """Let `put` raise ShutDown from now on, and `get` when there are no items left. Never switches.

        With `immediate` the items are dropped, as if they had been dealt with.
        """
        self.is_shutdown = True
        while immediate and self.queue:
            self._get()
            if self.unfinished_tasks:
                self.task_done()
        while self._putters:
            putter = self._putters.popleft()
            putter.item = _SHUT_DOWN
            putter.wake()
        while self._getters and not self.queue:
            getter = self._getters.popleft()
            getter.value = _SHUT_DOWN
            getter.wake()

    def put(self, item, block=True, timeout=None):
        if self.is_shutdown:
            raise _twin.ShutDown
        super().put(item, block, timeout)

    def get(self, block=True, timeout=None):
        if self.is_shutdown and not self.queue:
            raise _twin.ShutDown
        item = super().get(block, timeout)
        if item is _SHUT_DOWN:
            raise _twin.ShutDown
        if self.is_shutdown and not self.queue:
            self.shutdown()  # was the last one: who waits waits in vain
        return item

    def _wait_for_room(self, item, timeout):
        putter = _queue._Putter(item)
        self._putters.append(putter)
        self._fill_room()
        try:
            placed = putter.park(timeout)
        except BaseException:
            self._remove_putter(putter)
            raise
        if putter.item is _SHUT_DOWN:
            raise _twin.ShutDown
        if not placed and self._remove_putter(putter):
            raise _twin.Full


if not hasattr(_twin, "ShutDown"):  # until 3.12 is dropped

    class _ShutsDown:  # type: ignore[no-redef]
        """Mixin: nothing."""


class Queue(_ShutsDown, _queue.Queue):
    """As queue.Queue, on eventlet.queue.Queue. `put` and `get` switch to wait."""

    def __init__(self, maxsize=0):
        super().__init__(_limit(maxsize))


class LifoQueue(_ShutsDown, _queue.LifoQueue):
    """As queue.LifoQueue. `put` and `get` switch to wait."""

    def __init__(self, maxsize=0):
        super().__init__(_limit(maxsize))


class PriorityQueue(_ShutsDown, _queue.PriorityQueue):
    """As queue.PriorityQueue. `put` and `get` switch to wait."""

    def __init__(self, maxsize=0):
        super().__init__(_limit(maxsize))


def _limit(maxsize):
    """Eventlet's name for the standard `maxsize`, of which 0 or less means any number."""
    return maxsize if maxsize is not None and maxsize > 0 else None


class SimpleQueue(_queue.LightQueue):
    """As queue.SimpleQueue. `put` never switches, and may be called from finalisers; `get` switches to wait."""

    def __init__(self):
        super().__init__(None)

    def put(self, item, block=True, timeout=None):
        """Add `item`. Never switches; `block` and `timeout` are there for the other queues' sake."""
        super().put(item)

    def get(self, block=True, timeout=None):
        """Remove and return the next item; wait for one for `timeout` seconds (None: no limit). Switches.

        Raises Empty if there is none by then, or `block` is false; ValueError for a negative timeout.
        """
        if block and timeout is not None and checked_seconds(timeout, "timeout") < 0:
            raise ValueError("'timeout' must be a non-negative number")
        return super().get(block, timeout if block else None)

    def put_nowait(self, item):
        """Add `item`. Never switches."""
        super().put(item)
