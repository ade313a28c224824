"""What a hub raises."""

from __future__ import annotations

import errno


class HubError(Exception):
    """A hub cannot be had: unknown name, missing library, or an object that is no hub.

    Raised by `use_hub` and `get_hub`; the previous hub, if any, stays in use.
    """


class IOClosed(OSError):
    """The file descriptor was closed, or its number re-used, while a green thread waited on it.

    Raised in the waiter. The object that was waited on is not usable any more.
    """

    def __init__(self, message: str = "file descriptor closed while a green thread was waiting on it") -> None:
        super().__init__(errno.EBADF, message)
