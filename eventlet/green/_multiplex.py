"""Waiting for any of several file descriptors, which belong to anybody: what select, poll and epoll share."""

from __future__ import annotations

from typing import Any

from greenlet import getcurrent

from eventlet import _pristine
from eventlet.greenthread import sleep
from eventlet.hubs import get_hub
from eventlet.hubs._readiness import READABLE, WRITABLE
from eventlet.hubs._running_loop import without_running_loop
from eventlet.hubs._waiting import Waiter
from eventlet.hubs.listener import READ, WRITE, FdListener

_select = _pristine.select

#: Bits of poll(2) that a hub can wait for.
_READ_BITS = READABLE | getattr(_select, "POLLRDNORM", 0)
_WRITE_BITS = WRITABLE | getattr(_select, "POLLWRNORM", 0)
#: Urgent data, hang-ups of an fd for which nothing else is asked, and so on: only the
#: system's poller knows. Where that is no fd itself, which a hub could watch, look this often.
_LOOK_EVERY_SECONDS = 0.02


def wait_until(look, masks, timeout, interests=()):
    """Return `look()` as soon as it is true, or what it is after `timeout` seconds (None: no limit).

    It becomes true only by events on the file descriptors of `masks`, pairs of number and poll(2) bits, or when
    one of `interests` wakes the waiter that its method `add` got and `remove` takes back.
    Switches, unless the caller is the hub; which must not wait: RuntimeError.
    """
    # It may be an asyncio loop that waits, which must not seem to run those who run meanwhile.
    return without_running_loop(_wait_until, look, masks, timeout, interests)


def _wait_until(look, masks, timeout, interests):
    found = look()
    hub = get_hub()
    at_once = timeout is not None and timeout <= 0
    if (found or at_once) and getcurrent() is not hub.greenlet:
        # In a loop around this, too, others run: even if something is always ready, such
        # as a socket with room to write.
        sleep(0)
    if found or at_once:
        return found or look()
    hub.check_may_block()
    deadline = None if timeout is None else hub.clock() + timeout
    with _Odd(masks) as odd:
        while True:
            remaining = None if deadline is None else deadline - hub.clock()
            if remaining is not None and remaining <= 0:
                return look()
            if odd.must_look:
                remaining = _LOOK_EVERY_SECONDS if remaining is None else min(remaining, _LOOK_EVERY_SECONDS)
            _park(hub, [*masks, *odd.masks], interests, remaining)
            found = look()
            if found:
                return found


def _park(hub, masks, interests, timeout):
    """Wait until the hub reports an event for one of `masks`, for `timeout` seconds."""
    waiter = Waiter()
    listeners = []

    def on_event(*_signal):
        if not waiter.woken:
            waiter.wake()

    try:
        for fd, mask in masks:
            for evtype, bits in ((READ, _READ_BITS), (WRITE, _WRITE_BITS)):
                if mask & bits:
                    listener = FdListener(evtype, fd, on_event, None, None, once=True, shared=True)
                    hub.add_listener(listener)
                    listeners.append(listener)
        for interest in interests:
            interest.add(waiter)
        waiter.park(timeout)
    finally:
        for interest in interests:
            interest.remove()
        for listener in listeners:
            hub.remove(listener)


class _Odd:
    """Watches what a hub cannot watch, with an epoll of its own, which is an fd that a hub can watch."""

    def __init__(self, masks):
        self._wanted = [(fd, mask) for fd, mask in masks if mask & ~(_READ_BITS | _WRITE_BITS) or not mask]
        self._epoll: Any = None
        #: What to wait for instead.
        self.masks = []
        #: Whether there is no such thing as `masks`.
        self.must_look = bool(self._wanted)

    def __enter__(self):
        if self._wanted and hasattr(_select, "epoll"):
            self._epoll = _select.epoll()
            self.masks = [(self._epoll.fileno(), READABLE)]
            self.must_look = not all(map(self._watch, self._wanted))
        return self

    def _watch(self, fd_and_mask):
        fd, mask = fd_and_mask
        try:
            self._epoll.register(fd, mask & ~(_READ_BITS | _WRITE_BITS))
        except PermissionError:
            return True  # a regular file: nothing odd ever happens to it
        except OSError:
            return False
        return True

    def __exit__(self, *exc_info):
        if self._epoll is not None:
            self._epoll.close()


def seconds_of(timeout, per_second=1):
    """Return `timeout`, in units of 1/`per_second`, as seconds; None if it is None or negative.

    Raises TypeError if it is no number.
    """
    if timeout is None:
        return None
    try:
        negative = timeout < 0
    except TypeError:
        negative = None
    if negative is None or isinstance(timeout, (str, bytes)):
        raise TypeError("timeout must be an integer or None")
    return None if negative else timeout / per_second
