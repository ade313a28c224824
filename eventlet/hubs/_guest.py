"""`Guest`: a hub that is driven from outside, one turn at a time.

A hub that runs on its own waits in `do_poll`. A guest gives way there instead: it switches back
to whoever called `run_once`, and goes on from the same place at the next call. So everything else,
the turn, parking, waking, is what it always is, and a backend needs nothing for this.

`run_once` may be called while an earlier call has not returned: a green thread that opens
a modal dialog runs the host's loop within itself, and that drives the hub again. Then the inner call
has its turn first, and the outer one returns when the green thread next parks.
"""

from __future__ import annotations

from greenlet import getcurrent

from eventlet import _pristine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from eventlet.hubs.hub import BaseHub, Events

    Poll = Callable[[Any], Events]


class _Drive:
    """One call of `run_once`."""

    __slots__ = ("budget", "done", "greenlet", "polled", "timeout", "until")

    def __init__(self, timeout: float | None, budget: float) -> None:
        self.greenlet = getcurrent()
        self.timeout = timeout
        self.budget = budget
        self.until = _pristine.time.monotonic() + budget if budget else 0.0
        self.polled = False
        self.done = False


class Guest:
    """Lets a hub be driven by calls of `run_once`.

    Invariant: while the host runs, the hub's greenlet is parked in `do_poll` (or, if the host
    runs within a green thread, where that was resumed). For the hub's own thread.
    """

    def __init__(self, hub: BaseHub, poll: Poll) -> None:
        self._hub = hub
        #: The backend's own `do_poll`.
        self.poll = poll
        self._drives: list[_Drive] = []
        #: Whether the hub wants to go on at once: it was told to poll without waiting.
        self.is_in_a_hurry = False
        #: What a hub without a host does in its `do_poll`.
        self.on_its_own: Poll = poll
        #: Called with the seconds to wait when nobody drives the hub and it has nothing to
        #: do: whoever had control waits now, though it is no green thread.
        self.when_host_parks: Poll = poll

    def run_once(self, timeout: float | None, budget: float = 0.0) -> None:
        """Have the hub make a turn, and more for up to `budget` seconds while there is something to do. Switches."""
        hub = self._hub
        hub.check_may_block()
        drive = _Drive(timeout, budget)
        self._drives.append(drive)
        try:
            while not drive.done:
                hub._switch()
        except BaseException:
            if not drive.done:
                self._drives.remove(drive)
            raise

    @property
    def is_driven(self) -> bool:
        """Whether somebody waits in `run_once`."""
        return bool(self._drives)

    def do_poll(self, seconds: float | None) -> Events:
        """In the place of the backend's: poll at once, or give way to the host and poll then."""
        drives = self._drives
        while drives:
            drive = drives[-1]
            if not drive.polled:
                drive.polled = True
                events = self.poll(self._seconds_to_wait(drive.timeout))
                if events or seconds == 0 or drive.timeout != 0:
                    return events
            elif drive.budget and _pristine.time.monotonic() < drive.until:
                # What is ready by now costs less here than by way of the host.
                events = self.poll(0)
                if events or seconds == 0:
                    return events
            drives.pop()
            drive.done = True
            # The host looks at the deadline after this line: see `hub.wait`.
            self._hub._polling = True
            self.is_in_a_hurry = seconds == 0
            drive.greenlet.switch()
            if seconds != 0:
                seconds = 0 if self._hub._ready else self._hub._until_next_timer()
        return self.when_host_parks(seconds)

    def _seconds_to_wait(self, timeout: float | None) -> float | None:
        hub = self._hub
        if timeout == 0:
            return 0
        hub._polling = True  # as in `hub.wait`: from here on, whoever schedules something wakes us
        if hub._ready or hub._new_timers:
            return 0
        seconds = hub._until_next_timer()
        if timeout is None or seconds is None:
            return seconds if timeout is None else timeout
        return min(seconds, timeout)

    def forget_host(self) -> None:
        """Be driven by nobody: the hub waits by itself again. Never switches.

        Who is in `run_once` returns from it when next switched to.
        """
        while self._drives:
            self._drives.pop().done = True
        self.when_host_parks = self.on_its_own
