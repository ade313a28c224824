"""The hub's timers: a heap of deadlines, and what it costs to hardly ever use it.

A timer is an entry, a list `[deadline, call]`. The heap has just the deadlines, as comparing
plain floats is several times as fast as anything else (measured with 2,000 timers: 0.35 µs
to take one out and put one in, 0.7 µs with lists or tuples); a dictionary has the entries.

Most timers (timeouts, mainly) are cancelled in the very turn that
made them; so new entries wait in a plain list and reach the heap only when the
hub next looks at the time. Cancelling just clears `call`; whenever there are twice as many
entries as there were, the cancelled ones are dropped together.
"""

from __future__ import annotations

import math
from heapq import heappop, heappush

from eventlet import _pristine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Union

    from greenlet import greenlet

    Clock = Callable[[], float]
    Call = Union[Callable[[], object], greenlet]
    Entry = list[Any]  # [deadline, call or None]: see above


#: Cancelled timers are looked for when there are more than this, and twice as many as
#: were left the last time.
PURGE_ABOVE = 1024
#: How many new timers may gather before they are sorted in, hub or no hub.
MANY_NEW = 1000


class Simultaneous(list):  # type: ignore[type-arg]
    """Entries that have the same deadline, in the order made."""

    __slots__ = ()


class TimerQueue:
    """Calls to be made later, in the order of their deadlines; equal deadlines in the order made.

    Deadlines are seconds on `clock`. `call_at`, `call_later` and `cancel` may be
    used from any thread, the rest only from the hub's own. Instead of a call there may be a
    greenlet: it is made ready to run.
    """

    # What is read at every switch; a subclass may have more attributes.
    __slots__ = (
        "__dict__", "__weakref__", "_entered", "_finished", "_left", "_new_timers", "_polling", "_ready", "_switch",
        "clock", "entered_references", "greenlet", "idle_carriers",
    )  # fmt: skip

    _switch: Callable[..., Any]
    greenlet: Any

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._heap: list[float] = []
        self._timer_entries: dict[float, Entry] = {}
        #: How many entries those are, cancelled ones included.
        self._timer_count = 0
        self._new_timers: list[Entry] = []
        self._purge_above = PURGE_ABOVE
        self._polling = False
        self._thread_id = _pristine.thread.get_ident()

    def call_at(self, deadline: float, call: Call) -> Entry:
        """Run `call` in the hub at `deadline`; return the entry for `cancel`. Never switches."""
        entry = [deadline, call]
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
        entry = [deadline, call]  # as in `call_at`, without its cost
        new = self._new_timers
        new.append(entry)
        if self._polling:
            self.wakeup()
        elif len(new) > MANY_NEW:
            self._absorb_many()
        return entry

    def cancel(self, entry: Entry) -> None:
        """Make sure that `entry` does not fire any more. Never switches, never fails."""
        entry[1] = None

    def wakeup(self) -> None:
        raise NotImplementedError

    def _absorb_new(self) -> None:
        new = self._new_timers
        # Another thread may be appending: what is in front stays there.
        count = len(new)
        for entry in new[:count]:
            if entry[1] is not None:
                self._enter_timer(entry)
        del new[:count]
        if self._timer_count > self._purge_above:
            self._purge_timers()

    def _enter_timer(self, entry: Entry) -> None:
        deadline = entry[0]
        self._timer_count += 1
        other = self._timer_entries.setdefault(deadline, entry)
        if other is entry:
            heappush(self._heap, deadline)
        elif type(other) is Simultaneous:
            other.append(entry)
        else:
            self._timer_entries[deadline] = Simultaneous((other, entry))

    def _purge_timers(self) -> None:
        left = self._pending_entries()
        self._timer_entries.clear()
        self._heap.clear()
        self._timer_count = 0
        for entry in left:
            self._enter_timer(entry)
        self._purge_above = max(PURGE_ABOVE, 2 * self._timer_count)

    def pending_timers(self) -> list[Entry]:
        """Return the entries that are going to fire, in order. Never switches."""
        if self._new_timers:
            self._absorb_new()
        return self._pending_entries()

    def _pending_entries(self) -> list[Entry]:
        found = []
        for _, entry in sorted(self._timer_entries.items()):
            for each in entry if type(entry) is Simultaneous else (entry,):
                if each[1] is not None:
                    found.append(each)
        return found

    def take_due(self, when: float) -> list[Entry]:
        """Take the entries that are due at `when` out of the queue; return them, in order. Never switches."""
        if self._new_timers:
            self._absorb_new()
        heap, entries = self._heap, self._timer_entries
        due: list[Entry] = []
        while heap and heap[0] <= when:
            entry = entries.pop(heappop(heap))
            if type(entry) is Simultaneous:
                due += entry
            else:
                due.append(entry)
        self._timer_count -= len(due)
        return due

    def forget_timers(self) -> None:
        """Drop all of them. Never switches."""
        self._heap.clear()
        self._timer_entries.clear()
        self._new_timers.clear()
        self._timer_count = 0

    def _absorb_many(self) -> None:
        """A green thread makes timers without end and never lets the hub turn."""
        if _pristine.thread.get_ident() == self._thread_id:
            self._absorb_new()

    def next_deadline(self) -> float | None:
        """Return when the next timer is due on `clock`, or None if there is none. Never switches."""
        if self._new_timers:
            self._absorb_new()
        heap, entries = self._heap, self._timer_entries
        while heap:
            deadline = heap[0]
            entry = entries[deadline]
            if type(entry) is Simultaneous:
                if any(each[1] is not None for each in entry):
                    return deadline
            elif entry[1] is not None:
                return deadline
            del entries[heappop(heap)]
            self._timer_count -= len(entry) if type(entry) is Simultaneous else 1
        return None

    def get_timers_count(hub) -> int:  # upstream's name for self
        """Return how many timers are waiting to fire. Never switches."""
        return len(hub.pending_timers())


def fired(entry: Entry) -> bool:
    """Whether the timer has fired, or was cancelled."""
    return entry[1] is None


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
