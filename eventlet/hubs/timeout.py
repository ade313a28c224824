"""`Timeout`: an exception that a timer throws into the green thread that armed it."""

from __future__ import annotations

from greenlet import getcurrent, greenlet

from eventlet.hubs._current import get_hub, thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlet.hubs._timers import Entry


class Timeout(BaseException):
    """Raises in the current green thread after `seconds`, unless cancelled; None: never.

    What is raised is the Timeout itself if `exception` is None, else `exception` (a
    class or an instance). As a context manager it is cancelled on the way out, and
    with `exception` False it then swallows itself: the block just ends early.

    Not an Exception, so that `except Exception` does not catch it. Raises TypeError
    if `seconds` is neither a number nor None, ValueError if it is NaN. Belongs to the
    thread that made it; never switches.
    """

    # No namespace is made for the usual one; a subclass has one.
    __slots__ = ("_entry", "_target", "exception", "seconds")

    def __init__(self, seconds: float | None = None, exception: Any = None) -> None:
        self.seconds = seconds
        self.exception = exception
        self._entry: Entry | None = None
        self.start()

    def start(self) -> None:
        """Arm the timer for the current green thread; called by the constructor.

        Raises AssertionError if it is pending already.
        """
        entry = self._entry
        if entry is not None and entry[1] is not None:
            raise AssertionError(f"{self!r} is already started: cancel it first, or make another")
        if self.seconds is not None:
            try:
                hub = thread.hub
            except AttributeError:
                hub = get_hub()
            self._target: greenlet = getcurrent()
            self._entry = hub.call_later(self.seconds, self._fire)

    def _fire(self) -> None:
        target = self._target
        if not target.dead:
            exception = self.exception
            target.throw(self if exception is None or isinstance(exception, bool) else exception)

    @property
    def pending(self) -> bool:
        """Whether it is still going to be raised."""
        entry = self._entry
        return entry is not None and entry[1] is not None

    @property
    def is_timeout(self) -> bool:
        """True: see `is_timeout`."""
        return True

    def cancel(self) -> None:
        """Make sure that it is not raised any more; it can be started again. Harmless when repeated."""
        entry = self._entry
        if entry is not None:
            entry[1] = None  # `TimerQueue.cancel`
            self._entry = None

    def __enter__(self) -> Timeout:
        if self._entry is None:
            self.start()
        return self

    def __exit__(self, typ: object, value: object, tb: object) -> bool | None:
        entry = self._entry
        if entry is not None:
            entry[1] = None
            self._entry = None
        return True if value is self and self.exception is False else None

    def __repr__(self) -> str:
        state = "pending" if self.pending else "not pending"
        exception = "" if self.exception is None else f" exception={self.exception!r}"
        return f"<{type(self).__name__} at {hex(id(self))} seconds={self.seconds}{exception} {state}>"

    def __str__(self) -> str:
        """Return e.g. '1 second', '2.5 seconds (silent)'; '' without a time."""
        if self.seconds is None:
            return ""
        text = f"{self.seconds} second{'' if self.seconds == 1 else 's'}"
        if self.exception is None:
            return text
        return f"{text} (silent)" if self.exception is False else f"{text} ({self.exception})"
