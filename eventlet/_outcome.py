"""A result that arrives once, and those who wait for it: what Event and GreenThread share."""

from __future__ import annotations

from collections import namedtuple

from eventlet.hubs._waiting import Waiter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Outcome(namedtuple("Outcome", "value error")):  # typing.NamedTuple is slow to import
    """How something ended: `error` is None, or the arguments of a `raise`/`throw`."""

    __slots__ = ()

    value: Any
    error: tuple[Any, ...] | None

    def get(self) -> Any:
        """Return the value, or raise the error."""
        if self.error is not None:
            raise_from_throw_args(self.error)
        return self.value


def raise_from_throw_args(throw_args: tuple[Any, ...]) -> None:
    """Raise what `greenlet.throw(*throw_args)` would raise: (class or instance[, value[, traceback]])."""
    kind, value, traceback = (*throw_args, None, None, None)[:3]
    if isinstance(kind, BaseException):
        error = kind
    elif isinstance(value, kind):
        error = value
    elif value is None:
        error = kind()
    elif isinstance(value, tuple):
        error = kind(*value)
    else:
        error = kind(value)
    raise error.with_traceback(traceback if traceback is not None else error.__traceback__)


class Settling:
    """Mixin. Invariant: nobody waits, parked, once there is an outcome.

    Needs `_outcome` (None at first) and `_waiters` (a list). Safe across OS threads:
    a waiter registers and then looks for the outcome; whoever settles writes the
    outcome and then looks for waiters; so one of them sees the other.
    """

    __slots__ = ()

    _outcome: Outcome | None
    _waiters: list[Waiter]

    def _settle(self, outcome: Outcome) -> None:
        """Have everybody who waits, and will wait, get `outcome`. Never switches."""
        self._outcome = outcome  # type: ignore[misc]  # the slot is the subclass's
        waiters = self._waiters
        if waiters:
            waiters.reverse()  # so that the oldest wakes first
            while waiters:
                try:
                    waiter = waiters.pop()
                except IndexError:
                    break
                waiter.value = outcome
                waiter.wake()

    def _await_outcome(self, timeout: float | None = None) -> Outcome | None:
        """Return the outcome, waiting for it for `timeout` seconds (None: for ever) if need be. Switches then."""
        outcome = self._outcome
        if outcome is not None:
            return outcome
        waiter = Waiter()
        self._waiters.append(waiter)
        try:
            if self._outcome is not None:
                return self._outcome  # another thread has just settled it
            if not waiter.park(timeout):
                return None
        finally:
            if not waiter.woken:
                self._stop_waiting(waiter)
        return waiter.value  # type: ignore[no-any-return]

    def _stop_waiting(self, waiter: Waiter) -> None:
        try:
            self._waiters.remove(waiter)
        except ValueError:
            pass  # woken by another thread at this very moment
