"""Green threads wait for awaitables, and coroutines for green threads."""

from __future__ import annotations

import asyncio
import inspect
from functools import partial

from greenlet import GreenletExit

from eventlet import _pristine
from eventlet._asyncio.loop import BackgroundLoop, GreenSelector, loop_of, new_event_loop
from eventlet.event import Event
from eventlet.greenthread import GreenThread, spawn
from eventlet.hubs import get_hub
from eventlet.hubs._current import has_hub
from eventlet.hubs._embedding import Embedding, embed
from eventlet.hubs.errors import HubError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Generator
    from typing import Any, Callable, TypeVar

    Result = TypeVar("Result")


class Cancelled(GreenletExit, asyncio.CancelledError):
    """Raised by `wait` of a green thread whose awaitable was cancelled: what asyncio and what killing raises."""


def spawn_for_awaitable(coroutine: Awaitable[Any]) -> GreenThread:
    """Return a green thread that ends when `coroutine`, or any awaitable, does, with its result or exception.

    Never switches.

    It runs on this thread's asyncio loop: the hub's, if that is an asyncio hub or embedded in an asyncio
    loop; otherwise a loop that runs in a green thread of its own from now on. A future or task must
    belong to that loop.

    Killing the green thread cancels the awaitable. If that is cancelled, `wait` raises an
    exception that is both a CancelledError and a GreenletExit.

    Raises TypeError if `coroutine` is not awaitable.
    """
    if not inspect.isawaitable(coroutine):
        raise TypeError(f"spawn_for_awaitable() needs an awaitable, not {type(coroutine).__name__}")
    hub = get_hub()
    loop = loop_of(hub)
    future = asyncio.ensure_future(coroutine, loop=loop)
    _nudge(loop)
    thread = spawn(_wait_for, future)
    thread.link(_cancel, future, loop)
    return thread


def _nudge(loop: Any) -> None:
    """Have `loop` look at its callbacks: it may be waiting, in a green thread, and not know of a new one."""
    loop.call_soon_threadsafe(_nothing)


def _nothing() -> None:
    """Does nothing: a callback that ends the wait of a loop."""


def _wait_for(future: asyncio.Future[Any]) -> Any:
    done = Event()
    future.add_done_callback(lambda _: done.send())
    if not future.done():
        done.wait()
    if future.cancelled():
        raise Cancelled()
    return future.result()


def _cancel(_thread: GreenThread, future: asyncio.Future[Any], loop: Any) -> None:
    """The green thread has ended: so must what it was for."""
    if not future.done() and not loop.is_closed():
        future.cancel()
        _nudge(loop)


# ---- the other way


def await_thread(thread: GreenThread) -> Generator[Any, None, Any]:
    """`GreenThread.__await__`: see there."""
    loop = asyncio.get_running_loop()
    if not loop_lets_hub_run(loop):
        adopt()
    future: asyncio.Future[Any] = loop.create_future()
    future.add_done_callback(partial(_kill_if_cancelled, thread))
    link = partial(thread.link, partial(_pass_on, loop=loop, future=future))
    if thread.hub._thread_id == _pristine.thread.get_ident():
        link()
    else:
        thread.hub.call_soon(link)
    return future.__await__()


def _pass_on(thread: GreenThread, loop: Any, future: asyncio.Future[Any]) -> None:
    """Give `future` the outcome of `thread`, which has ended. Called in the thread's hub."""
    outcome = thread._outcome
    assert outcome is not None
    if outcome.error is None:
        _settle(loop, future, outcome.value, None)
    else:
        _settle(loop, future, None, outcome.error[1])


def _settle(loop: Any, future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(_settle_here, future, value, error)


def _settle_here(future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    elif isinstance(error, (GreenletExit, asyncio.CancelledError)):
        future.cancel()
    elif isinstance(error, StopIteration):
        replacement = RuntimeError("the green thread raised StopIteration, which a coroutine cannot")
        replacement.__cause__ = error
        future.set_exception(replacement)
    else:
        future.set_exception(error)


def _kill_if_cancelled(thread: GreenThread, future: asyncio.Future[Any]) -> None:
    if future.cancelled() and not thread.dead:
        thread.hub.call_soon(partial(_kill, thread))


def _kill(thread: GreenThread) -> None:
    if not thread.dead:
        thread.throw()


async def to_green(function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    """Run `function`, which may block as green code does, in a green thread; return its result, or raise its exception.

    Meanwhile the loop goes on. The running loop hosts the hub from then on, as after `adopt`. The function sees a
    copy of the caller's contextvars. Cancelling the caller kills the green thread.

    Raises TypeError if `function` cannot be called, and what `adopt` raises.
    """
    if not callable(function):
        raise TypeError(f"to_green() needs something callable, not {type(function).__name__}")
    loop = asyncio.get_running_loop()
    if not loop_lets_hub_run(loop):
        adopt()
    future: asyncio.Future[Any] = loop.create_future()

    def run() -> None:
        try:
            value, error = function(*args, **kwargs), None
        except BaseException as caught:
            value, error = None, caught
        _settle(loop, future, value, error)

    thread = spawn(run)
    if thread.hub._polling:
        thread.hub.wakeup()
    try:
        return await future  # type: ignore[no-any-return]
    finally:
        _kill_if_cancelled(thread, future)


# ---- whose loop


def loop_lets_hub_run(loop: Any) -> bool:
    """Whether green threads of this OS thread run while `loop` does."""
    if not has_hub():
        return False
    hub = get_hub()
    for dependant in hub._dependants:
        if isinstance(dependant, Embedding) and dependant.host.asyncio_loop is loop:
            return True
        if isinstance(dependant, BackgroundLoop) and dependant.loop is loop:
            return True
    selector = getattr(loop, "_selector", None)
    return isinstance(selector, GreenSelector) or type(getattr(selector, "_selector", None)).__module__.startswith(
        "eventlet.green."
    )


def adopt() -> Embedding | None:
    """Let the running asyncio loop host this thread's hub: from then on green threads run whenever the loop does.

    To be called in a coroutine or callback. Returns the embedding, to be closed if the loop ends before the
    program does; None if green threads run in this loop already. Never switches.

    Raises RuntimeError if no loop is running, and HubError if the thread's hub has a loop of its own, or
    cannot be embedded.
    """
    loop = asyncio.get_running_loop()
    if loop_lets_hub_run(loop):
        return None
    hub = get_hub()
    for dependant in list(hub._dependants):
        if isinstance(dependant, Embedding):
            if dependant.host.asyncio_loop is None or dependant.host.is_running():
                raise HubError(f"the hub of this thread is embedded in another loop: {dependant.host!r}")
            dependant.close()  # asyncio.run() once more: the loop before this one has ended
    return embed(loop, hub)


def run(main: Coroutine[Any, Any, Result], *, debug: bool | None = None) -> Result:
    """As asyncio.run, in a green thread: other green threads go on meanwhile, and may do the same. Switches.

    Raises RuntimeError if called from a coroutine.
    """
    if asyncio._get_running_loop() is not None:
        raise RuntimeError("eventlet.asyncio.run() cannot be called from a running event loop: await instead")
    if not asyncio.iscoroutine(main):
        raise ValueError(f"a coroutine was expected, got {main!r}")
    get_hub().check_may_block()
    loop = new_event_loop()
    if debug is not None:
        loop.set_debug(debug)
    try:
        return loop.run_until_complete(main)
    finally:
        _end(loop)


def _end(loop: asyncio.AbstractEventLoop) -> None:
    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        for task in tasks:
            if not task.cancelled() and task.exception() is not None:
                message = "unhandled exception while a loop is closed"
                loop.call_exception_handler({"message": message, "exception": task.exception(), "task": task})
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
