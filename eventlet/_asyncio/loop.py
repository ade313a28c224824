"""asyncio loops that run in green threads: their selector lets other green threads run while it waits."""

from __future__ import annotations

import asyncio
from functools import partial

from greenlet import GreenletExit, getcurrent

from eventlet import _pristine
from eventlet.greenthread import GreenThread, sleep, spawn
from eventlet.hubs import get_hub
from eventlet.hubs._running_loop import no_running_loop
from eventlet.hubs.errors import HubError
from eventlet.hubs.listener import READ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlet.hubs.hub import BaseHub

_selectors = _pristine.original("selectors")
_Selector: Any = _selectors.DefaultSelector


class GreenSelector(_Selector):  # type: ignore[misc]
    """The system's best selector. `select` switches, and while it does no asyncio loop is the running one."""

    #: False: wait like an ordinary selector, because the hub is no more.
    is_green = True

    def select(self, timeout: float | None = None) -> Any:
        """As selectors.BaseSelector.select. Switches."""
        if not self.is_green:
            return super().select(timeout)
        events = super().select(0)
        with no_running_loop():
            if events or timeout is not None and timeout <= 0:
                sleep(0)  # the loop is busy: let others run, too
                return events
            hub = get_hub()
            hub.check_may_block()
            hub.wait_once(READ, self.fileno(), None if timeout is None else hub.clock() + timeout)
        return super().select(0)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a loop to be run in a green thread, where it lets others run while it waits. Never switches.

    For asyncio.run(…, loop_factory=new_event_loop), asyncio.Runner, or by hand. Raises HubError if
    the system has neither epoll nor kqueue.
    """
    return _loop_on(GreenSelector())


def _loop_on(selector: GreenSelector) -> asyncio.SelectorEventLoop:
    if not hasattr(selector, "fileno"):
        raise HubError("asyncio in a green thread needs a system with epoll or kqueue")
    return asyncio.SelectorEventLoop(selector)


class BackgroundLoop:
    """The asyncio loop of a hub that is no asyncio one: it runs in a green thread for as long as the hub is there.

    Invariant: it is the hub's `asyncio_loop`, and one of those who are told of the hub's end.
    """

    def __init__(self, hub: BaseHub) -> None:
        self._hub = hub
        self._is_ending = False
        self._selector = GreenSelector()
        self.loop = _loop_on(self._selector)
        self.thread: GreenThread = spawn(self._run)
        hub.asyncio_loop = self.loop
        hub._dependants.append(self)

    def _run(self) -> None:
        """Body of the green thread. Many depend on the loop: what ends its run does not end it."""
        while not self._is_ending and not self.loop.is_closed():
            try:
                self.loop.run_forever()
            except GreenletExit:
                raise
            except BaseException as error:
                # The hub passes it on: Ctrl-C and SystemExit to the main greenlet.
                self._hub.call_soon(partial(_raise, error))

    def close(self) -> None:
        """End the loop and what runs on it. Switches to its tasks, in the hub's own thread."""
        hub, loop = self._hub, self.loop
        if hub.asyncio_loop is loop:
            hub.asyncio_loop = None
        if self in hub._dependants:
            hub._dependants.remove(self)
        self._selector.is_green = False
        if hub._thread_id != _pristine.thread.get_ident():
            return  # a greenlet can be ended by its own thread only
        if loop.is_running() or self.thread._start is not None:
            # The hub does not turn any more, or will not: the greenlet is to come back here. It may be a coroutine that
            # waits, and is ended by this: then the loop has to be stopped as well.
            self._is_ending = True
            loop.stop()
            self.thread.parent = getcurrent()
            self.thread.throw()
        if not loop.is_running():
            for task in asyncio.all_tasks(loop):
                task.cancel()
            with no_running_loop():
                # What does not end at once does not end.
                loop.call_soon(partial(loop.call_soon, loop.stop))
                loop.run_forever()
                loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def after_fork(self) -> None:
        """The loop is the parent's: leave it alone. Never switches."""
        self._hub.asyncio_loop = None
        self.thread.kept = self, self.thread  # type: ignore[attr-defined]  # its frames must never unwind here


def _raise(error: BaseException) -> None:
    raise error


def loop_of(hub: BaseHub) -> Any:
    """Return the asyncio loop on which the coroutines of `hub`'s thread run; make it if need be. Never switches."""
    if hub.asyncio_loop is None:
        BackgroundLoop(hub)
    return hub.asyncio_loop
