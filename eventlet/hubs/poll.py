"""Hub backend on poll(2), for Unix systems with neither epoll nor kqueue.

The kernel keeps no state between calls, so an fd that was closed shows up as
POLLNVAL in the next poll, not as an error in `set_interest`.
"""

from __future__ import annotations

import math

from eventlet._pristine import os, select
from eventlet.hubs.hub import BaseHub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from eventlet.hubs._timers import Clock
    from eventlet.hubs.hub import Events
    from eventlet.hubs.listener import FdListener

#: What it needs where it is not available.
INSTALL = "a Unix (Linux, macOS, BSD)"


def is_available() -> bool:
    """Whether the system has poll."""
    return hasattr(select, "poll")


class Hub(BaseHub):
    """Level-triggered, without a limit on fd numbers. Each poll costs time in proportion to the fds watched."""

    name = "poll"

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self._open()

    def _open(self) -> None:
        self._poller = select.poll()

    def do_poll(self, seconds: float | None) -> Events:
        # poll(2) counts whole milliseconds: round up.
        return self._poller.poll(None if seconds is None else math.ceil(seconds * 1000))  # type: ignore[no-any-return]

    def set_interest(self, fd: int, events: int) -> None:
        if events == 0:
            self._poller.unregister(fd)
        else:
            os.fstat(fd)  # the kernel would report a closed fd only later
            self._poller.register(fd, events)  # READABLE and WRITABLE are POLLIN and POLLOUT

    def register(self, fileno: int, new: bool = False) -> None:
        """Tell the poller anew what is waited for on `fileno`: upstream's step, not needed after `add`."""
        record = self._records.get(fileno)
        if record is not None and record.armed:
            self.set_interest(fileno, record.armed)

    def add(
        self,
        evtype: str,
        fileno: int,
        cb: Callable[..., object],
        tb: Callable[..., object],
        mac: Callable[[], object] | None,
    ) -> FdListener:
        """`BaseHub.add`, with upstream's name for the last parameter of this hub."""
        return super().add(evtype, fileno, cb, tb, mac)

    def after_fork(self) -> None:
        self._open()
        super().after_fork()
