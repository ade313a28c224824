"""Green threads: making them, waiting for them, ending them."""

from __future__ import annotations

from contextvars import copy_context
from functools import partial

from greenlet import GreenletExit, getcurrent, greenlet

from eventlet._outcome import Outcome, Settling
from eventlet.hubs._carrier import Carrier, call, take
from eventlet.hubs._current import get_hub
from eventlet.hubs._running_loop import without_running_loop
from eventlet.hubs._waiting import Waiter
from eventlet.hubs.hub import BaseHub
from eventlet.hubs.timer import LocalTimer, Timer
from eventlet.timeout import with_timeout as with_timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

__all__ = [
    "GreenThread",
    "call_after",
    "call_after_global",
    "call_after_local",
    "cancel",
    "exc_after",
    "getcurrent",
    "kill",
    "sleep",
    "spawn",
    "spawn_after",
    "spawn_after_local",
    "spawn_n",
    "with_timeout",
]


#: The outcome of most functions.
NO_RESULT = Outcome(None, None)


class GreenThread(Carrier, Settling):
    """A greenlet with a result: what `spawn` returns.

    Invariant: `_start` is there exactly as long as the function has not begun. Its
    methods may be called from any OS thread.
    """

    # A finished GreenThread that nobody refers to runs the next function: see hubs/_carrier.py.

    __slots__ = ("_links", "_outcome", "_start", "_waiters", "pool")

    def __init__(self, parent: greenlet | None = None) -> None:
        """Make one that has nothing to do yet. `spawn` is what programs call."""
        self.hub = get_hub()
        super().__init__(parent=self.hub.greenlet if parent is None else parent)
        self.forget()

    def forget(self) -> None:
        """Be as new, for the next task. Never switches. Called by the hub, on one that nobody refers to."""
        attributes = self.__dict__
        if attributes:
            attributes.clear()
        self._outcome = None
        self._waiters: list[Waiter] = []
        self._links: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] | None = None
        self._start: Any = None
        #: The GreenPool whose task it runs, if any.
        self.pool: Any = None

    # ---- running

    def main(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        """Run `function` and keep how it ends. Upstream's name: called by what starts a green thread."""
        self._start = None
        try:
            result = call(function, args, kwargs)
        except GreenletExit as error:
            self._end(Outcome(None, (type(error), error, error.__traceback__)))
        except BaseException as error:
            self._end(Outcome(None, (type(error), error, error.__traceback__)))
            if isinstance(error, self.hub.SYSTEM_EXCEPTIONS):
                raise
            self.hub.report_exception(type(error), error, error.__traceback__)
        else:
            if result is None:
                self.end_without_result()
            elif self._waiters or self._links:
                self._end(Outcome(result, None))
            else:
                self._outcome = Outcome(result, None)

    def _end(self, outcome: Outcome) -> None:
        self._settle(outcome)
        links = self._links
        while links:
            self._call_link(*links.pop(0))
        self._links = None

    def end_without_result(self) -> None:
        """End with None. A pool calls this too, if somebody got hold of the green thread of a task."""
        if self._waiters or self._links:
            self._end(NO_RESULT)
        else:
            self._outcome = NO_RESULT

    def _call_link(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        try:
            function(self, *args, **kwargs)
        except Exception as error:
            self.hub.report_exception(type(error), error, error.__traceback__)

    # ---- watching it

    def wait(self) -> Any:
        """Return what the function returned, or raise what it raised; wait for its end if need be.

        Raises GreenletExit if it was killed. Switches only if it has not ended.
        """
        outcome = self._outcome
        if outcome is None:
            if getcurrent() is self:
                raise RuntimeError(f"{self!r} cannot wait for itself")
            outcome = self._await_outcome()
            assert outcome is not None
        return outcome.get()

    def __await__(self) -> Any:
        """In a coroutine: wait for its end; the value is what the function returned, or what it raised is raised.

        The loop goes on meanwhile, and hosts the hub from then on: see `eventlet.asyncio.adopt`. If the coroutine is
        cancelled this green thread is killed; if this is killed, the coroutine gets CancelledError.
        """
        from eventlet._asyncio.bridge import await_thread  # only those who have a loop need it

        return await_thread(self)

    def link(self, func: Callable[..., Any], *curried_args: Any, **curried_kwargs: Any) -> None:
        """Have `func(this, *curried_args, **curried_kwargs)` called when the function has ended, at once if it has.

        It runs in this green thread, so it may block; exceptions from it are
        reported. Call `wait` in it for the result. Never switches, but for `func`.
        """
        if not callable(func):
            raise TypeError(f"link() needs something callable, not {type(func).__name__}")
        if self._outcome is not None:
            self._call_link(func, curried_args, curried_kwargs)
        elif self._links is None:
            self._links = [(func, curried_args, curried_kwargs)]
        else:
            self._links.append((func, curried_args, curried_kwargs))

    def unlink(self, func: Callable[..., Any], *curried_args: Any, **curried_kwargs: Any) -> bool:
        """Undo a `link` with the same arguments; return whether there was one. Never switches."""
        try:
            (self._links or []).remove((func, curried_args, curried_kwargs))
        except ValueError:
            return False
        return True

    def ready(self) -> bool:
        """Whether the function has ended. Never switches."""
        return self._outcome is not None

    @property
    def dead(self) -> bool:
        """Whether the function, and what is linked to it, has ended."""
        try:
            return self._outcome is not None and self._links is None or greenlet.dead.__get__(self)
        except AttributeError:
            return True  # see __bool__

    def __bool__(self) -> bool:
        """Whether the function has begun and not ended, as for any greenlet."""
        try:
            return self._start is None and self._outcome is None and super().__bool__()
        except AttributeError:
            # Its OS thread has ended: greenlet keeps what it cannot unwind, without its attributes, and
            # a look at all objects (gc.get_objects) meets that.
            return False

    # ---- ending it

    def throw(self, *throw_args: Any) -> Any:
        """Raise in it: see `greenlet.throw`; GreenletExit without arguments. Switches to it at once.

        If the function has not begun it never will.
        """
        if self._start is not None:
            self._unstart()
            if throw_args:
                self.main(partial(_throw_here, throw_args), (), {})
            else:
                self._end(Outcome(None, (GreenletExit,)))  # the same, for the most frequent case
            if greenlet.__bool__(self):
                self.hub._finished.append(self)  # it has run others before: the hub keeps or ends it
            return None
        return None if self.dead else super().throw(*throw_args)

    def _unstart(self) -> None:
        start, self._start = self._start, None
        if isinstance(start, Timer):
            start.cancel()
        else:
            self.hub.unschedule(start)

    def kill(self, *throw_args: Any) -> None:
        """Raise in it, GreenletExit by default; return when it has run until it ended or blocked. Switches.

        See `kill`.
        """
        kill(self, *throw_args)

    def cancel(self, *throw_args: Any) -> None:
        """Kill it if the function has not begun; otherwise do nothing. Switches only if it kills."""
        cancel(self, *throw_args)


def _throw_here(throw_args: tuple[Any, ...]) -> None:
    from eventlet._outcome import raise_from_throw_args

    raise_from_throw_args(throw_args or (GreenletExit,))


def sleep(seconds: float = 0) -> None:
    """Let others run, for `seconds` at least; 0 (or less): until the hub's next turn. Switches.

    Raises TypeError if `seconds` is not a number, ValueError if it is NaN.
    """
    current = getcurrent()
    if type(current) is GreenThread:
        hub = current.hub
    else:
        hub = get_hub()
        if current is hub.greenlet:
            hub.check_may_block()
    if seconds == 0:
        hub._ready.append(current)
        try:
            if hub._left:
                hub._left -= 1
                hub._ready.popleft().switch()  # at least ourselves
            else:
                hub._switch()
        except BaseException:
            hub.unschedule(current)
            raise
        return
    timer = hub.call_later(seconds, current)
    try:
        while timer[1] is not None:
            if hub._left and hub._ready:
                hub._left -= 1
                hub._ready.popleft().switch()
            else:
                hub._switch()
    except BaseException:
        hub.cancel(timer)
        hub.unschedule(current)
        raise


class _Start:
    """The start of a green thread, in the ready queue."""

    __slots__ = ("task", "thread")

    def __init__(self, thread: GreenThread, task: list[Any]) -> None:
        self.thread = thread
        self.task = task

    def switch(self) -> Any:
        """Start it in the hub, as `InHub` does, at less cost."""
        thread = self.thread
        hub = thread.hub
        if getcurrent() is not hub.greenlet:
            hub._ready.appendleft(self)
            return hub._switch()
        return thread.switch(self.task)


def _new(hub: BaseHub) -> GreenThread:
    """Return a green thread with nothing to do, in a copy of the current context."""
    thread: GreenThread = take(hub) or GreenThread(hub.greenlet)  # type: ignore[assignment]
    thread.gr_context = copy_context()
    return thread


def spawn(func: Callable[..., Any], *args: Any, **kwargs: Any) -> GreenThread:
    """Have `func(*args, **kwargs)` run in a green thread of its own, soon; return that. Never switches.

    It starts with a copy of the current contextvars context. An exception is
    reported to stderr, and raised by `wait`. Raises TypeError if `func` is not callable.
    """
    if not callable(func):
        raise TypeError(f"spawn() needs something callable, not {type(func).__name__}")
    hub = get_hub()
    thread = _new(hub)
    thread._start = start = _Start(thread, [func, args, kwargs])
    hub._ready.append(start)
    if hub._polling:
        hub.wakeup()  # it is the code of a host, in whose loop the hub is embedded, that spawns
    return thread


#: Like `spawn`; upstream's lighter variant, whose result nobody may wait for. Here they are the same.
spawn_n = spawn


def spawn_after(seconds: float, func: Callable[..., Any], *args: Any, **kwargs: Any) -> GreenThread:
    """Like `spawn`, but `func` begins only after `seconds`; until then `cancel` works. Never switches."""
    return _spawn_later(Timer, seconds, func, args, kwargs)


def spawn_after_local(seconds: float, func: Callable[..., Any], *args: Any, **kwargs: Any) -> GreenThread:
    """Like `spawn_after`, but `func` does not begin if the current green thread is dead by then. Never switches."""
    return _spawn_later(LocalTimer, seconds, func, args, kwargs)


def _spawn_later(kind: type[Timer], seconds: float, func: Any, args: Any, kwargs: Any) -> GreenThread:
    if not callable(func):
        raise TypeError(f"spawn_after() needs something callable, not {type(func).__name__}")
    hub = get_hub()
    thread = _new(hub)
    timer = kind(seconds, thread.switch, [func, args, kwargs])
    thread._start = hub.add_timer(timer)
    return thread


def kill(g: greenlet, *throw_args: Any) -> None:
    """Raise GreenletExit (or what `throw_args`, as for `greenlet.throw`, say) in `g`, wherever it waits. Switches.

    If it has not begun it never will. Returns when `g` has ended, or blocks
    again; at once if it was dead. `g` may belong to another OS thread: then it is
    told to end, and this does not wait.
    """
    if g.dead:
        return
    current = getcurrent()
    if g is current:
        _throw_here(throw_args)
    hub = get_hub()
    home = getattr(g, "hub", hub)
    if home is not hub:
        home.call_soon(partial(_kill_if_alive, g, throw_args))
        return
    if current is hub.greenlet:
        g.throw(*throw_args)
        return
    if isinstance(g, GreenThread) and g._start is not None:
        g.throw(*throw_args)
        return
    switch_away(hub, g.throw, *throw_args)


def switch_away(hub: BaseHub, switch: Callable[..., Any], *args: Any) -> Any:
    """Return what `switch(*args)` does: switch to a green thread, which may leave the CPU to the hub. Switches."""
    resumption = _Resumption(getcurrent())
    hub._ready.append(resumption)  # as the other leaves the CPU to the hub, not to us
    try:
        return without_running_loop(switch, *args)  # it may be a coroutine that kills
    finally:
        if not resumption.done:
            hub.unschedule(resumption)


class _Resumption:
    """A greenlet in the ready queue, and whether it has been resumed since."""

    __slots__ = ("done", "greenlet")

    def __init__(self, resumed: greenlet) -> None:
        self.greenlet = resumed
        self.done = False

    def switch(self) -> Any:
        self.done = True
        return self.greenlet.switch()


def _kill_if_alive(g: greenlet, throw_args: tuple[Any, ...]) -> None:
    if not g.dead:
        g.throw(*throw_args)


def cancel(g: greenlet, *throw_args: Any) -> None:
    """Kill `g` if it has not begun; otherwise do nothing. Switches only if it kills."""
    if not g and not g.dead:
        kill(g, *throw_args)


def call_after_global(seconds: float, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Timer:
    """Start a green thread with `func` after `seconds`; return the timer, to cancel it. Never switches."""
    return get_hub().schedule_call_global(seconds, spawn, func, *args, **kwargs)


def call_after_local(seconds: float, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Timer:
    """Like `call_after_global`, but not if the current green thread is dead by then. Never switches."""
    return get_hub().schedule_call_local(seconds, spawn, func, *args, **kwargs)


call_after = call_after_local


def exc_after(seconds: float, *throw_args: Any) -> Timer:
    """Raise in the current green thread after `seconds`; return the timer. Prefer Timeout. Never switches."""
    return get_hub().schedule_call_local(seconds, getcurrent().throw, *throw_args)
