"""asyncio's running loop: there is one per OS thread, while here several greenlets may each run one.

It is set while a loop runs. So whoever switches away from a loop's greenlet must hide it, or else the other
greenlets would seem to be coroutines of that loop: `asyncio.run` would refuse to work in them.
"""

from __future__ import annotations

import sys
from functools import cache

from eventlet import _pristine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class no_running_loop:
    """Context: no asyncio loop counts as running in this OS thread, nor a task; afterwards it is as before."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = take()

    def __exit__(self, *exc_info: object) -> None:
        put(*self._before)


def take() -> tuple[Any, Any]:
    """Return the loop that counts as running and its task, for `put`; from now on there is none. Never switches."""
    get, set_running, swap_task = _functions()
    loop, task = get(), None
    if loop is not None and swap_task is not None:
        task = swap_task(loop, None)
    set_running(None)
    return loop, task


def put(loop: Any, task: Any) -> None:
    """Have `loop` count as the running one, with `task`: what `take` returned. Never switches."""
    _, set_running, swap_task = _functions()
    set_running(loop)
    if task is not None and swap_task is not None:
        swap_task(loop, task)


def _is_loaded() -> bool:
    """Whether there may be a loop at all. Never switches."""
    # The package imports this one after `events` and `tasks`, which another OS thread may just be importing.
    return _pristine.is_loaded("asyncio.runners")


def without_running_loop(wait: Callable[..., Any], *args: Any) -> Any:
    """Return `wait(*args)`, during which no asyncio loop counts as running in this OS thread.

    For what blocks, and so may be called by a coroutine that does not care: others run meanwhile. Who is in no loop
    hides nothing, and restores nothing: the loop that counts as running may be another's by then.
    """
    if not _is_loaded() or not _runs_here():
        return wait(*args)
    with no_running_loop():
        return wait(*args)


def _runs_here() -> bool:
    get, _, _ = _functions()
    loop = get()
    if loop is None:
        return False
    # The loop's own record, made by the same function, which is green when patched. uvloop does not show it.
    ident = _threading().get_ident()
    return bool(getattr(loop, "_thread_id", ident) == ident)


@cache  # an `import` statement in each wait costs as much as the rest of it
def _threading() -> Any:
    from asyncio import events

    return vars(events)["threading"]


@cache
def _functions() -> tuple[Callable[[], Any], Callable[[Any], None], Callable[[Any, Any], Any] | None]:
    from asyncio import events, tasks  # whoever has a loop to hide has imported that

    # Since Python 3.14 an OS thread has one current task, and not each loop.
    swap_task = vars(tasks)["_swap_current_task"] if sys.version_info >= (3, 14) else None  # until 3.13 is dropped
    return events._get_running_loop, events._set_running_loop, swap_task
