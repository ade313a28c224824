"""signal, whose `pause`, `sigwait`, `sigwaitinfo` and `sigtimedwait` let other green threads run.

Handlers run in the main OS thread, in whatever green thread happens to be running. While everybody waits, they
run in a green thread of their own, and so may wait; what they raise is raised in the main green thread.
"""

from __future__ import annotations

import signal as _signal

from eventlet.green import _handlers, _pause
from eventlet.green._lookalike import look_like, present
from eventlet.greenthread import sleep as _sleep
from eventlet.hubs import get_hub as _get_hub
from eventlet.hubs._current import has_hub as _has_hub

__patched__: list[str] = present(
    _signal, "getsignal", "pause", "set_wakeup_fd", "signal", "sigtimedwait", "sigwait", "sigwaitinfo"
)
__getattr__, __dir__ = look_like(globals(), _signal)

# Signals that are blocked, as these want them, arrive nowhere: no poller and no wake-up fd tells of
# them. So look, in intervals that double up to the second number.
_FIRST_PAUSE, _LAST_PAUSE = 0.001, 0.05

_standard_getsignal, _standard_signal = _signal.getsignal, _signal.signal
_standard_set_wakeup_fd = _signal.set_wakeup_fd


def signal(signalnum, handler):
    """Have `handler(signalnum, frame)` called for a signal; return the handler before. Never switches.

    If it is called while everybody waits, it may wait, as long as it likes; others run meanwhile.
    """
    return _handlers.handler_of(_standard_signal(signalnum, _handlers.may_wait(handler)))


def getsignal(signalnum):
    """Return the handler for a signal. Never switches."""
    return _handlers.handler_of(_standard_getsignal(signalnum))


def patch_in_place(_module):
    """Let the handlers that exist wait, too. Elsewhere than in the main OS thread they stay as they are."""
    _set_anew(_handlers.may_wait)


def undo_in_place(_module):
    """Let the handlers that exist be the program's own functions again."""
    _set_anew(_handlers.handler_of)


def _set_anew(function):
    for number in _signal.valid_signals():
        known = _standard_getsignal(number)
        wanted = function(known)
        if wanted is not known:
            try:
                _standard_signal(number, wanted)
            except ValueError:
                return  # not in the main OS thread


class _WakeupFd:
    """`set_wakeup_fd`. Invariant: `_of_program` is what the program has set last.

    Where the hub has to keep a wake-up fd, the program's is told of signals by their handlers: see _handlers.py.
    """

    def __init__(self):
        self._of_program = -1

    def set(self, fd, warn_on_full_buffer):
        before = _standard_set_wakeup_fd(fd, warn_on_full_buffer=warn_on_full_buffer)
        hub = _get_hub() if _has_hub() else None
        if hub is not None and hub.wakeup_fd is not None:
            _standard_set_wakeup_fd(before, warn_on_full_buffer=False)
            before, hub.wakeup_fd = hub.wakeup_fd, fd
        elif hub is not None and hub._waker is not None:
            before = self._of_program  # the other may be the hub's
            if fd == -1:
                hub._waker.watch_signals_again()
        self._of_program = fd
        return before


_wakeup_fd = _WakeupFd()


def set_wakeup_fd(fd, /, *, warn_on_full_buffer=True):
    """Have the number of each signal written to `fd`; return the one before, or -1. Never switches.

    That the hub has one of its own nobody is told; it is there again when the program sets -1.
    """
    return _wakeup_fd.set(fd, warn_on_full_buffer)


if hasattr(_signal, "pause"):
    _standard_pause = _signal.pause

    def pause():
        """Return when a signal has arrived and its handler was called. Switches.

        Handlers that are set meanwhile do not count. Outside the main OS thread, where signals do not
        arrive, it is the standard one, which does not switch.
        """
        if not _pause.pause():
            _standard_pause()


if hasattr(_signal, "sigtimedwait"):
    _sigtimedwait = _signal.sigtimedwait

    def sigtimedwait(sigset, timeout, /):
        """Return the struct_siginfo of the first signal of `sigset`; None after `timeout` seconds. Switches."""
        found = _sigtimedwait(sigset, 0) if timeout >= 0 else _sigtimedwait(sigset, timeout)
        clock = _get_hub().clock
        deadline, pause = clock() + timeout, _FIRST_PAUSE
        while found is None and (remaining := deadline - clock()) > 0:
            _sleep(min(pause, remaining))
            pause = min(2 * pause, _LAST_PAUSE)
            found = _sigtimedwait(sigset, 0)
        return found

    def sigwaitinfo(sigset, /):
        """Return the struct_siginfo of the first signal of `sigset` that arrives. Switches."""
        return sigtimedwait(sigset, float("inf"))

    def sigwait(sigset, /):
        """Return the number of the first signal of `sigset` that arrives. Switches."""
        return _signal.Signals(sigwaitinfo(sigset).si_signo)


for _name in __patched__:
    globals()[_name].__module__ = "signal"  # as in the standard one: pydoc and pickle go by that
