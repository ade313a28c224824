"""asyncio's running loop: there is one per OS thread, while here several greenlets may each run one.

It is set while a loop runs. So whoever switches away from a loop's greenlet must hide it, or else the other
greenlets would seem to be coroutines of that loop: `asyncio.run` would refuse to work in them.
"""

from __future__ import annotations

from functools import cache

from eventlet import _pristine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class no_running_loop:
    """Context: no asyncio loop counts as running in this OS thread; afterwards it is as before."""

    __slots__ = ("_loop", "_set")

    def __enter__(self) -> None:
        get, self._set = _functions()
        self._loop: Any = get()
        self._set(None)

    def __exit__(self, *exc_info: object) -> None:
        self._set(self._loop)


def without_running_loop(wait: Callable[..., Any], *args: Any) -> Any:
    """Return `wait(*args)`, during which no asyncio loop counts as running in this OS thread.

    For what blocks, and so may be called by a coroutine that does not care: others run meanwhile.
    """
    if not _pristine.is_loaded("asyncio.events"):
        return wait(*args)
    with no_running_loop():
        return wait(*args)


@cache
def _functions() -> tuple[Callable[[], Any], Callable[[Any], None]]:
    from asyncio import events  # whoever has a loop to hide has imported that

    return events._get_running_loop, events._set_running_loop
