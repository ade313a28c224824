"""The ready queue: what can run now, in order, and how control passes from one to the next.

The queue holds *things with a `switch` method*: mostly greenlets, and `Call`, which is a
function to be called in the hub. In the hub's turn, control need not come back to the hub
between two green threads: one that parks takes the next thing out of the queue and switches to it,

    hub._run.popleft().switch()

which is half of the greenlet switches, and the fastest form that was found (measured on 3.11: 0.6 µs for a
`sleep(0)`; 0.9 µs by way of the hub; asking each time whether the next one is a greenlet costs 0.2 µs more).

Three things make this safe:

* `_run` is the queue only while the hub is in this part of its turn; at other times it
  is a stand-in whose `popleft` returns the hub's greenlet.
* The last thing in the queue is then always `End`. Whoever takes that ends this part: the hub goes
  on to fire timers and to poll. (If only few things are ready they may run again before that:
  a poll costs as much as some switches.) So the queue is never empty, and I/O never starves.
* What must run in the hub, such as the start of a greenlet, goes there when a green thread
  comes upon it: `InHub`. A greenlet that is started elsewhere inherits the recursion depth found there.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from greenlet import getcurrent

from eventlet.hubs import _carrier
from eventlet.hubs._timers import TimerQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from eventlet.hubs._timers import Clock

#: How many switches a turn may make if fewer were ready at its start, and for how many seconds.
EXTRA_CALLS = 64
EXTRA_SECONDS = 0.0002
#: While so few are ready, the time is looked at only after so many passes through the queue.
FEW = 8
PASSES_PER_LOOK = 8


class InHub:
    """Something in the ready queue that runs in the hub's greenlet."""

    __slots__ = ("hub",)

    hub: ReadyQueue

    def switch(self) -> Any:
        """Run it; if this is not the hub, let that do it. Switches then."""
        hub = self.hub
        if getcurrent() is not hub.greenlet:
            hub._ready.appendleft(self)
            return hub._switch()
        return self.run_in_hub()

    def run_in_hub(self) -> None:
        """Do it. What this raises is reported."""
        raise NotImplementedError


class Call(InHub):
    """A function to be called in the hub."""

    __slots__ = ("function",)

    def __init__(self, hub: ReadyQueue, function: Callable[[], object]) -> None:
        self.hub = hub
        self.function = function

    def run_in_hub(self) -> None:
        self.function()

    def __repr__(self) -> str:
        return f"<Call of {self.function!r}>"


class End:
    """The last thing in the queue while the hub runs it: see the top of this file."""

    __slots__ = ("extra", "hub", "passes", "ready", "until")

    def __init__(self, hub: ReadyQueue) -> None:
        self.hub = hub
        self.ready = hub._ready

    def begin(self) -> None:
        """Take up the place at the end of the queue."""
        self.extra = EXTRA_CALLS - len(self.ready)
        self.passes = PASSES_PER_LOOK
        self.until = 0.0
        self.ready.append(self)

    def switch(self) -> Any:
        """Let those who are ready by now run too, if they are few; or else go back to the hub. Switches."""
        ready = self.ready
        if self.passes and 0 < len(ready) <= FEW or ready and self._may_go_on():
            self.passes -= 1
            ready.append(self)
            return ready.popleft().switch()
        hub = self.hub
        hub._run = hub._to_hub
        return hub._switch()

    def _may_go_on(self) -> bool:
        """Whether neither too many have run by now, nor for too long."""
        ready, hub = self.ready, self.hub
        self.extra -= (PASSES_PER_LOOK - self.passes + 1) * len(ready)
        if self.extra < 0:
            return False
        self.passes = PASSES_PER_LOOK
        now = hub.clock()
        if not self.until:
            self.until = now + EXTRA_SECONDS
        return now <= self.until


class ToHub:
    """Stands in for the ready queue: what comes next is always the hub's greenlet."""

    __slots__ = ("hub",)

    def __init__(self, hub: ReadyQueue) -> None:
        self.hub = hub

    def popleft(self) -> Any:
        return self.hub.greenlet


class ReadyQueue(TimerQueue):
    """What can run now. `call_soon` may be used from any thread and signal handler, the rest in the hub's own thread.

    Parking is `hub._run.popleft().switch()`, after arranging for the wake-up, which is
    `hub._ready.append(greenlet)`, and `hub.wakeup()` if `hub._polling`.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._ready: deque[Any] = deque()
        self._end = End(self)
        self._to_hub = ToHub(self)
        #: Where a green thread that parks finds who is next.
        self._run: Any = self._to_hub
        #: Carriers that have finished a task since the hub last looked: see _carrier.py.
        self._finished: list[Any] = []

    def wakeup(self) -> None:
        raise NotImplementedError

    def _failed(self, error: BaseException) -> None:
        raise NotImplementedError

    def call_soon(self, call: Callable[[], object]) -> None:
        """Run `call` in the hub's next turn. From any thread or signal handler; never switches."""
        self._ready.append(Call(self, call))
        if self._polling:
            self.wakeup()

    def unschedule(self, call: Any) -> None:
        """Take a greenlet, or a `call_soon` of `call` or a partial of it, out of the queue if it is there.

        Never switches.
        """
        ready = self._ready
        try:
            ready.remove(call)
            return
        except (ValueError, IndexError):  # not there; or another thread has just changed the queue
            pass
        for item in list(ready):
            if type(item) is Call:
                function = item.function
                if function == call or isinstance(function, partial) and function.func == call:
                    try:
                        ready.remove(item)
                    except (ValueError, IndexError):
                        pass
                    return

    def _run_ready(self) -> None:
        """Run what is ready at this moment, and a little of what that adds."""
        ready, finished = self._ready, self._finished
        self._end.begin()
        self._run = ready
        while self._run is ready:
            try:
                ready.popleft().switch()
            except BaseException as error:
                self._failed(error)
            if finished:
                _carrier.recycle(self)  # type: ignore[arg-type]

    def _stop_running(self) -> None:
        """Have whoever parks come back to the hub."""
        self._run = self._to_hub
        try:
            self._ready.remove(self._end)
        except (ValueError, IndexError):
            pass
