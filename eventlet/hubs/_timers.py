"""The hub's timers: a heap of entries, and what it costs to hardly ever use it.

An entry is a list `[deadline, sequence, call]`, so that the heap compares two
floats in C. Most timers (timeouts, mainly) are cancelled in the very turn that
made them; so new entries wait in a plain list and reach the heap only when the
hub next looks at the time. Cancelling just clears `call`; whenever the heap has grown to
twice its size the cancelled ones are dropped together.
"""

from __future__ import annotations

import itertools
import math
from heapq import heapify, heappop, heappush

from eventlet import _pristine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Clock = Callable[[], float]
    Call = Callable[[], object]
    Entry = list[Any]  # [deadline, sequence, call or None]: see above


#: Cancelled timers are looked for when there are more than this, and twice as many as
#: were left the last time.
PURGE_ABOVE = 1024
#: How many new timers may gather before they are sorted in, hub or no hub.
MANY_NEW = 1000


class TimerQueue:
    """Calls to be made later, in the order of their deadlines; equal deadlines in the order made.

    Deadlines are seconds on `clock`. `call_at`, `call_later` and `cancel` may be
    used from any thread, the rest only from the hub's own.
    """

    # What is read at every switch; a subclass may have more attributes.
    __slots__ = (
        "__dict__", "__weakref__", "_batch", "_extra", "_new_timers", "_polling", "_ready", "_sequence", "_switch",
        "clock", "greenlet",
    )  # fmt: skip

    _switch: Callable[..., Any]
    greenlet: Any

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._heap: list[Entry] = []
        self._new_timers: list[Entry] = []
        self._sequence = itertools.count()
        self._purge_above = PURGE_ABOVE
        self._polling = False
        self._thread_id = _pristine.thread.get_ident()

    def call_at(self, deadline: float, call: Call) -> Entry:
        """Run `call` in the hub at `deadline`; return the entry for `cancel`. Never switches."""
        entry = [deadline, next(self._sequence), call]
        self._new_timers.append(entry)
        if self._polling:
            self.wakeup()
        return entry

    def call_later(self, seconds: float, call: Call) -> Entry:
        """Run `call` in the hub after `seconds`; return the entry for `cancel`. Never switches.

        Raises TypeError if `seconds` is no number, ValueError if it is NaN.
        """
        try:
            deadline = self.clock() + seconds
        except TypeError:
            raise TypeError(f"seconds must be a number, not {type(seconds).__name__}") from None
        if deadline != deadline:
            raise ValueError("seconds must not be NaN")
        entry = [deadline, next(self._sequence), call]  # as in `call_at`, without its cost
        new = self._new_timers
        new.append(entry)
        if self._polling:
            self.wakeup()
        elif len(new) > MANY_NEW:
            self._absorb_many()
        return entry

    def cancel(self, entry: Entry) -> None:
        """Make sure that `entry` does not fire any more. Never switches, never fails."""
        entry[2] = None

    def wakeup(self) -> None:
        raise NotImplementedError

    def _absorb_new(self) -> None:
        heap, new = self._heap, self._new_timers
        while new:
            # One atomic pop at a time: another thread may be appending.
            entry = new.pop()
            if entry[2] is not None:
                heappush(heap, entry)
        if len(heap) > self._purge_above:
            heap[:] = [entry for entry in heap if entry[2] is not None]
            heapify(heap)
            self._purge_above = max(PURGE_ABOVE, 2 * len(heap))

    def _absorb_many(self) -> None:
        """A green thread makes timers without end and never lets the hub turn."""
        if _pristine.thread.get_ident() == self._thread_id:
            self._absorb_new()

    def next_deadline(self) -> float | None:
        """Return when the next timer is due on `clock`, or None if there is none. Never switches."""
        if self._new_timers:
            self._absorb_new()
        heap = self._heap
        while heap:
            deadline: float = heap[0][0]
            if heap[0][2] is not None:
                return deadline
            heappop(heap)
        return None

    def get_timers_count(hub) -> int:  # upstream's name for self
        """Return how many timers are waiting to fire. Never switches."""
        hub._absorb_new()
        return sum(1 for entry in hub._heap if entry[2] is not None)


def fired(entry: Entry) -> bool:
    """Whether the timer has fired, or was cancelled."""
    return entry[2] is None


def checked_seconds(seconds: Any, what: str = "seconds") -> float:
    """Return `seconds` as a number usable for a deadline, or raise TypeError or ValueError.

    Infinity is allowed (such a timer never fires); NaN is not.
    """
    try:
        finite = not math.isnan(seconds)
    except TypeError:
        raise TypeError(f"{what} must be a number, not {type(seconds).__name__}") from None
    if not finite:
        raise ValueError(f"{what} must not be NaN")
    return seconds  # type: ignore[no-any-return]
