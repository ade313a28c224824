"""What the checks of `hub_contract` stand on: each runs in an OS thread of its own, and is told of if it hangs."""

from __future__ import annotations

import sys
from contextlib import contextmanager

from greenlet import getcurrent

from eventlet import _pristine
from eventlet.hubs import get_hub, use_hub
from eventlet.hubs.hub import READABLE, WRITABLE, BaseHub

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from typing import Any, Callable

#: How long a check may take, in seconds, on a machine as busy as it likes. Most need milliseconds.
SECONDS = 30.0
BOTH = READABLE | WRITABLE


class Check:
    """One check: call it with a hub class. It has a `__name__`, and a docstring that says what must hold."""

    def __init__(self, body: Callable[[Bench], object]) -> None:
        self._body = body
        self.__name__ = body.__name__
        self.__doc__ = body.__doc__

    def __call__(self, hub_class: type[BaseHub], seconds: float = SECONDS) -> None:
        """Check `hub_class` in an OS thread of its own; blocks the calling one. Never switches.

        Raises AssertionError if the contract is broken, also if the check has not ended after `seconds`, and whatever
        the hub raised. A check that hangs leaves its thread behind. Raises RuntimeError under `python -O`.
        """
        if not __debug__:
            raise RuntimeError("the checks are assertions: run Python without -O")
        failures: list[BaseException] = []

        def main() -> None:
            try:
                self._body(Bench(hub_class, seconds / 3))
            except BaseException as error:
                failures.append(error)

        thread: Any = _pristine.original("threading").Thread(target=main, daemon=True, name=self.__name__)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            raise AssertionError(
                f"{self.__name__} hangs: after {seconds} seconds it is still at\n{_stack(thread.ident)}"
            )
        if failures:
            raise failures[0]

    def __repr__(self) -> str:
        return f"<check {self.__name__}>"


class Bench:
    """The hub class that a check looks at, and what it does with a hub of it. For the check's own thread."""

    def __init__(self, hub_class: type[BaseHub], patience: float) -> None:
        self.hub_class = hub_class
        #: How long to wait, in seconds, for an event that must come.
        self.patience = patience
        self.hub: BaseHub = None  # type: ignore[assignment]
        self._found: dict[int, int] = {}

    @contextmanager
    def installed(self) -> Iterator[BaseHub]:
        """Have a fresh hub as this thread's."""
        use_hub(self.hub_class)
        self.hub = hub = get_hub()
        try:
            yield hub
        finally:
            hub.close()

    def in_hub(self, body: Callable[[BaseHub], object]) -> None:
        """Call `body` in the greenlet of a fresh hub, where hubs poll: those inside another loop can nowhere else."""
        with self.installed() as hub:
            main, failures, ended = getcurrent(), [], []

            def callback() -> None:
                hub._hand_out = self._note  # type: ignore[method-assign]
                try:
                    body(hub)
                except BaseException as error:
                    failures.append(error)
                finally:
                    del hub._hand_out
                    ended.append(True)
                    hub.call_soon(main.switch)

            hub.call_soon(callback)
            while not ended:
                hub.switch()
            if failures:
                raise failures[0]

    def _note(self, events: list[tuple[int, int]]) -> None:
        for fd, bits in events:
            self._found[fd] = self._found.get(fd, 0) | bits

    def poll(self, seconds: float | None = 0) -> dict[int, int]:
        """Poll once for up to `seconds` (None: until something happens), as a turn does; return the events of each fd.

        Only within `in_hub`.
        """
        hub = self.hub
        self._found = {}
        # As in a turn, the hub has a timer for when the poll is to end: a loop around the hub looks at that.
        timer = hub.call_later(seconds, _nothing) if seconds else None
        hub.prepare_timers()
        hub.wait(seconds)
        if timer is not None:
            hub.cancel(timer)
        return self._found

    def poll_for(self, fd: int, events: int, what: str) -> dict[int, int]:
        """Poll until `fd` is reported for just `events`, and return what else is; fail, saying `what`, if it is not."""
        deadline = _pristine.time.monotonic() + self.patience
        found: dict[int, int] = {}
        while not found.get(fd) and _pristine.time.monotonic() < deadline:
            found = self.poll(self.patience)
        bits = found.pop(fd, 0)
        assert is_just(bits, events), f"{what}: asked for {events}, do_poll reports {bits}"
        return found


def is_just(bits: int, events: int) -> bool:
    """Whether `bits` wake just the directions `events`; any bit but these two wakes both."""
    return (BOTH if bits & ~BOTH else bits) == events


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets, non-blocking."""
    left, right = _pristine.socket.socketpair()
    with left, right:
        left.setblocking(False)
        right.setblocking(False)
        yield left, right


def quietly(call: Callable[..., object], *args: object) -> None:
    """Call, letting a hub say with an exception that it does not know an fd."""
    try:
        call(*args)
    except (OSError, ValueError, KeyError):
        pass


def _nothing() -> None:
    """For a timer that only ends a poll."""


def _stack(thread_id: int) -> str:
    import traceback

    frame = sys._current_frames().get(thread_id)
    return "".join(traceback.format_stack(frame)) if frame is not None else "(it has just ended)"
