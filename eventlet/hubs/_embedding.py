"""`embed`: green threads inside a host application's loop."""

from __future__ import annotations

import importlib

from greenlet import getcurrent, greenlet

from eventlet.hubs._current import get_hub
from eventlet.hubs._waiting import Waiter
from eventlet.hubs.errors import HubError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from eventlet.hubs.hub import BaseHub, Events

#: First part of the name of the module in which the type of a host is defined → module here with its adaptor.
ADAPTORS = {
    "_tkinter": "tk",
    "tkinter": "tk",
    "PySide6": "qt",
    "PyQt6": "qt",
    "gi": "glib",
    "twisted": "twisted",
    "asyncio": "asyncio",
    "uvloop": "asyncio",
    "pyuv": "libuv",
    "_pyuv": "libuv",
}

#: In seconds: hosts are not asked for timers of more than a day.
LONGEST_TIMER = 86400.0


class Host:
    """How to make a loop call somebody back. Derive from this for a loop that `embed` does not know.

    All methods are called in the loop's own thread, from within the loop or before it runs.
    """

    #: The asyncio loop that coroutines of this thread run on from now on, if this is one.
    asyncio_loop: Any = None
    #: How long the hub may go on each time, in seconds, before the host's turn comes again.
    budget = 0.001
    #: How many events the hub may hand out before it looks at the time (0: all): each wakes a green thread, which costs
    #: some 10 µs and more. Not every hub can be limited: libuv's reports all that there are.
    events_at_once = 32

    def watch(self, fd: int, call: Callable[[], object]) -> None:
        """Have `call()` made whenever `fd` is readable (level-triggered), until `unwatch`. To be overridden."""
        raise NotImplementedError("a host adaptor must have watch()")

    def unwatch(self) -> None:
        """Undo `watch`; harmless when repeated. To be overridden."""
        raise NotImplementedError("a host adaptor must have unwatch()")

    def set_timer(self, seconds: float, call: Callable[[], object]) -> None:
        """Have `call()` made once, in `seconds` (0: as soon as possible), in place of an earlier call not yet made.

        Rather too late than too early. To be overridden.
        """
        raise NotImplementedError("a host adaptor must have set_timer()")

    def cancel_timer(self) -> None:
        """Undo `set_timer`; harmless when repeated. To be overridden."""
        raise NotImplementedError("a host adaptor must have cancel_timer()")

    def is_running(self) -> bool:
        """Whether the loop runs, as far as one can tell. If not, waiting in the host's code is allowed."""
        return True


class Embedding:
    """A hub at home in a host's loop, until `close`. For the thread of both.

    Invariant: whenever the host's loop waits, it watches the hub's fd, and a timer of it
    is due no later than the hub's first.
    """

    def __init__(self, hub: BaseHub, host: Host) -> None:
        self.hub = hub
        self.host = host
        self._guest = hub.as_guest()
        self._watched: tuple[int, int] | None = None
        self._timer_deadline: float | None = None
        #: In which greenlet the host's loop runs.
        self.greenlet: greenlet = getcurrent()
        self._calls: list[Callable[[], object]] = []
        self._is_closed = False
        self._earlier_loop: Any = None
        #: Called in the host when it goes on after a step in which this was closed.
        self.when_left: Callable[[], object] = _nothing

    def start(self) -> None:
        """Begin to be called back by the host, for the first time as soon as it runs. Never switches."""
        self.hub._dependants.append(self)
        self.hub.report_at_most(self.host.events_at_once)
        self._guest.when_host_parks = self.host_parks
        if self.host.asyncio_loop is not None:
            self._earlier_loop, self.hub.asyncio_loop = self.hub.asyncio_loop, self.host.asyncio_loop
        self._watch()
        self.step_soon()

    def step_soon(self) -> None:
        """Have the hub driven as soon as the host's loop runs. Never switches."""
        self._timer_deadline = None  # a signal handler's exception may have cost us the timer
        self._set_timer(self.hub.clock())

    def close(self) -> None:
        """Leave the host; the hub is one that runs on its own again. Harmless when repeated. Never switches.

        Green threads that have not ended stay as they are, and go on when somebody waits: in `eventlet.sleep`, say.
        """
        if not self._is_closed:
            self.close_in_hub()
            self.close_in_host()

    def close_in_hub(self) -> None:
        """Do the first part of `close`: the hub is on its own again. Never switches."""
        self._is_closed = True
        if self in self.hub._dependants:
            self.hub._dependants.remove(self)
        self.hub.report_at_most(0)
        self._guest.when_host_parks = self._guest.on_its_own
        if self.host.asyncio_loop is not None:
            self.hub.asyncio_loop = self._earlier_loop

    def close_in_host(self) -> None:
        """Do the second part of `close`: the host watches nothing any more. Never switches."""
        self.host.unwatch()
        self.host.cancel_timer()

    def after_fork(self) -> None:
        """The host's loop stays in the parent. Never switches."""
        self._is_closed = True
        self.hub.report_at_most(0)
        if self.host.asyncio_loop is not None:
            self.hub.asyncio_loop = None

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called, here or by closing the hub."""
        return self._is_closed

    def __enter__(self) -> Embedding:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call `function` in the host, as its loop would, and return what it returns or raise what it raises.

        For a green thread that wants to do what only the loop's own callbacks may do: open a modal dialog, change
        handles of libuv. (Most functions of a toolkit can just be called.) Switches, unless called from the host.
        """
        if self._is_closed:
            raise RuntimeError("the embedding is closed")
        if getcurrent() is self.greenlet:
            return function(*args, **kwargs)
        waiter = Waiter()
        outcome: list[Any] = []

        def run() -> None:
            try:
                outcome[:] = [function(*args, **kwargs), None]
            except BaseException as error:
                outcome[:] = [None, error]
            waiter.wake()

        self._calls.append(run)
        try:
            waiter.park()
        finally:
            if run in self._calls:
                self._calls.remove(run)
        value, error = outcome
        if error is not None:
            raise error
        return value

    # ---- called by the host

    def _on_readable(self) -> None:
        self._step()

    def _on_timer(self) -> None:
        self._timer_deadline = None
        self._step()

    def _step(self) -> None:
        if self._is_closed:
            return
        self.greenlet = getcurrent()
        is_in_the_middle = True
        try:
            self._guest.run_once(0, self.host.budget)
            while self._calls:
                self._calls.pop(0)()
            is_in_the_middle = False
        finally:
            # Also after an exception (Ctrl-C, say), which leaves the hub in the middle of a turn: the host may go on.
            if self._is_closed:
                self.when_left()
            elif is_in_the_middle:
                self.step_soon()
            else:
                self._watch()
                self._set_timer(self.hub.clock() if self._guest.is_in_a_hurry else self.hub.deadline())

    # ---- what the host has to watch for. Called in the host's greenlet, not the hub's: loops written in C keep
    # ---- pointers to their stack while they call back, and greenlets move the stack.

    def _watch(self) -> None:
        hub = self.hub
        wanted = hub.fileno(), hub.fileno_changes
        if wanted != self._watched:
            self.host.unwatch()
            self._watched = None
            self.host.watch(wanted[0], self._on_readable)
            self._watched = wanted

    def _set_timer(self, deadline: float | None) -> None:
        # A timer that is too early costs one step in vain, which is less than setting it anew each time.
        if deadline is None or self._timer_deadline is not None and self._timer_deadline <= deadline:
            return
        now = self.hub.clock()
        # No toolkit's timer counts to infinity, and those of some not to a year.
        seconds = min(max(0.0, deadline - now), LONGEST_TIMER)
        self._timer_deadline = now + seconds
        self.host.set_timer(seconds, self._on_timer)

    def host_parks(self, seconds: float | None) -> Events:
        """The host's own code waits, and so do all green threads."""
        is_running = self.host.is_running() and not self.greenlet.dead
        if is_running:
            self.hub.forget_wakeups()
        events = self._guest.poll(0)
        if events or seconds == 0:
            # It need not wait for long: it was in `kill`, or `sleep(0)`. Whoever wakes it leaves the hub in the middle
            # of a turn, from which the host is to fetch it as soon as it can.
            return self.hub.wakeup_again(events) if is_running else events
        if not is_running:
            return self._guest.poll(seconds)
        self.greenlet.throw(
            RuntimeError(
                "this would block the host's loop, in which the hub is embedded: "
                "let a green thread wait (eventlet.spawn), or close the embedding first"
            )
        )
        return []


def _nothing() -> None:
    """What is to be done when an ordinary host is left."""


def embed(host: Any, hub: BaseHub | None = None) -> Embedding:
    """Let this thread's hub (or `hub`) live in the loop of `host`; return the embedding, to be closed. Never switches.

    `host` is one of: a `Host`; a running asyncio loop (uvloop's too); a Tk widget; a Qt application or
    thread's event dispatcher (PySide6, PyQt6); a GLib.MainContext or MainLoop; a Twisted reactor; a
    pyuv.Loop. For loops that C code owns there are `hubs.hosts.libuv.Host` and `hubs.hosts.libev.Host`.

    From then on green threads run whenever the host's loop does. Code of the host may use whatever does not
    wait, such as `spawn`, `Event.send`, `kill`; waiting there raises RuntimeError, because it would freeze the host.

    Raises TypeError for a host that is none of these, and HubError for a hub that has no `fileno`, or is
    embedded already.
    """
    if hub is None:
        hub = get_hub()
    if any(isinstance(dependant, Embedding) for dependant in hub._dependants):
        raise HubError(f"{hub!r} is embedded in a loop already: close that embedding, or the hub, first")
    hub.fileno()
    embedding = Embedding(hub, host if isinstance(host, Host) else _adapted(host))
    embedding.start()
    return embedding


def _adapted(host: Any) -> Host:
    for kind in type(host).__mro__:
        name = ADAPTORS.get(kind.__module__.partition(".")[0])
        if name is not None:
            adaptor: Host = importlib.import_module(f"eventlet.hubs.hosts.{name}").Host(host)
            return adaptor
    raise TypeError(
        f"cannot embed a hub in {host!r}: it is no loop of asyncio, uvloop, Tk, Qt, GLib, Twisted or pyuv, "
        "nor an eventlet.hubs.hosts.Host"
    )


__all__ = ["ADAPTORS", "Embedding", "Host", "embed"]
