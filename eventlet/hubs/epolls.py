"""Hub backend on epoll(7): Linux. The default where it exists."""

from __future__ import annotations

from functools import partial

from eventlet._pristine import select
from eventlet.hubs.hub import READABLE, WRITABLE, BaseHub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from eventlet.hubs._timers import Clock
    from eventlet.hubs.hub import Events
    from eventlet.hubs.listener import FdListener

#: What it needs where it is not available.
INSTALL = "Linux"


def is_available() -> bool:
    """Whether the system has epoll."""
    return hasattr(select, "epoll")


class Hub(BaseHub):
    """Edge-triggered for sockets (one registration each), level-triggered for everything else.

    The event bits of epoll are those of poll(2), so events pass through as they are.
    """

    name = "epolls"
    edge_triggered = True
    knows_files = True

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self._masks: dict[int, int] = {}
        self._most_events = 0
        self._open()

    def _open(self) -> None:
        self._poller = select.epoll()
        self._renew_poll()
        # EPOLLRDHUP: the peer has shut down its side. EPOLLPRI: urgent data, at
        # whose mark reads come out short without the socket being drained.
        self._lasting = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLPRI | select.EPOLLET

    def _renew_poll(self) -> None:
        poll = self._poller.poll
        self._poll = partial(poll, maxevents=self._most_events) if self._most_events else poll

    def report_at_most(self, count: int) -> None:
        # The kernel goes on with those that were not reported: nobody is forgotten.
        self._most_events = count
        self._renew_poll()

    def fileno(self) -> int:
        """Return the number of the epoll set, an fd that is readable when it has events. Never switches."""
        return self._poller.fileno()  # type: ignore[no-any-return]

    def do_poll(self, seconds: float | None) -> Events:
        # epoll_wait(2) counts milliseconds; Python rounds them up (since 3.5).
        return self._poll(-1 if seconds is None else seconds)  # type: ignore[no-any-return]

    def set_interest(self, fd: int, events: int) -> None:
        if events:
            self._register(fd, events & (READABLE | WRITABLE))
            return
        known = self._masks.pop(fd, None) is not None
        if known:
            try:
                self._poller.unregister(fd)
                return
            except FileNotFoundError:
                pass  # the number means another file by now
        self._start_over()

    def set_lasting_interest(self, fd: int, again: bool = False) -> None:
        if again:
            self._poller.modify(fd, self._lasting)  # modifying re-arms; ENOENT: another file by now
        else:
            self._register(fd, self._lasting)

    def _register(self, fd: int, mask: int) -> None:
        # What is in `_masks` is a hint only: the number may have been closed and re-used.
        try:
            if fd in self._masks:
                self._poller.modify(fd, mask)
            else:
                self._poller.register(fd, mask)
            self._masks[fd] = mask
        except FileNotFoundError:
            del self._masks[fd]
            self._poller.register(fd, mask)
            self._masks[fd] = mask
            self._start_over()
        except FileExistsError:
            self._poller.modify(fd, mask)
            self._masks[fd] = mask

    def _start_over(self) -> None:
        """Make a new epoll set.

        A file that was closed behind our back, but that somebody else still has open, stays
        in the set and cannot be taken out, as that needs its number: epoll(7), question 6.
        """
        old = self._poller
        self._poller = select.epoll()
        self._renew_poll()
        self.fileno_changes += 1
        old.close()
        for fd, mask in list(self._masks.items()):
            try:
                self._poller.register(fd, mask)
            except OSError:
                del self._masks[fd]  # closed as well

    def close(self) -> None:
        super().close()
        self._poller.close()

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
        # The epoll set is shared with the parent: leave it as it is, and make another.
        self._poller.close()
        self._masks.clear()
        self._open()
        self.fileno_changes += 1
        super().after_fork()
