"""Parking: `Waiter` (until woken) and `trampoline` (until an fd is ready). All waiting is built on these."""

from __future__ import annotations

from greenlet import getcurrent

from eventlet.hubs._current import get_hub, thread
from eventlet.hubs._timers import checked_seconds, fired
from eventlet.hubs.hub import BaseHub
from eventlet.hubs.listener import READ, WRITE
from eventlet.hubs.timeout import Timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sized
    from typing import Any


class Waiter:
    """One green thread's wish to be woken, once. Made by the green thread that will park.

    Invariant: once `woken` is true the waker is done with it, and the green thread runs
    or is in its hub's ready queue. `wake` may be called from any OS thread, `park`
    by the maker only.
    """

    __slots__ = ("greenlet", "hub", "value", "woken")

    #: For the waker to leave something in, before it calls `wake`; not there before that.
    value: Any

    def __init__(self) -> None:
        try:
            self.hub: BaseHub = thread.hub
        except AttributeError:
            self.hub = get_hub()
        #: The greenlet that waits.
        self.greenlet: Any = getcurrent()
        self.woken = False

    def wake(self) -> None:
        """Let the green thread run in its hub's next turn. Never switches."""
        self.woken = True
        hub = self.hub
        hub._ready.append(self.greenlet)
        if hub._polling:
            hub.wakeup()

    def park(self, timeout: float | None = None) -> bool:
        """Wait until woken; return False if `timeout` seconds passed first. Switches.

        An exception thrown into the green thread ends the wait too; the caller then
        looks at `woken` to see whether something was handed over meanwhile.
        """
        hub = self.hub
        if self.greenlet is hub.greenlet:
            hub.check_may_block()
        if self.woken:
            hub.unschedule(self.greenlet)  # it came before we even parked
            return True
        if timeout is not None:
            return self._park_until(hub.clock() + timeout)
        try:
            while not self.woken:
                if hub._left and hub._ready:
                    hub._left -= 1
                    hub._ready.popleft().switch()
                else:
                    hub._switch()
        except BaseException:
            if self.woken:
                hub.unschedule(self.greenlet)
            raise
        return True

    def _park_until(self, deadline: float) -> bool:
        hub = self.hub
        timer = hub.call_at(deadline, self.greenlet.switch)
        try:
            while not self.woken and not fired(timer):
                if hub._left and hub._ready:
                    hub._left -= 1
                    hub._ready.popleft().switch()
                else:
                    hub._switch()
        except BaseException:
            if self.woken:
                hub.unschedule(self.greenlet)
            raise
        finally:
            over = fired(timer)
            hub.cancel(timer)
        if self.woken and over:
            hub.unschedule(self.greenlet)  # woken first, but the timer's turn came before
        return self.woken

    def __repr__(self) -> str:
        return f"<Waiter for {self.greenlet!r}{' (woken)' if self.woken else ''}>"


def park_while(container: Sized, waiters: list[Waiter]) -> None:
    """Wait until `container` is empty; whoever empties it calls `wake_all(waiters)`. Switches unless it is."""
    while container:
        waiter = Waiter()
        waiters.append(waiter)
        try:
            if container:
                waiter.park()
        finally:
            try:
                waiters.remove(waiter)
            except ValueError:
                pass  # it was woken


def wake_all(waiters: list[Waiter]) -> None:
    """Wake everybody in `waiters`, in order, and empty it. From any thread; never switches."""
    while waiters:
        try:
            waiter = waiters.pop(0)
        except IndexError:
            return
        waiter.wake()


def trampoline(
    fd: Any,
    read: bool | None = None,
    write: bool | None = None,
    timeout: float | None = None,
    timeout_exc: Any = Timeout,
    mark_as_closed: Any = None,
) -> None:
    """Park until `fd` (a number, or an object with `fileno()`) can be read, or written. Switches.

    Give one of `read` and `write`. After `timeout` seconds (None: never) `timeout_exc`,
    an exception class or instance, is raised; by default a `Timeout`.

    Raises IOClosed if the fd is closed meanwhile (`mark_as_closed`, if given, is called
    first), RuntimeError if another green thread waits for the same, or in the hub.
    """
    if bool(read) == bool(write):
        raise AssertionError("trampoline() waits for either read or write")
    fileno = fd if isinstance(fd, int) else fd.fileno()
    hub = get_hub()
    hub.check_may_block()
    deadline = None if timeout is None else hub.clock() + checked_seconds(timeout, "timeout")
    if not hub.wait_once(READ if read else WRITE, fileno, deadline, mark_as_closed=mark_as_closed):
        raise timeout_exc
