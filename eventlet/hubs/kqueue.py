"""Hub backend on kqueue(2): macOS and the BSDs.

A kernel event is known by (fd, filter), and each direction is a filter of its own. EV_CLEAR makes one edge-triggered:
it is reported again only after something has happened again. EV_ADD of an event that exists modifies it, and makes the
kernel look anew whether it is ready, but does not change its kind: whether it has EV_CLEAR is settled when it is
made. Closing an fd deletes its events from the queue; unlike with epoll, also if the file is open elsewhere.

Each change is a call of its own with no room for events: then the kernel returns an error of it as errno, and not as an
event with EV_ERROR. Written by the manual pages of FreeBSD and macOS; tests/hubs/test_kqueue.py has an imitation of it.
"""

from __future__ import annotations

import errno
import stat

from eventlet._pristine import os, select
from eventlet.hubs._readiness import READABLE, WRITABLE
from eventlet.hubs.hub import BaseHub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from eventlet.hubs._timers import Clock
    from eventlet.hubs.hub import Events
    from eventlet.hubs.listener import FdListener

_kernel: Any = select  # of which type checkers elsewhere than on these systems know nothing

#: The bit that poll(2) calls POLLHUP: says that the peer has closed its side.
HUNG_UP = 0x010
#: What the kernel says of an event that is gone, because its fd was closed.
GONE = (errno.ENOENT, errno.EBADF)
#: What it says of files that it cannot watch. (The last two are one on some systems, and two on macOS.)
UNFIT = (errno.EINVAL, errno.ENODEV, errno.EOPNOTSUPP, errno.ENOTSUP)
#: Beside READABLE and WRITABLE in what is known of an fd: its events have EV_CLEAR.
LASTING = 0x100

#: What it needs where it is not available.
INSTALL = "macOS or a BSD"


def is_available() -> bool:
    """Whether the system has kqueue."""
    return hasattr(select, "kqueue")


class Hub(BaseHub):
    """Edge-triggered for sockets (two events each, for good), level-triggered for everything else."""

    name = "kqueue"
    edge_triggered = True
    knows_files = True
    #: How many events one call of kevent(2) may return.
    MAX_EVENTS = 1024

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        #: Queues of a parent process whose numbers were taken before we could drop them.
        self._not_ours: list[Any] = []
        self._open()

    def _open(self) -> None:
        self._queue: Any = _kernel.kqueue()
        #: Which directions of each fd are in the queue, and how: a hint, as the kernel forgets closed fds by itself.
        self._known: dict[int, int] = {}
        #: Events that the kernel told of as an error: reported by the next poll.
        self._told: list[tuple[int, int]] = []

    def report_at_most(self, count: int) -> None:
        self.MAX_EVENTS = count or type(self).MAX_EVENTS

    def fileno(self) -> int:
        """Return the number of the kqueue, an fd that is readable when it has events. Never switches."""
        return self._queue.fileno()  # type: ignore[no-any-return]

    def do_poll(self, seconds: float | None) -> Events:
        # kevent(2) takes a timespec: nothing to round.
        if self._told:
            seconds = 0
        found: dict[int, int] = {}
        read_filter, broken = _kernel.KQ_FILTER_READ, _kernel.KQ_EV_EOF | _kernel.KQ_EV_ERROR
        for event in self._queue.control(None, self.MAX_EVENTS, seconds):
            bits = READABLE if event.filter == read_filter else WRITABLE
            if event.flags & broken:
                # The end of what can be read, after what is still there; for a writer, that nobody reads any more.
                bits |= HUNG_UP
            found[event.ident] = found.get(event.ident, 0) | bits
        while self._told:
            fd, bits = self._told.pop()
            found[fd] = found.get(fd, 0) | bits
        return list(found.items())

    def set_interest(self, fd: int, events: int) -> None:
        if events == 0:
            self._delete(fd, READABLE | WRITABLE)
            self._known.pop(fd, None)
            return
        _check_kind(fd)
        known = self._known.get(fd, 0)
        if known & LASTING:
            self._delete(fd, known)
            known = 0
        self._add(fd, events, 0)
        self._delete(fd, known & ~events)
        self._known[fd] = events

    def set_lasting_interest(self, fd: int, again: bool = False) -> None:
        if again:
            # ENOENT if the fd was closed since, which has deleted them: this flag changes only what exists.
            self._control(fd, _kernel.KQ_FILTER_READ, _kernel.KQ_EV_ENABLE)
        else:
            _check_kind(fd)
            self._delete(fd, self._known.pop(fd, 0))  # of another kind, perhaps
        self._add(fd, READABLE | WRITABLE, _kernel.KQ_EV_CLEAR)
        self._known[fd] = READABLE | WRITABLE | LASTING

    def _add(self, fd: int, events: int, flags: int) -> None:
        try:
            for bit, kernel_filter in _filters(events):
                try:
                    self._control(fd, kernel_filter, _kernel.KQ_EV_ADD | flags)
                except BrokenPipeError:
                    # FreeBSD, for writing to a pipe that nobody reads any more: writing will say so.
                    self._told.append((fd, bit | HUNG_UP))
        except OSError as error:
            self._delete(fd, READABLE | WRITABLE)
            self._known.pop(fd, None)
            if error.errno in UNFIT:
                raise ValueError(f"kqueue cannot watch fd {fd} ({error.strerror}); EVENTLET_HUB=poll may") from error
            raise

    def _delete(self, fd: int, events: int) -> None:
        for _, kernel_filter in _filters(events):
            try:
                self._control(fd, kernel_filter, _kernel.KQ_EV_DELETE)
            except OSError as error:
                if error.errno not in GONE:
                    raise

    def _control(self, fd: int, kernel_filter: int, flags: int) -> None:
        # Without room for events, an error of a change is raised.
        self._queue.control([_kernel.kevent(fd, kernel_filter, flags)], 0, 0)

    def close(self) -> None:
        super().close()
        self._queue.close()

    def after_fork(self) -> None:
        # A child does not inherit a queue: its number is not open there. (Pythons that know this have closed the object
        # already.) If somebody has taken the number since the fork, closing ours would close theirs.
        queue = self._queue
        if not queue.closed:
            try:
                os.fstat(queue.fileno())
                self._not_ours.append(queue)
            except OSError:
                try:
                    queue.close()
                except OSError:
                    pass
        self._open()
        self.fileno_changes += 1
        super().after_fork()

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


def _filters(events: int) -> list[tuple[int, int]]:
    pairs = ((READABLE, _kernel.KQ_FILTER_READ), (WRITABLE, _kernel.KQ_FILTER_WRITE))
    return [(bit, kernel_filter) for bit, kernel_filter in pairs if events & bit]


def _check_kind(fd: int) -> None:
    """Raise OSError if `fd` is not open, PermissionError for regular files.

    kqueue calls those readable only where there is something left to read; poll(2), and who gets this error, always.
    """
    if stat.S_ISREG(os.fstat(fd).st_mode):
        raise PermissionError(errno.EPERM, "kqueue does not watch regular files as poll does")
