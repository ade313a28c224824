"""Global patching under the names of eventlet's first releases, kept for callers.

Call them once, at the start of the program; afterwards plain users of the standard
modules cooperate. `monkey_patch` does all of it.
"""

from __future__ import annotations

from eventlet.patcher import monkey_patch

__all__ = [
    "wrap_pipes_with_coroutine_pipes",
    "wrap_select_with_coroutine_select",
    "wrap_socket_with_coroutine_socket",
    "wrap_threading_local_with_coro_local",
]


def wrap_socket_with_coroutine_socket(use_thread_pool: bool = True) -> None:
    """Make the standard socket and ssl modules cooperative, for the whole process. Never switches.

    Host names are always looked up on a pool of OS threads; `use_thread_pool` is there for old callers.
    """
    monkey_patch(socket=True)


def wrap_select_with_coroutine_select() -> None:
    """Make the standard select and selectors modules cooperative, for the whole process. Never switches."""
    monkey_patch(select=True)


def wrap_pipes_with_coroutine_pipes() -> None:
    """Make the standard os module's reading, writing and waiting for processes cooperative. Never switches."""
    monkey_patch(os=True)


def wrap_threading_local_with_coro_local() -> None:
    """Give each green thread its own attributes in every threading.local made from now on. Never switches.

    Threads stay OS threads.
    """
    import _thread
    import threading

    from eventlet.corolocal import local

    threading.local = _thread._local = local  # type: ignore[misc, assignment]
