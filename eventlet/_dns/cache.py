"""Answers that are still good."""

from __future__ import annotations

from collections import OrderedDict

from eventlet import _pristine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Any, Callable

MAX_ENTRIES = 1000


class Cache:
    """A table whose entries are for a time; of too many, those go that were not asked for the longest.

    May be used from any OS thread: each step is one operation of a built-in, and a lost entry costs a question.
    """

    def __init__(self, max_entries: int = MAX_ENTRIES, clock: Callable[[], float] = _pristine.time.monotonic) -> None:
        self._max_entries = max_entries
        self._clock = clock
        self._entries: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        """Return what is stored under `key`, None if that is nothing or out of date. Never switches."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] <= self._clock():
            self._entries.pop(key, None)
            return None
        try:
            self._entries.move_to_end(key)
        except KeyError:
            pass
        return entry[1]

    def put(self, key: Hashable, value: Any, seconds: float) -> None:
        """Store `value` for `seconds`. Never switches."""
        if seconds <= 0:
            return
        self._entries[key] = (self._clock() + seconds, value)
        while len(self._entries) > self._max_entries:
            try:
                self._entries.popitem(last=False)
            except KeyError:
                return

    def clear(self) -> None:
        """Forget everything. Never switches."""
        self._entries.clear()
