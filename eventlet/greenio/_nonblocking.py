"""Which files were made non-blocking here, so that green threads can wait for them.

Whoever makes a file non-blocking himself wants BlockingIOError, and gets it from the patched `os.read`. It must not get
there because a green pipe is behind the file.
"""

from __future__ import annotations

from typing import Any

from eventlet import _pristine
from eventlet.hubs._readiness import file_identity

_os = _pristine.os
#: By fd, so that it cannot grow for ever: an fd that was closed behind our back is overwritten by its next user.
_made: dict[int, Any] = {}


def set_nonblocking(fd: Any) -> None:
    """Make `fd`, a number or an object with `fileno()`, non-blocking at the OS level. Never switches.

    It is for green threads that way: `os.read` and `os.write` go on to wait for it, when patched.
    """
    fd = fd if isinstance(fd, int) else fd.fileno()
    _os.set_blocking(fd, False)
    _made[fd] = file_identity(fd)


def make_nonblocking(fd: int) -> None:
    """As `set_nonblocking`, but what is non-blocking already stays as whoever did that wants it."""
    if _os.get_blocking(fd):
        set_nonblocking(fd)


def was_made_here(fd: int) -> bool:
    """Whether the file behind `fd`, or behind an fd that it was duplicated from, is non-blocking for our sake."""
    identity = file_identity(fd)
    return identity is not None and identity in _made.values()


def forget(fd: int) -> None:
    """`fd` is about to be closed."""
    _made.pop(fd, None)
