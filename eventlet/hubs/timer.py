"""Timers as objects, as `schedule_call_global` and `schedule_call_local` return them."""

from __future__ import annotations

import functools

from greenlet import getcurrent

from eventlet.hubs._timers import checked_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from eventlet.hubs._timers import Entry
    from eventlet.hubs.hub import BaseHub


@functools.total_ordering
class Timer:
    """A call to be made in `seconds` from when it is scheduled; at most once.

    Runs in the hub, so it must not block. `called` is True once it ran or was cancelled.
    """

    __slots__ = ("__dict__", "_entry", "called", "seconds", "tpl")

    def __init__(self, seconds: float, cb: Callable[..., object], *args: Any, **kw: Any) -> None:
        if type(seconds) is not float and type(seconds) is not int or seconds != seconds:
            checked_seconds(seconds)
        if not callable(cb):
            raise TypeError(f"a timer needs something callable, not {type(cb).__name__}")
        self.seconds = seconds
        self.tpl = cb, args, kw
        self.called = False
        #: What the hub has of it; None before it is scheduled.
        self._entry: Entry | None = None

    @property
    def scheduled_time(self) -> float:
        """When it fires, on the hub's clock; 0 until scheduled."""
        return 0.0 if self._entry is None else self._entry[0]

    @property
    def pending(self) -> bool:
        """Whether it neither ran nor was cancelled."""
        return not self.called

    def schedule(self) -> Timer:
        """Start it on the current thread's hub; return it. Never switches."""
        from eventlet.hubs import get_hub

        self.start(get_hub())
        return self

    def start(self, hub: BaseHub) -> None:
        """Start it on `hub`. Never switches."""
        self.called = False
        if self.seconds > 0:
            self._entry = hub.call_later(self.seconds, self)
        else:
            self._entry = [hub.clock(), None]
            hub.call_soon(self)

    def __call__(self, *args: Any) -> None:
        """Run it now."""
        if not self.called:
            self.called = True
            cb, cb_args, kw = self.tpl
            try:
                cb(*cb_args, **kw)
            finally:
                self.tpl = _nothing, (), {}  # what it held is not needed any more

    def cancel(self) -> None:
        """Make sure that it does not run any more; harmless if it did. Never switches."""
        if self.called:
            return
        self.called = True
        entry = self._entry
        if entry is not None:
            entry[1] = None  # `TimerQueue.cancel`
        self.tpl = _nothing, (), {}

    def copy(self) -> Timer:
        """Return a new, unscheduled timer for the same call."""
        cb, args, kw = self.tpl
        return type(self)(self.seconds, cb, *args, **kw)

    def __repr__(self) -> str:
        cb, args, kw = self.tpl
        return f"{type(self).__name__}({self.seconds}, {cb!r}, *{args!r}, **{kw!r})"

    def __lt__(self, other: Timer) -> bool:
        return self.scheduled_time < other.scheduled_time

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class LocalTimer(Timer):
    """A timer that does not fire if the greenlet that made it has died."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.greenlet = getcurrent()
        super().__init__(*args, **kwargs)

    @property
    def pending(self) -> bool:
        """Whether it neither ran nor was cancelled, and its greenlet is alive."""
        return not self.called and not self.greenlet.dead

    def __call__(self, *args: Any) -> None:
        if not self.called:
            if self.greenlet.dead:
                self.called = True
                return
            super().__call__(*args)


def _nothing() -> None:
    """What a timer calls that has fired or was cancelled."""
