"""Green threads for network programs: blocking-style code, thousands at once, in one OS thread.

Importing this has no effects: no hub, no thread, no patching. What is heavy or seldom
needed (patching, resolving, TLS) is imported when it is first used.
"""

from __future__ import annotations

import importlib

import greenlet as greenlet

from eventlet import convenience as convenience
from eventlet import event as event
from eventlet import greenio as greenio
from eventlet import greenpool as greenpool
from eventlet import greenthread as greenthread
from eventlet import hubs as hubs
from eventlet import queue as queue
from eventlet import semaphore as semaphore
from eventlet import timeout as timeout
from eventlet._version import __version__ as __version__
from eventlet.convenience import StopServe, connect, listen, serve, wrap_ssl
from eventlet.event import Event
from eventlet.greenpool import GreenPile, GreenPool
from eventlet.greenthread import (
    GreenThread,
    call_after_global,
    exc_after,
    getcurrent,
    kill,
    sleep,
    spawn,
    spawn_after,
    spawn_after_local,
    spawn_n,
)
from eventlet.queue import Queue
from eventlet.semaphore import BoundedSemaphore, CappedSemaphore, Semaphore
from eventlet.timeout import Timeout, is_timeout, with_timeout, wrap_is_timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlet.patcher import import_patched, is_monkey_patched, monkey_patch

__all__ = [
    "BoundedSemaphore",
    "CappedSemaphore",
    "Event",
    "GreenPile",
    "GreenPool",
    "GreenThread",
    "Queue",
    "Semaphore",
    "StopServe",
    "Timeout",
    "call_after_global",
    "connect",
    "exc_after",
    "getcurrent",
    "import_patched",
    "is_monkey_patched",
    "is_timeout",
    "kill",
    "listen",
    "monkey_patch",
    "serve",
    "sleep",
    "spawn",
    "spawn_after",
    "spawn_after_local",
    "spawn_n",
    "with_timeout",
    "wrap_is_timeout",
    "wrap_ssl",
]

#: Upstream's name for the exception that timeouts raise.
TimeoutError = Timeout  # noqa: A001

_FROM_PATCHER = ("import_patched", "is_monkey_patched", "monkey_patch")
_MODULES = ("corolocal", "coros", "debug", "green", "lock", "parallel", "patcher", "pools", "support", "util")


def __getattr__(name: str) -> Any:
    """Import what is not needed by every program: PEP 562."""
    if name in _FROM_PATCHER:
        value = getattr(importlib.import_module("eventlet.patcher"), name)
    elif name in _MODULES:
        value = importlib.import_module(f"eventlet.{name}")
    else:
        raise AttributeError(f"module 'eventlet' has no attribute {name!r}")
    globals()[name] = value
    return value
