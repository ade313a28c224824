"""The hub: this OS thread's event loop, and the choice among its backends."""

from __future__ import annotations

from eventlet.hubs._current import (
    available_hubs as available_hubs,
)
from eventlet.hubs._current import (
    get_default_hub as get_default_hub,
)
from eventlet.hubs._current import (
    get_hub as get_hub,
)
from eventlet.hubs._current import (
    has_hub as has_hub,
)
from eventlet.hubs._current import (
    use_hub as use_hub,
)
from eventlet.hubs._embedding import embed as embed
from eventlet.hubs._waiting import trampoline as trampoline
from eventlet.hubs.errors import HubError as HubError
from eventlet.hubs.errors import IOClosed as IOClosed

__all__ = [
    "HubError",
    "IOClosed",
    "available_hubs",
    "embed",
    "get_default_hub",
    "get_hub",
    "notify_close",
    "notify_opened",
    "trampoline",
    "use_hub",
]


def notify_close(fd: int) -> None:
    """`fd` is about to be closed: green threads of this OS thread that wait on it get IOClosed. Never switches."""
    get_hub().notify_close(fd)


def notify_opened(fd: int) -> None:
    """`fd` was just opened: whoever still waits on an older file of that number gets IOClosed. Never switches."""
    get_hub().mark_as_reopened(fd)
