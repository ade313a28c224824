"""Waiting for a ØMQ socket: the rules of its file descriptor, in one place.

A ØMQ socket has a descriptor (the option FD) that becomes readable when other threads of the library have left
commands for the socket, whatever those are about: "messages came", "there is room again", "the context ends". Any call
on the socket may carry the commands out, and makes the descriptor unreadable; only the option EVENTS, read after that,
says what can be done now. So

* whoever is told "try again" reads EVENTS, and tries again if there is what it wants, before it parks;
* whoever makes any call on the socket looks afterwards, for the others: nobody else will be told.

Some sockets show an event and refuse the call all the same (a ROUTER to one full peer is always "writable"). Who waits
there tries with every sign of life of the descriptor, and from time to time.
"""

from __future__ import annotations

import weakref
from typing import Any, Callable

from eventlet.hubs import get_hub
from eventlet.hubs._waiting import Waiter
from eventlet.hubs.listener import READ, FdListener

POLLIN, POLLOUT = 1, 2
# Numbers of options. As plain ones: enumerations are slow.
FD, EVENTS = 14, 15
#: How often to try what EVENTS says is possible, and is not.
_LOOK_EVERY_SECONDS = 0.02


class _Entry:
    __slots__ = ("every_sign", "of_poller", "waiter", "wanted")

    def __init__(self, wanted: int, waiter: Waiter, every_sign: bool = False, of_poller: bool = False) -> None:
        self.wanted = wanted
        self.waiter = waiter
        self.every_sign = every_sign
        self.of_poller = of_poller


class Waiters:
    """Who waits for one socket.

    Invariant: while somebody waits, one hub watches the descriptor, and nobody waits for what `look`
    has seen, but for those who have tried it in vain.
    """

    def __init__(self, socket: Any, get: Callable[[Any, int], Any], error: type[BaseException]) -> None:
        """`get` is what returns an option of the `socket`, or raises `error` if it is closed."""
        self._socket = weakref.ref(socket)  # which refers to us; whoever waits refers to it
        self._get = get
        self._error = error
        self.entries: list[_Entry] = []
        self._watch: tuple[Any, FdListener] | None = None

    def look(self, *_sign: object) -> int:
        """Return EVENTS; wake those who wait for these. Everybody if the socket or its context ended. Never switches.

        With arguments it is the hub that calls, since the descriptor was readable.
        """
        try:
            events = self._get(self._socket(), EVENTS)
        except self._error:
            events = -1
        # One message, or room for one, is enough for one. He looks again when he has had it.
        left = events
        for entry in list(self.entries):
            if entry.of_poller:
                wakes = events & entry.wanted
            elif entry.every_sign:
                wakes = _sign or events == -1
            else:
                wakes = left & entry.wanted
                if events != -1:
                    left &= ~entry.wanted
            if wakes:
                self._wake(entry)
        return events

    def _wake(self, entry: _Entry) -> None:
        self.entries.remove(entry)
        if not entry.waiter.woken:
            entry.waiter.wake()
        self._watch_if_needed()

    def wait(self, wanted: int, timeout: float | None, every_sign: bool) -> bool:
        """Park until it is worth trying again; return False if `timeout` seconds passed first. Switches.

        The caller has just looked. `every_sign`: what is wanted seems to be there already, in vain.
        """
        entry = _Entry(wanted, Waiter(), every_sign)
        is_last = True
        if every_sign and (timeout is None or timeout > _LOOK_EVERY_SECONDS):
            timeout, is_last = _LOOK_EVERY_SECONDS, False
        self._add(entry)
        try:
            return entry.waiter.park(timeout) or not is_last
        except BaseException:
            if entry.waiter.woken:
                self.look()  # what it was woken for is for the next one
            raise
        finally:
            self._discard(entry)

    def _add(self, entry: _Entry) -> None:
        self.entries.append(entry)
        try:
            self._watch_if_needed()
        except BaseException:
            self.entries.remove(entry)
            raise

    def _discard(self, entry: _Entry) -> None:
        if entry in self.entries:
            self.entries.remove(entry)
            self._watch_if_needed()

    def _watch_if_needed(self) -> None:
        if self.entries and self._watch is None:
            hub = get_hub()
            listener = FdListener(READ, self._get(self._socket(), FD), self.look, self._lost, None, shared=True)
            hub.add_listener(listener)
            self._watch = hub, listener
        elif not self.entries and self._watch is not None:
            hub, listener = self._watch
            self._watch = None
            hub.remove(listener)

    def _lost(self, _error: object) -> None:
        self._watch = None  # somebody says that the descriptor is closed
        self.close()

    def close(self) -> None:
        """Wake everybody, as the socket is about to be closed. Never switches."""
        for entry in list(self.entries):
            self._wake(entry)


class Interest:
    """A poller's wish to be woken for `wanted` events of a socket: see `_multiplex.wait_until`."""

    def __init__(self, waiters: Waiters, wanted: int) -> None:
        self._waiters = waiters
        self._wanted = wanted
        self._entry: _Entry | None = None

    def add(self, waiter: Waiter) -> None:
        """Have `waiter` woken once."""
        self._entry = _Entry(self._wanted, waiter, of_poller=True)
        self._waiters._add(self._entry)

    def remove(self) -> None:
        """Forget the waiter."""
        if self._entry is not None:
            self._waiters._discard(self._entry)
            self._entry = None
