"""Hub on an asyncio loop of its own: green threads and coroutines in one OS thread.

Sockets of green threads are watched as on Linux or BSD without asyncio, by epoll or kqueue: the hub
is embedded in the loop (see _embedding.py), which runs in a greenlet that the hub starts when it first has to wait.
So green threads cost hardly more than on those hubs, however many the loop's own callbacks are.
"""

from __future__ import annotations

import importlib

from greenlet import GreenletExit, getcurrent, greenlet

from eventlet import _pristine
from eventlet.hubs._embedding import Embedding
from eventlet.hubs._guest import Guest
from eventlet.hubs._running_loop import no_running_loop
from eventlet.hubs.hosts.asyncio import Host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from eventlet.hubs._timers import Clock
    from eventlet.hubs.hub import BaseHub, Events
    from eventlet.hubs.listener import FdListener


def _base() -> type[BaseHub] | None:
    for name in ("epolls", "kqueue"):
        try:
            module = importlib.import_module(f"eventlet.hubs.{name}")
        except ImportError:
            continue
        if module.is_available():
            return module.Hub  # type: ignore[no-any-return]
    return None


if TYPE_CHECKING:
    from eventlet.hubs.epolls import Hub as _Base
else:
    _Base = _base() or importlib.import_module("eventlet.hubs.hub").BaseHub


#: What is given to tasks that were cancelled because the hub is closed.
SECONDS_TO_END = 1.0

#: What it needs where it is not available.
INSTALL = "Linux (epoll), macOS or a BSD (kqueue)"


def is_available() -> bool:
    """Whether the system has epoll or kqueue."""
    return _base() is not None


def prepare() -> None:
    """Import asyncio, which is a matter for one thread."""
    importlib.import_module("asyncio")
    _pristine.original("selectors")


class Hub(_Base):
    """Runs an asyncio loop, `asyncio_loop`, whenever it waits, and else every millisecond or so.

    Invariant: the loop runs in `_loop_greenlet`, and in that all of its callbacks and coroutines.
    """

    name = "asyncio"
    poll_may_raise = False  # a callback of the loop that is interrupted is lost, and the loop tells nobody but stderr

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self._selector: Any = None
        self._loop: Any = self.make_loop()
        self._loop_greenlet: greenlet | None = None
        self._loop_is_idle = True
        self._is_ending = False
        #: An exception that has ended the loop in its very first step.
        self._ended_by: BaseException | None = None
        #: An exception that the loop has swallowed, though it is for the main greenlet.
        self.swallowed: BaseException | None = None
        self._own_embedding: Embedding | None = None
        self._guest = guest = Guest(self, super().do_poll)
        guest.on_its_own = guest.when_host_parks = self._nobody_drives

    @property
    def asyncio_loop(self) -> Any:
        """The loop that coroutines of this thread run on."""
        return self._loop

    @asyncio_loop.setter
    def asyncio_loop(self, loop: Any) -> None:
        self._loop = loop

    #: Upstream's name for it.
    loop = asyncio_loop

    def make_loop(self) -> Any:
        """Return a new loop. Never switches."""
        import asyncio

        # The real selector: this loop waits for everybody, whatever is patched.
        self._selector = _pristine.original("selectors").DefaultSelector()
        return asyncio.SelectorEventLoop(self._selector)

    def run_forever(self, loop: Any) -> None:
        """Run `loop` until it is stopped, or an exception ends it."""
        loop.run_forever()

    def do_poll(self, seconds: float | None) -> Events:
        guest = self._guest
        assert guest is not None
        return guest.do_poll(seconds)

    def add(
        self,
        evtype: str,
        fileno: int,
        cb: Callable[..., object],
        tb: Callable[..., object],
        mark_as_closed: Callable[[], object] | None,
    ) -> FdListener:
        """`BaseHub.add`, whose last parameter upstream calls differently on other hubs."""
        return super().add(evtype, fileno, cb, tb, mark_as_closed)

    def run_once(self, timeout: float | None = 0) -> None:
        """Raise RuntimeError: the loop drives this hub, and not the other way round. Never switches."""
        raise RuntimeError("the asyncio hub is driven by its asyncio loop: choose epolls or kqueue for run_once()")

    def close(self) -> None:
        """Cancel the loop's tasks and close it, and the hub. Switches to the tasks.

        Raises RuntimeError if called from a callback or coroutine of the loop.
        """
        if not self.is_closed():
            self._end_loop()
        super().close()

    def after_fork(self) -> None:
        # The loop is the parent's, and so are its tasks. Its epoll set is shared, and whatever is done
        # with it here is done there too: so it is left alone, and for ever.
        _keep_for_ever(self._loop, self._loop_greenlet)
        self._loop_greenlet = self._own_embedding = None
        self._loop_is_idle = True
        super().after_fork()
        self._loop = self.make_loop()

    # ---- running the loop

    def run(self, *args: Any, **kwargs: Any) -> None:
        """Turn until `abort`. This is the body of the hub's greenlet."""
        if not self.running and self._own_embedding is None and self._is_on_its_own():
            try:
                self._begin_loop()
            except BaseException as error:
                # The loop has ended before it came to us, by Ctrl-C in a coroutine for instance. The first poll is
                # where that is dealt with; out of here it would end this greenlet, and nothing would run ever again.
                self._ended_by = error
        super().run(*args, **kwargs)

    def runs_in(self, current: greenlet) -> bool:
        return current is self.greenlet or current is self._loop_greenlet

    def _is_on_its_own(self) -> bool:
        guest = self.as_guest()
        return guest.when_host_parks == guest.on_its_own

    def _begin_loop(self) -> None:
        embedding = Embedding(self, _OwnLoop(self._loop))
        self._loop_greenlet = embedding.greenlet = greenlet(self._run_loop, self.greenlet)
        embedding.start()
        self.as_guest().when_host_parks = self._nobody_drives
        self._own_embedding = embedding
        self._loop_greenlet.switch()  # until it drives us

    def _nobody_drives(self, seconds: float | None) -> Events:
        """Let the loop run again, if an exception has ended it; or a new one, in a forked child."""
        error, self._ended_by = self._ended_by, None
        if error is not None:
            raise error
        if self._own_embedding is None:
            self._begin_loop()
        elif not self._loop_is_idle:
            return self._own_embedding.host_parks(seconds)
        else:
            assert self._loop_greenlet is not None
            self._own_embedding.step_soon()
            self._loop_greenlet.parent = self.greenlet
            self._loop_greenlet.switch()
        return self.as_guest().do_poll(seconds)

    def _run_loop(self) -> None:
        """Body of the loop's greenlet."""
        loop = self._loop
        while not self._is_ending:
            error: BaseException | None = None
            self._loop_is_idle = False
            try:
                self.run_forever(loop)
                error, self.swallowed = self.swallowed, None
            except BaseException as caught:
                error = caught  # Ctrl-C, mainly, which is for the main greenlet
            self._loop_is_idle = True
            if isinstance(error, GreenletExit):
                return
            if error is not None:
                self.greenlet.throw(error)

    # ---- ending it

    def _end_loop(self) -> None:
        loop, embedding = self._loop, self._own_embedding
        self._loop = None
        if embedding is None:
            if loop is not None and not loop.is_running():
                loop.close()
            return
        if getcurrent() is self._loop_greenlet:
            self._loop = loop
            raise RuntimeError("a coroutine or callback of the hub's own asyncio loop cannot close the hub")
        if not embedding.is_closed:
            embedding.close_in_hub()
        self._own_embedding = None
        if _pristine.thread.get_ident() != self._thread_id:
            return  # nobody can end it from another thread
        self._is_ending = True

        def leave() -> None:
            embedding.close_in_host()
            loop.stop()

        embedding.when_left = leave
        if self._loop_is_idle or not self.as_guest().is_driven:
            embedding.close_in_host()
        # Else the loop's greenlet does it, as soon as it goes on: it is suspended in a callback, and
        # uvloop has pointers to its stack then, on which we are.
        self._leave_loop(loop)
        with no_running_loop():
            _close(loop)

    def _leave_loop(self, loop: Any) -> None:
        """Have the loop's greenlet return from the loop and end."""
        ending = self._loop_greenlet
        self._loop_greenlet = None
        if not ending:
            return
        ending.parent = getcurrent()
        was_driven = self.as_guest().is_driven
        self.as_guest().forget_host()
        if self._loop_is_idle or was_driven:
            ending.switch()
        else:
            loop.stop()
            ending.throw()  # it is some coroutine or callback that waits


class _OwnLoop(Host):
    """The loop of this hub. It has more to do with green threads than with coroutines, and each of its steps costs."""

    budget = 0.002
    events_at_once = 64


def _keep_for_ever(loop: Any, suspended: greenlet | None) -> None:
    # Whatever a suspended greenlet refers to stays: nobody can know what its frames hold.
    if not suspended:
        suspended = greenlet(lambda parent: parent.switch())
        suspended.switch(getcurrent())
    suspended.kept = loop, suspended  # type: ignore[attr-defined]


def _close(loop: Any) -> None:
    """Close `loop` as asyncio.run does, but not waiting for ever for tasks that refuse to end."""
    import asyncio

    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=SECONDS_TO_END))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
