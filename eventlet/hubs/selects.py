"""Hub backend on select(2): everywhere, but only for fds below FD_SETSIZE (1024 mostly)."""

from __future__ import annotations

from eventlet._pristine import os, select
from eventlet.hubs._readiness import BROKEN, READABLE, WRITABLE
from eventlet.hubs.hub import BaseHub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from eventlet.hubs._timers import Clock
    from eventlet.hubs.hub import Events

#: Up to here every select(2) can watch; past it, it is asked.
_SURE = 1024

#: What it needs where it is not available.
INSTALL = "select(2)"


def is_available() -> bool:
    """Whether the system has select (all have)."""
    return hasattr(select, "select")


class Hub(BaseHub):
    """Level-triggered. An fd number that select(2) cannot watch is a ValueError where it is waited for."""

    name = "selects"

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self._read_fds: set[int] = set()
        self._write_fds: set[int] = set()

    def do_poll(self, seconds: float | None) -> Events:
        try:
            readable, writable, _ = select.select(self._read_fds, self._write_fds, (), seconds)
        except OSError:
            broken = self._closed_fds()
            if not broken:
                raise
            return broken
        events: dict[int, int] = dict.fromkeys(readable, READABLE)
        for fd in writable:
            events[fd] = events.get(fd, 0) | WRITABLE
        return list(events.items())

    def _closed_fds(self) -> Events:
        """Say which fds made select(2) fail with EBADF: it does not tell."""
        broken = []
        for fd in self._read_fds | self._write_fds:
            try:
                os.fstat(fd)
            except OSError:
                broken.append((fd, BROKEN))
        return broken

    def set_interest(self, fd: int, events: int) -> None:
        if events:
            os.fstat(fd)
            if fd >= _SURE:
                self._check_range(fd)
        for bit, fds in ((READABLE, self._read_fds), (WRITABLE, self._write_fds)):
            if events & bit:
                fds.add(fd)
            else:
                fds.discard(fd)

    def _check_range(self, fd: int) -> None:
        try:
            select.select([fd], (), (), 0)
        except ValueError:
            raise ValueError(
                f"fd {fd} is more than select(2) can watch (it stops at {_SURE}); "
                "use another hub, such as EVENTLET_HUB=poll"
            ) from None

    def after_fork(self) -> None:
        self._read_fds.clear()
        self._write_fds.clear()
        super().after_fork()
