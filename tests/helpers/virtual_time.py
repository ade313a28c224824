"""Hubs on virtual time: a test of hour-long timeouts that takes no time."""

from __future__ import annotations

import math
from typing import Any


class VirtualClock:
    """A clock that stands still unless it is set: `clock.now += 1`. Starts at 0."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def autojump(hub_class: Any) -> Any:
    """Return a subclass of `hub_class` on virtual time: with nothing ready it jumps to the next timer.

    If there is none either, nothing will ever happen again: the main greenlet gets an AssertionError.
    Not for tests with other OS threads or processes, which take real time.
    """

    class AutojumpHub(hub_class):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(VirtualClock())
            #: How often it would have waited.
            self.jumps = 0

        def do_poll(self, seconds: float | None) -> Any:
            events = super().do_poll(0)
            if events or seconds == 0:
                return events
            deadline = self.next_deadline()
            if seconds is None or deadline == math.inf:
                self.greenlet.parent.throw(AssertionError("deadlock: no timer is due and no fd is ready"))
            else:
                self.jumps += 1
                self.clock.now = max(self.clock.now, min(deadline, self.clock.now + 86400.0))
            return []

    return AutojumpHub
