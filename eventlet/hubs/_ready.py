"""The ready queue: what can run now, in order, and how control passes from one to the next.

The queue holds *things with a `switch` method*: mostly greenlets, and `Call`, which is a
function to be called in the hub. In the hub's turn, control need not come back to the hub
between two green threads: one that parks takes the next thing out of the queue and switches to it,

    if hub._left and hub._ready:
        hub._left -= 1
        hub._ready.popleft().switch()
    else:
        hub._switch()

which is half of the greenlet switches, and the fastest form that was found (measured on 3.11: 0.6 µs for a
`sleep(0)`, 0.9 µs by way of the hub). These lines are written out wherever green threads park often.

`_left` is how many may do so before the hub looks at the time again, and polls; it is 0 whenever the hub
is elsewhere in its turn. What must run in the hub, such as the start of a greenlet, goes there when a green
thread comes upon it: `InHub`. (A greenlet that is started elsewhere inherits the recursion depth found there.)
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

#: How many things a turn may run if fewer were ready at its start, and for how many seconds:
#: a poll costs as much as some switches, but no I/O must wait for long.
EXTRA_CALLS = 64
EXTRA_SECONDS = 0.0002
#: After how many of these it looks at the time.
CALLS_PER_LOOK = 16


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


class ReadyQueue(TimerQueue):
    """What can run now. `call_soon` may be used from any thread and signal handler, the rest in the hub's own thread.

    A wake-up is `hub._ready.append(greenlet)`, and `hub.wakeup()` if `hub._polling`.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._ready: deque[Any] = deque()
        #: How many green threads that park may pass control on by themselves; see above.
        self._left = 0
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
        """Run what is ready at this moment; if that is little, some of what it adds, too."""
        ready, finished = self._ready, self._finished
        extra, until = EXTRA_CALLS, 0.0
        while ready and extra > 0:
            self._left = count = max(len(ready), CALLS_PER_LOOK)
            while self._left and ready:
                self._left -= 1
                try:
                    ready.popleft().switch()
                except BaseException as error:
                    self._failed(error)
                if finished:
                    _carrier.recycle(self)  # type: ignore[arg-type]
            extra -= count
            now = self.clock()
            until = until or now + EXTRA_SECONDS
            if now > until:
                break
        self._left = 0
