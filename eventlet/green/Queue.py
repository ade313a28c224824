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


class Queue(_queue.Queue):
    """As queue.Queue, on eventlet.queue.Queue. `put` and `get` switch to wait."""

    def __init__(self, maxsize=0):
        super().__init__(_limit(maxsize))


class LifoQueue(_queue.LifoQueue):
    """As queue.LifoQueue. `put` and `get` switch to wait."""

    def __init__(self, maxsize=0):
        super().__init__(_limit(maxsize))


class PriorityQueue(_queue.PriorityQueue):
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
