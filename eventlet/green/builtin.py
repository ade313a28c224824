"""builtins, with an `open` that tells the hub of new files."""

from __future__ import annotations

import builtins as _builtins

from eventlet import hubs
from eventlet.green._lookalike import look_like

__patched__ = ["open"]
__getattr__, __dir__ = look_like(globals(), _builtins)

_open = _builtins.open


def open(*args, **kwargs):
    """As the built-in; whoever still waits on an older file of the new one's number gets IOClosed. Never switches."""
    opened = _open(*args, **kwargs)
    hubs.notify_opened(opened.fileno())
    return opened
