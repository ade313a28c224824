"""OS threads that are nobody's business: those that do the library's own blocking calls."""

from __future__ import annotations

import _thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_start_new_thread = _thread.start_new_thread
_get_ident = _thread.get_ident

#: Identifiers of those that run. A set's single operations are atomic.
_running: set[int] = set()
#: One item for each call that somebody waits for.
jobs: list[None] = []


def start(function: Callable[..., object], args: tuple[Any, ...]) -> None:
    """Call `function(*args)` in a new OS thread, which threading knows nothing of. Raises RuntimeError."""
    _start_new_thread(_run, (function, args))


def count() -> int:
    """Return how many of them run. Never switches."""
    return len(_running)


def forget_after_fork() -> None:
    """They run in the parent only; a new one may get the identifier of one that is not here. Never switches."""
    ident = _get_ident()
    has_forked = ident in _running  # one of them, which goes on in the child with its call
    _running.clear()
    jobs.clear()
    if has_forked:
        _running.add(ident)
        jobs.append(None)


def _run(function: Callable[..., object], args: tuple[Any, ...]) -> None:
    ident = _get_ident()
    _running.add(ident)
    try:
        function(*args)
    finally:
        _running.discard(ident)
