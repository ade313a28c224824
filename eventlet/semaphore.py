"""Semaphores: counters of permits that green threads wait for, in line."""

from __future__ import annotations

from collections import deque
from itertools import repeat
from operator import index, length_hint

from eventlet.hubs._timers import checked_seconds
from eventlet.hubs._waiting import Waiter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["BoundedSemaphore", "CappedSemaphore", "Semaphore"]


class Semaphore:
    """A counter of permits, handed out in the order they were asked for.

    Invariant: somebody waits only while no permit is free. `release` passes its
    permit straight to the oldest waiter, so a newcomer cannot overtake it.

    May be used from any OS thread, signal handler and finaliser, without a lock:
    each step below is one atomic operation of a built-in. A permit is an item in
    `_returned`, or one not yet drawn from `_fresh`. A waiter lines up and then looks
    for a permit; a releaser puts one back and then looks for a waiter; so one
    of them sees the other.
    """

    def __init__(self, value: int = 1) -> None:
        """Start with `value` permits. Raises TypeError if it is no integer, ValueError if negative."""
        try:
            value = index(value)
        except TypeError:
            raise TypeError(f"a semaphore needs an integer, not {type(value).__name__}") from None
        if value < 0:
            raise ValueError(f"a semaphore needs a value of 0 or more, not {value}")
        self._returned: list[None] = []
        self._fresh = repeat(None, value)
        self._debt = 0
        self._waiters: deque[Waiter] = deque()

    @property
    def counter(self) -> int:
        """How many permits are free; may be set, below zero too: the next releases then fill the gap."""
        return len(self._returned) + length_hint(self._fresh) - self._debt

    @counter.setter
    def counter(self, value: int) -> None:
        missing = index(value) - self.counter
        for _ in range(missing):
            self._put_back()
        for _ in range(-missing):
            if not self._take():
                self._debt += 1

    @property
    def balance(self) -> int:
        """How many permits are free, or minus how many green threads wait."""
        return self.counter - len(self._waiters)

    def locked(self) -> bool:
        """Whether `acquire` would have to wait. Never switches."""
        return not self._returned and not length_hint(self._fresh)

    def bounded(self) -> bool:
        """Return False: `release` never waits."""
        return False

    def waiting(self) -> int:
        """Return how many green threads wait for a permit. Never switches."""
        return len(self._waiters)

    def waiters(self) -> list[Any]:
        """Return the greenlets that wait, the next in line first. Never switches."""
        return [waiter.greenlet for waiter in list(self._waiters)]

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take a permit; return whether one was taken.

        `timeout` is in seconds; None (or -1, as in threading) waits for ever. Switches
        only if no permit is free, and never with `blocking` false.

        Raises ValueError for any other negative timeout, or a timeout without blocking.
        Killing a green thread that waits here loses nobody's permit.
        """
        if timeout is not None:
            timeout = _checked_timeout(blocking, timeout)
        returned = self._returned
        if returned:
            try:
                returned.pop()
                return True
            except IndexError:
                pass  # another OS thread was faster
        for _ in self._fresh:
            return True
        if not blocking:
            return False
        waiter = Waiter()
        self._waiters.append(waiter)
        if returned:
            self._hand_out()
        if timeout is not None:
            return self._wait_for(waiter, timeout)
        # `waiter.park()`, written out: a hot path.
        hub = waiter.hub
        try:
            if waiter.greenlet is hub.greenlet:
                hub.check_may_block()
            if waiter.woken:
                hub.unschedule(waiter.greenlet)  # it came before we even parked
            while not waiter.woken:
                if hub._left and hub._ready:
                    hub._left -= 1
                    hub._ready.popleft().switch()
                else:
                    hub._switch()
        except BaseException:
            self._give_up(waiter)
            raise
        return True

    def release(self, blocking: bool = True) -> bool:
        """Give a permit back; return True. Never switches. `blocking` is there for CappedSemaphore's sake."""
        if self._waiters and not self._debt:
            # Straight on, without putting it back in between.
            try:
                waiter = self._waiters.popleft()
            except IndexError:
                pass
            else:
                # `waiter.wake()`, written out.
                waiter.woken = True
                hub = waiter.hub
                hub._ready.append(waiter.greenlet)
                if hub._polling:
                    hub.wakeup()
                return True
        if self._debt:
            self._debt -= 1
            return True
        self._returned.append(None)
        if self._waiters:
            self._hand_out()
        return True

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, typ: object, val: object, tb: object) -> None:
        self.release()

    def _take(self) -> bool:
        if self._returned:
            try:
                self._returned.pop()
                return True
            except IndexError:
                pass
        return any(True for _ in self._fresh)

    def _put_back(self) -> None:
        if self._debt:
            self._debt -= 1
            return
        self._returned.append(None)
        if self._waiters:
            self._hand_out()

    def _hand_out(self) -> None:
        """Give free permits to those who wait longest."""
        waiters = self._waiters
        while waiters and self._take():
            try:
                waiter = waiters.popleft()
            except IndexError:
                self._returned.append(None)  # and look again: somebody may have lined up meanwhile
            else:
                waiter.wake()

    def _wait_for(self, waiter: Waiter, timeout: float) -> bool:
        try:
            granted = waiter.park(timeout)
        except BaseException:
            self._give_up(waiter)
            raise
        return granted or not self._leave_line(waiter)

    def _give_up(self, waiter: Waiter) -> None:
        """The waiter was killed; if a permit was on its way to it, that is the next one's now."""
        if self._leave_line(waiter):
            return
        # Not yet woken: the releaser is between its two steps, in another thread or below us on this one's
        # stack. It must not be waited for; its wake-up will find nobody.
        if waiter.woken:
            waiter.hub.unschedule(waiter.greenlet)
        self._put_back()

    def _leave_line(self, waiter: Waiter) -> bool:
        """Stop waiting; False if a permit was granted already."""
        try:
            self._waiters.remove(waiter)
        except ValueError:
            return False
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {hex(id(self))} c={self.counter} _w[{len(self._waiters)}]>"


class BoundedSemaphore(Semaphore):
    """A semaphore that raises ValueError when released more often than acquired."""

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)
        self.original_counter = value

    def release(self, blocking: bool = True) -> bool:
        """Give a permit back; return True. Never switches. Raises ValueError if none is out."""
        if self.counter >= self.original_counter:
            raise ValueError("Semaphore released too many times")
        return super().release(blocking)


class CappedSemaphore:
    """A semaphore whose counter stays between 0 and `limit`: `acquire` waits at 0, `release` at `limit`.

    May be used from any OS thread.
    """

    def __init__(self, count: int, limit: int) -> None:
        """Start with `count` permits. Raises ValueError unless 0 <= count <= limit."""
        if count < 0:
            raise ValueError(f"a semaphore needs a count of 0 or more, not {count}")
        if count > limit:
            raise ValueError(f"count ({count}) must not be more than limit ({limit})")
        self.lower_bound = Semaphore(count)
        self.upper_bound = Semaphore(limit - count)

    def acquire(self, blocking: bool = True) -> bool:
        """Take a permit; return whether one was taken. Switches only if none is free and `blocking`."""
        if not self.lower_bound.acquire(blocking):
            return False
        self.upper_bound.release()
        return True

    def release(self, blocking: bool = True) -> bool:
        """Give a permit back; return whether there was room. Switches only if there is none and `blocking`."""
        if not self.upper_bound.acquire(blocking):
            return False
        self.lower_bound.release()
        return True

    @property
    def balance(self) -> int:
        """How many permits are free; less what waiting acquirers lack, plus what waiting releasers hold."""
        return self.lower_bound.balance - min(self.upper_bound.balance, 0)

    def locked(self) -> bool:
        """Whether `acquire` would have to wait. Never switches."""
        return self.lower_bound.locked()

    def bounded(self) -> bool:
        """Whether `release` would have to wait. Never switches."""
        return self.upper_bound.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, typ: object, val: object, tb: object) -> None:
        self.release()

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} at {hex(id(self))} b={self.balance} "
            f"l={self.lower_bound!r} u={self.upper_bound!r}>"
        )


def _checked_timeout(blocking: bool, timeout: float) -> float | None:
    checked_seconds(timeout, "timeout")
    if timeout == -1:
        return None
    if not blocking:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0:
        raise ValueError("timeout must be 0 or more, or -1 to wait for ever")
    return timeout
