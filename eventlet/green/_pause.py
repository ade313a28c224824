"""Waiting for any signal.

No file tells of signals on every hub: loops such as uvloop's keep `signal.set_wakeup_fd` to themselves. So, while
somebody pauses, the handlers are wrapped: what tells that a signal has come is that its handler is called.
"""

from __future__ import annotations

import signal
from typing import Any

from eventlet.hubs import get_hub
from eventlet.hubs._waiting import Waiter, wake_all


class _Handler:
    """A signal's handler, and what it is to be followed by."""

    def __init__(self, wrapped, after):
        self.wrapped = wrapped
        self._after = after

    def __call__(self, *args):
        try:
            result = self.wrapped(*args)
        except BaseException:
            self._after(True)
            raise
        self._after(False)
        return result


class _Pauses:
    """Those who wait for a signal; in the main OS thread. Invariant: handlers are wrapped while somebody waits."""

    def __init__(self) -> None:
        self._waiters: list[Waiter] = []
        self._hub = None
        self._wrapped: dict[int, _Handler] = {}

    def pause(self):
        """Return True when a signal has come and its handler has run; False at once in other OS threads. Switches."""
        if self._hub is None and not self._begin():
            return False
        waiter = Waiter()
        self._waiters.append(waiter)
        try:
            waiter.park()
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            if not self._waiters and self._hub is not None:
                if self in self._hub._dependants:
                    self._hub._dependants.remove(self)
                self.close()
        return True

    def _begin(self):
        for number in signal.valid_signals():
            handler: Any = signal.getsignal(number)
            if callable(handler) and not isinstance(handler, signal.Handlers):
                # It is wrapped already if somebody has kept it, and put it back.
                wrapped = _Handler(handler.wrapped if isinstance(handler, _Handler) else handler, self._signalled)
                try:
                    signal.signal(number, wrapped)
                except ValueError:  # not in the main OS thread
                    return False
                self._wrapped[number] = wrapped
        self._hub = get_hub()
        self._hub._dependants.append(self)
        return True

    def _signalled(self, failed):
        # What a handler raises goes to the main green thread, and ends its pause.
        stay = [waiter for waiter in self._waiters if failed and waiter.greenlet.parent is None]
        woken = [waiter for waiter in self._waiters if waiter not in stay]
        self._waiters[:] = stay
        wake_all(woken)

    # As one who depends on a hub, see BaseHub:

    def close(self):
        """Nobody waits any more."""
        self._hub = None
        self._waiters.clear()
        while self._wrapped:
            number, wrapped = self._wrapped.popitem()
            current: Any = signal.getsignal(number)
            if current is wrapped:  # else somebody has set another one meanwhile
                signal.signal(number, wrapped.wrapped)

    after_fork = close


_pauses = _Pauses()
pause = _pauses.pause
