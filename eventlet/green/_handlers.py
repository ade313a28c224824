"""Signal handlers that may wait, though they are called while all green threads wait: in the hub.

If that is polling, as it mostly is, the handler is called at once, in a greenlet of its own. If it returns, or raises,
without having waited, so does what the interpreter has called: as if there were no greenlet. If it waits, the
poll goes on, and it later. In the midst of the hub's own work nobody may be switched to: it is called a little later.
"""

from __future__ import annotations

import signal as _signal
from contextvars import copy_context
from functools import partial

from greenlet import getcurrent, greenlet

from eventlet import _pristine
from eventlet.green._current_thread import HANDLES_SIGNAL
from eventlet.greenthread import spawn_n, switch_away
from eventlet.hubs._current import thread


class _MayWait:
    """A signal's handler as the interpreter knows it. Invariant: it is called with the same arguments as `handler`."""

    def __init__(self, handler):
        self.handler = handler

    def __call__(self, *args):
        current, hub = getcurrent(), thread.__dict__.get("hub")
        if hub is None:
            return self.handler(*args)
        if hub.wakeup_fd is not None:
            _tell(hub.wakeup_fd, args[0])
        if not hub.runs_in(current):
            return self.handler(*args)
        call = _Call(self.handler, hub)
        if not hub.is_polling:
            call.is_late = True
            return spawn_n(call.run, *args)
        call.is_late = not hub.poll_may_raise
        running = greenlet(call.run, current)
        running.gr_context = copy_context()
        switch = running.switch
        result = switch(*args) if current is hub.greenlet else switch_away(hub, switch, *args)
        if running.dead:
            return result
        call.is_late = True
        running.parent = hub.greenlet
        hub.wakeup()  # whatever it has made ready, the poll does not know of
        return None


def _tell(fd, number):
    """Write a signal's number to the program's wake-up fd, as the interpreter did to the hub's."""
    if fd != -1:
        try:
            _pristine.os.write(fd, bytes((number,)))
        except OSError:
            pass  # full, or closed


class _Call:
    """One call of a handler."""

    def __init__(self, handler, hub):
        self._handler = handler
        self._hub = hub
        #: Whether what the interpreter has called has returned before it, or must not raise.
        self.is_late = False

    def run(self, *args):
        setattr(getcurrent(), HANDLES_SIGNAL, True)
        try:
            return self._handler(*args)
        except BaseException as error:
            if not self.is_late:
                raise
            self._hub.call_soon(partial(self._hub._throw_into_main, error))
            return None


def may_wait(handler):
    """Return what is to be set for `handler`, if it is a function of the program's."""
    if not callable(handler) or isinstance(handler, (_MayWait, _signal.Handlers)):
        return handler
    return handler if handler is _signal.default_int_handler else _MayWait(handler)


def handler_of(known):
    """Return the handler of which the interpreter knows `known`."""
    return known.handler if isinstance(known, _MayWait) else known
