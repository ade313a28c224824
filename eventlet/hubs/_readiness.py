"""Who waits on which file descriptor, and what is known about its readiness.

Every watched fd has one `FdRecord` in its hub. There are two kinds:

*Lasting* records belong to a green socket or pipe. They are registered when
their owner first has to wait, stay until it is closed, and remember readiness,
so that a system call which is bound to fail is not tried and a wait costs no
system call:

* an edge-triggered backend (epoll, kqueue) registers both directions once;
* a level-triggered one arms a direction when somebody waits, leaves it armed
  after the wake-up, and disarms it when an event finds nobody waiting.

*Foreign* records (`trampoline`, `hub.add`: fds that other code owns) live as long
as somebody waits, with level-triggered interest in just what is waited for.

A waiter is a callable in the record's `reader` or `writer` slot. The hub takes
it out and calls it with nothing when the fd is ready, or with TIMED_OUT or
CLOSED. Mostly it is `greenlet.switch` itself, which is why a wake-up is one call.

An fd number can be closed and re-used behind the hub's back. Numbers are
therefore never trusted alone: each record knows the identity (device and inode)
of the file it was registered for, and a new owner of the number replaces it.
"""

from __future__ import annotations

from functools import partial

from greenlet import getcurrent

from eventlet import _pristine
from eventlet.hubs._ready import ReadyQueue
from eventlet.hubs.errors import IOClosed
from eventlet.hubs.listener import READ, WRITE, FdListener

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional

    from eventlet.hubs._timers import Clock, Entry

    Identity = Optional[tuple[int, int]]
    Wake = Callable[..., object]

#: Event bits, with the values that poll(2) gives them on Linux, macOS and the BSDs.
#: Every other bit (error, hang-up, invalid fd) makes both directions ready: the
#: system call that the woken green thread makes next reports it properly.
READABLE = 0x001
WRITABLE = 0x004
BROKEN = 0x008


class Signal:
    """What a waiter is told instead of "ready"."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


TIMED_OUT = Signal("TIMED_OUT")
CLOSED = Signal("CLOSED")


class FdRecord:
    """What one hub knows about one file descriptor.

    Invariant: a direction that is neither marked ready nor armed has no waiter.
    Touched by its hub's thread only, except for closing.
    """

    __slots__ = (
        "fd", "hub", "lasting", "identity", "armed",
        "reader", "writer", "readable", "writable", "eof",
        "read_deadline", "write_deadline", "timer", "visitors",
    )  # fmt: skip

    def __init__(self, fd: int, lasting: bool = True) -> None:
        self.fd = fd
        self.hub: Readiness | None = None
        self.lasting = lasting
        self.identity: Identity = None
        self.armed = 0
        self.reader: Wake | None = None
        self.writer: Wake | None = None
        # Unknown yet, so try first.
        self.readable = True
        self.writable = True
        #: The peer has hung up, or something broke: a short read proves nothing any more.
        self.eof = False
        self.read_deadline: float | None = None
        self.write_deadline: float | None = None
        self.timer: Entry | None = None
        #: Hubs of other threads, once for each green thread that waits there on this fd.
        self.visitors: list[Readiness] | None = None

    def __repr__(self) -> str:
        return f"<FdRecord fd={self.fd} armed={self.armed:#x} reader={self.reader!r} writer={self.writer!r}>"


class Crowd:
    """Several waiters in one slot: possible only when the check for a second one is off."""

    __slots__ = ("hub", "members")

    def __init__(self, hub: Readiness, members: list[Wake]) -> None:
        self.hub = hub
        self.members = members

    def __call__(self, *signal: Signal) -> None:
        for member in self.members:
            self.hub.call_soon(partial(member, *signal) if signal else member)


class Readiness(ReadyQueue):
    """The table of records, and waiting on it. `hubs.hub.BaseHub` completes it."""

    #: Whether `set_lasting_interest` is there: see hubs/hub.py.
    edge_triggered = False
    #: Whether the backend watches files, not numbers: closing a file ends the watch on it, and a new one under its
    #: number is not reported. So it is with sets that the kernel keeps (epoll, kqueue), not where each poll names fds.
    knows_files = False
    #: Whether a second reader (or writer) of an fd is an error. Set on the class, for all hubs.
    prevent_multiple_readers = True

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._records: dict[int, FdRecord] = {}
        #: fds whose record was replaced or dropped while events were being handed out.
        self._stale: set[int] = set()

    # What hubs.hub and the backends add: see the contract in hubs/hub.py.
    def set_interest(self, fd: int, events: int) -> None:
        raise NotImplementedError

    def set_lasting_interest(self, fd: int, again: bool = False) -> None:
        raise NotImplementedError

    def check_may_block(self) -> None:
        raise NotImplementedError

    # ---- registering

    def enter(self, record: FdRecord) -> None:
        """Make `record` the one for its fd, in place of any older one. Never switches."""
        old = self._records.get(record.fd)
        if old is not None:
            identity = file_identity(record.fd)
            if old.lasting or old.identity != identity:
                self.drop(old)
            else:
                self._take_over(old, record)
        record.hub = self
        self._records[record.fd] = record
        if not self.edge_triggered:
            record.identity = file_identity(record.fd)

    def _take_over(self, foreign: FdRecord, record: FdRecord) -> None:
        """The owner of an fd comes to wait while others already do: let them stay."""
        self.set_interest(record.fd, 0)
        record.reader, record.writer = foreign.reader, foreign.writer
        record.armed = 0
        for wake in (foreign.reader, foreign.writer):
            if isinstance(wake, FdListener):
                wake.record = record
        if record.reader is not None:
            self.arm(record, READABLE)
        if record.writer is not None:
            self.arm(record, WRITABLE)

    def arm(self, record: FdRecord, event: int) -> None:
        """Have the backend report `event` for `record`. Never switches."""
        try:
            if record.lasting and self.edge_triggered:
                self.set_lasting_interest(record.fd, again=bool(record.armed))
                record.armed = READABLE | WRITABLE
            else:
                self.set_interest(record.fd, record.armed | event)
                record.armed |= event
        except PermissionError:
            # epoll and kqueue refuse regular files, which poll(2) calls always ready.
            self.call_soon(partial(self.deliver, record, event))

    def deliver(self, record: FdRecord, events: int) -> None:
        """Hand `events` to whoever waits for them, or remember them. Called in the hub."""
        if events & ~WRITABLE:
            if events & ~(READABLE | WRITABLE):
                record.eof = True
            wake = record.reader
            if wake is not None:
                record.reader = None
                wake()
            else:
                record.readable = True
                if record.armed and not self.edge_triggered:
                    self.disarm(record, READABLE)
        if events & ~READABLE:
            wake = record.writer
            if wake is not None:
                record.writer = None
                wake()
            else:
                record.writable = True
                if record.armed and not self.edge_triggered:
                    self.disarm(record, WRITABLE)

    def disarm(self, record: FdRecord, event: int) -> None:
        """Stop asking for `event`, which nobody waits for; forget a foreign record without waiters."""
        if record.lasting and self.edge_triggered:
            return
        was_armed = record.armed
        record.armed &= ~event
        unused = not record.armed and record.reader is None and record.writer is None
        if unused and not record.lasting and self._records.get(record.fd) is record:
            del self._records[record.fd]
        if record.armed != was_armed:
            self._quietly_set_interest(record.fd, record.armed)

    def drop(self, record: FdRecord) -> None:
        """Forget `record`; whoever waits on it gets IOClosed. From any thread; never switches."""
        fd = record.fd
        if self._records.get(fd) is record:
            del self._records[fd]
            self._stale.add(fd)
            if record.armed:
                # Closing an fd removes it from an epoll set only if no other
                # process or dup() holds the same file: epoll(7), question 6.
                self._quietly_set_interest(fd, 0)
                if self._polling and not self.edge_triggered:
                    # Another thread closes it. While poll(2) or select(2) sleeps it
                    # holds the file, so that the peer would see no end until it returns.
                    self.wakeup()
        record.armed = 0
        for hub in tuple(record.visitors or ()):
            foreign = hub._records.get(fd)
            if foreign is not None:
                hub.drop(foreign)
        if record.timer is not None:
            self.cancel(record.timer)
            record.timer = None
        reader, writer = record.reader, record.writer
        record.reader = record.writer = None
        for wake in (reader, writer):
            if wake is not None:
                self.call_soon(partial(wake, CLOSED))

    def _quietly_set_interest(self, fd: int, events: int) -> None:
        try:
            self.set_interest(fd, events)
        except (OSError, ValueError, KeyError):
            pass  # the fd is closed already, or belongs to a file that was never registered

    def forget_all_after_fork(self) -> None:
        for record in self._records.values():
            record.hub = None
            record.armed = 0
            record.reader = record.writer = record.timer = None
            record.readable = record.writable = True
        self._records.clear()

    # ---- the owner of a lasting record waits

    def wait_readable(self, record: FdRecord, deadline: float | None) -> bool:
        """Park until `record`'s fd can be read; return False if `deadline` came first. Switches.

        Raises IOClosed when the fd is closed meanwhile, RuntimeError when another
        green thread already waits to read it.
        """
        if record.hub is not self and not self._claim(record):
            return self._wait_as_visitor(READ, record, deadline)
        if record.reader is not None:
            self._check_second(record, READ, record.reader)
            return self.wait_once(READ, record.fd, deadline)
        if not record.armed & READABLE:
            self.arm(record, READABLE)
        record.read_deadline = deadline
        if deadline is not None:
            timer = record.timer
            if timer is None or timer[0] > deadline:
                self._set_timer(record, deadline)
        current = getcurrent()
        if current is self.greenlet:
            self.check_may_block()
        record.reader = wake = current.switch
        try:
            signal = self._switch()
            while record.reader is not None and _is_among(wake, record.reader):
                signal = self._switch()  # that was not for us: a waker from another thread came too late
        except BaseException:
            self._withdraw(record, READ, wake)
            raise
        if signal is CLOSED:
            raise IOClosed()
        if not self.knows_files:
            self._check_identity(record)
        return signal is not TIMED_OUT

    def wait_writable(self, record: FdRecord, deadline: float | None) -> bool:
        """Park until `record`'s fd can be written; otherwise like `wait_readable`. Switches."""
        if record.hub is not self and not self._claim(record):
            return self._wait_as_visitor(WRITE, record, deadline)
        if record.writer is not None:
            self._check_second(record, WRITE, record.writer)
            return self.wait_once(WRITE, record.fd, deadline)
        if not record.armed & WRITABLE:
            self.arm(record, WRITABLE)
        record.write_deadline = deadline
        if deadline is not None:
            timer = record.timer
            if timer is None or timer[0] > deadline:
                self._set_timer(record, deadline)
        current = getcurrent()
        if current is self.greenlet:
            self.check_may_block()
        record.writer = wake = current.switch
        try:
            signal = self._switch()
            while record.writer is not None and _is_among(wake, record.writer):
                signal = self._switch()  # that was not for us: a waker from another thread came too late
        except BaseException:
            self._withdraw(record, WRITE, wake)
            raise
        if signal is CLOSED:
            raise IOClosed()
        if not self.knows_files:
            self._check_identity(record)
        return signal is not TIMED_OUT

    def _wait_as_visitor(self, evtype: str, record: FdRecord, deadline: float | None) -> bool:
        """Wait on the fd of a record that lives in another thread's hub, and there stays."""
        record.eof = True  # who finds it drained here does not know what the other hub has noted since
        if record.visitors is None:
            record.visitors = []
        record.visitors.append(self)
        try:
            return self.wait_once(evtype, record.fd, deadline)
        finally:
            record.visitors.remove(self)

    def _check_identity(self, record: FdRecord) -> None:
        """Raise IOClosed if `record`'s fd was closed behind its owner's back: the data is for another file now.

        Backends that know files never report this.
        """
        if record.identity != file_identity(record.fd):
            self.drop(record)
            record.hub = None
            raise IOClosed()

    def _claim(self, record: FdRecord) -> bool:
        """Try to make `record` ours; False if it lives in the hub of another, running thread."""
        if record.hub is not None:
            if not record.hub.is_closed():
                return False
            # That hub will never wake anybody again: neither who waits there nor its timer counts.
            record.reader = record.writer = record.timer = None
        record.armed = 0
        self.enter(record)
        return True

    def is_closed(self) -> bool:
        raise NotImplementedError

    def _set_timer(self, record: FdRecord, deadline: float) -> None:
        # One timer for all of a record's deadlines. A wait that ends in time
        # leaves it; when it fires too early for the present wait it is renewed.
        if record.timer is not None:
            self.cancel(record.timer)
        record.timer = self.call_at(deadline, partial(self._expire, record))

    def _expire(self, record: FdRecord) -> None:
        record.timer = None
        now = self.clock()
        read_deadline = record.read_deadline if record.reader is not None else None
        write_deadline = record.write_deadline if record.writer is not None else None
        later = [deadline for deadline in (read_deadline, write_deadline) if deadline is not None and deadline > now]
        if later:
            self._set_timer(record, min(later))
        if read_deadline is not None and read_deadline <= now:
            wake = self._take_owner(record, "reader")
            if wake is not None:
                wake(TIMED_OUT)
        # The reader has run meanwhile: look at the writer anew.
        if record.writer is not None and record.write_deadline is not None and record.write_deadline <= now:
            wake = self._take_owner(record, "writer")
            if wake is not None:
                wake(TIMED_OUT)

    def _take_owner(self, record: FdRecord, slot: str) -> Wake | None:
        """Take the green thread that the record's deadline is for out of `slot`; others there have their own timers."""
        holder = getattr(record, slot)
        for wake in getattr(holder, "members", [holder]):
            if not isinstance(wake, FdListener):
                if wake is holder:
                    setattr(record, slot, None)
                else:
                    holder.members.remove(wake)
                return wake  # type: ignore[no-any-return]
        return None

    # ---- anybody waits, on any fd

    def add_listener(self, listener: FdListener) -> None:
        """Let `listener` be called when its fd is ready, at once if it is ready now. Never switches."""
        fd = listener.fileno
        record = self._records.get(fd)
        if record is not None and not self._is_current(record):
            self.drop(record)
            record = None
        if record is None:
            record = FdRecord(fd, lasting=False)
            record.hub = self
            record.identity = file_identity(fd)
        slot, event = ("reader", READABLE) if listener.evtype == READ else ("writer", WRITABLE)
        other = getattr(record, slot)
        if other is not None and not listener.shared:
            self._check_second(record, listener.evtype, other)
        if not record.armed & event:
            self.arm(record, event)
        elif record.lasting and self.edge_triggered:
            self.set_lasting_interest(fd, again=True)  # readiness that is there now shall be seen
        self._records[fd] = record
        listener.record = record
        self.put_in_slot(record, slot, listener)

    def put_in_slot(self, record: FdRecord, slot: str, wake: Wake) -> None:
        """Let `wake` wait in `record`, beside who already does. Never switches."""
        other = getattr(record, slot)
        if other is None:
            setattr(record, slot, wake)
        elif isinstance(other, Crowd):
            other.members.append(wake)
        else:
            setattr(record, slot, Crowd(self, [other, wake]))

    def _is_current(self, record: FdRecord) -> bool:
        """Whether `record`'s fd still is the file that it was registered for."""
        if record.lasting and record.armed and self.edge_triggered:
            try:
                self.set_lasting_interest(record.fd, again=True)
            except OSError:
                return False
            return True
        return record.identity is None or record.identity == file_identity(record.fd)

    def lost(self, record: FdRecord) -> tuple[Signal, ...]:
        """Return what to tell the waiters on a foreign fd whose number means another file by now: CLOSED."""
        if record.lasting or record.identity == file_identity(record.fd):
            return ()
        self.drop(record)
        return (CLOSED,)

    def remove_listener(self, listener: FdListener) -> None:
        """Undo `add_listener`; no matter if it was called or dropped since. Never switches."""
        record = listener.record
        if record is None:
            return
        listener.record = None
        self._withdraw(record, listener.evtype, listener)

    def _withdraw(self, record: FdRecord, evtype: str, wake: Wake) -> None:
        """Take `wake` out of its slot, or out of the ready queue if it was about to be called."""
        slot, event = ("reader", READABLE) if evtype == READ else ("writer", WRITABLE)
        holder = getattr(record, slot)
        if holder is wake or holder == wake:
            setattr(record, slot, None)
        elif isinstance(holder, Crowd) and wake in holder.members:
            holder.members.remove(wake)
            if not holder.members:
                setattr(record, slot, None)
        elif not getattr(wake, "called", False):
            self.unschedule(wake)
        if getattr(record, slot) is None and not record.lasting:
            self.disarm(record, event)

    def wait_once(
        self,
        evtype: str,
        fd: int,
        deadline: float | None,
        mark_as_closed: Callable[[], object] | None = None,
    ) -> bool:
        """Park until `fd`, whoever owns it, is ready; return False if `deadline` came first. Switches.

        Raises what `wait_readable` raises.
        """
        switch = getcurrent().switch
        listener = FdListener(evtype, fd, switch, None, mark_as_closed, once=True)
        self.add_listener(listener)
        timer = None if deadline is None else self.call_at(deadline, partial(switch, TIMED_OUT))
        try:
            signal = self._switch()
            while not listener.called and signal is not TIMED_OUT:
                signal = self._switch()  # not for us, as in `wait_readable`
        finally:
            if timer is not None:
                self.cancel(timer)
            self.remove_listener(listener)
        if signal is CLOSED:
            raise IOClosed()
        return signal is not TIMED_OUT

    def _check_second(self, record: FdRecord, evtype: str, first: Wake) -> None:
        if not self.prevent_multiple_readers or all(
            isinstance(member, FdListener) and member.shared for member in getattr(first, "members", [first])
        ):
            return
        owner = getattr(first, "__self__", None) or getattr(first, "greenlet", None) or first
        raise RuntimeError(
            f"second simultaneous {evtype} on fd {record.fd}: {getcurrent()!r} wants to wait for what "
            f"{owner!r} is waiting for. Let one green thread {evtype}, or share the object through a pool; "
            f"eventlet.debug.hub_prevent_multiple_readers(False) lifts this check"
        )


def _is_among(wake: Wake, holder: Wake) -> bool:
    return holder is wake or wake in getattr(holder, "members", ())


def file_identity(fd: int) -> Identity:
    """Return what tells the open file behind `fd` from another; None if `fd` is not open."""
    try:
        status = _pristine.os.fstat(fd)
    except (OSError, OverflowError):
        return None
    return status.st_dev, status.st_ino
