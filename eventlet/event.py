"""`Event`: a result that some green threads wait for and another one sends."""

from __future__ import annotations

from eventlet._outcome import Outcome, Settling
from eventlet.hubs._timers import checked_seconds
from eventlet.hubs._waiting import Waiter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["NOT_USED", "Event"]


class _NotUsed:
    """Says that an event has no result yet."""

    def __repr__(self) -> str:
        return "NOT_USED"


NOT_USED = _NotUsed()


class Event(Settling):
    """Something that happens once, with a result or an exception for everybody who waits.

    Unlike threading.Event it carries a value and can be sent only once (until
    `reset`). Invariant: nobody waits once it is ready. May be used from any OS thread.
    """

    def __init__(self) -> None:
        self._outcome: Outcome | None = None
        self._waiters: list[Waiter] = []

    def send(self, result: Any = None, exc: Any = None) -> None:
        """Wake everybody who waits, with `result` or raising `exc` (exception, or `throw` arguments). Never switches.

        Raises AssertionError if it was sent before: `reset` it first.
        """
        if self._outcome is not None:
            raise AssertionError(f"{self!r} was sent already: reset() it before sending again")
        if exc is not None and not isinstance(exc, tuple):
            exc = (exc,)
        if exc is not None:
            _check_throw_args(exc)
        self._settle(Outcome(result, exc))

    def send_exception(self, *args: Any) -> None:
        """Wake everybody who waits by raising; `args` are those of `greenlet.throw`. Never switches."""
        if not args:
            raise TypeError("send_exception() needs an exception")
        self.send(None, args)

    def wait(self, timeout: float | None = None) -> Any:
        """Return what was sent, or raise it; wait for that if need be. Switches only if it is not ready.

        Returns None if nothing was sent within `timeout` seconds (None: wait for ever).
        """
        if timeout is not None:
            checked_seconds(timeout, "timeout")
        outcome = self._await_outcome(timeout)
        return None if outcome is None else outcome.get()

    def reset(self) -> None:
        """Make it ready for another `send`. Never switches. Raises AssertionError if it was not sent."""
        if self._outcome is None:
            raise AssertionError(f"{self!r} was not sent since the last reset()")
        self._outcome = None

    def ready(self) -> bool:
        """Whether it was sent. Never switches."""
        return self._outcome is not None

    def has_exception(self) -> bool:
        """Whether an exception was sent. Never switches."""
        outcome = self._outcome
        return outcome is not None and outcome.error is not None

    def has_result(self) -> bool:
        """Whether a result was sent. Never switches."""
        outcome = self._outcome
        return outcome is not None and outcome.error is None

    def poll(self, notready: Any = None) -> Any:
        """Return what was sent, or raise it; `notready` if nothing was. Never switches."""
        outcome = self._outcome
        return notready if outcome is None else outcome.get()

    def poll_result(self, notready: Any = None) -> Any:
        """Return the result that was sent; `notready` if none was. Never switches."""
        outcome = self._outcome
        return notready if outcome is None or outcome.error is not None else outcome.value

    def poll_exception(self, notready: Any = None) -> Any:
        """Return the `throw` arguments of the exception that was sent; `notready` if none was. Never switches."""
        outcome = self._outcome
        return notready if outcome is None or outcome.error is None else outcome.error

    def waiting(self) -> int:
        """Return how many green threads wait. Never switches."""
        return len(self._waiters)

    def waiters(self) -> list[Any]:
        """Return the greenlets that wait, the oldest first. Never switches."""
        return [waiter.greenlet for waiter in list(self._waiters)]

    def __repr__(self) -> str:
        outcome = self._outcome
        if outcome is None:
            state = "not sent"
        else:
            state = f"result={outcome.value!r}" if outcome.error is None else f"exception={outcome.error!r}"
        return f"<{type(self).__name__} at {hex(id(self))} {state} waiters={len(self._waiters)}>"


def _check_throw_args(args: tuple[Any, ...]) -> None:
    kind = args[0]
    if not isinstance(kind, BaseException) and not (isinstance(kind, type) and issubclass(kind, BaseException)):
        raise TypeError(f"an exception class or instance is needed, not {kind!r}")
