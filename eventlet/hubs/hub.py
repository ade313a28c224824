"""`BaseHub`: the event loop of one OS thread, and the contract of its backends.

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from eventlet.hubs._timers import Clock

    Events = list[tuple[int, int]]
    ExcInfo = tuple[Any, Any, Any]

The turn
--------
1. run what is in the ready queue at this moment, and a little of what that adds;
2. fire the timers that are due;
3. ask the backend for events, waiting until the next timer at most, or not at
   all while something is ready;
4. wake whoever waits for those events.

The contract
------------
A backend is a module in this package (or anybody's) with `is_available()` and a
class `Hub(BaseHub)` that supplies:

`set_interest(fd, events)`
    Report `fd` (level-triggered) while it is ready for any of `events`, a sum of
    READABLE and WRITABLE; 0 forgets the fd. Raises OSError for an fd that is not
    open and ValueError for one that the backend cannot watch. Regular files: either
    always ready, or PermissionError.
`do_poll(seconds)`
    Wait up to `seconds` (None: until something happens; 0: do not wait) and return
    a list of (fd, events). Round `seconds` up: rounding down would turn the last
    fraction of every sleep into a busy loop. Event bits are poll(2)'s; any other
    bit than READABLE and WRITABLE wakes both directions. Signal handlers may raise
    from here. An OSError with EINTR counts as no events.
`close()`, `after_fork()`
    Release what the backend holds; make it anew in a forked child, with nothing
    watched, without disturbing the parent. Both call the base method.
`edge_triggered`, `set_lasting_interest(fd, again)`
    Optional: True if the backend can watch both directions of an fd for good and
    report only changes. `again` re-arms: what is ready now is reported once more;
    it raises OSError if the fd is not (any more) the file that was registered.
`knows_files`
    Optional: True if closing a file ends its watch, so that another file under its number is never
    reported in its place. Saves a system call for each wait.

`fileno()`, `fileno_changes`
    Optional: an fd that is readable while there are events to poll for (epoll and kqueue
    objects are such), and a number that grows when that becomes another file. Without it
    the hub cannot be embedded in the loop of a host.
`report_at_most(count)`
    Optional: from now on no poll returns more than `count` events (0: no limit), and the next poll goes on with the
    rest, in turn. In a host's loop this keeps the hub from waking everybody at once, which would hold up the host.

Everything else, timers, wake-ups from other threads, forking, errors, is here.
"""

from __future__ import annotations

import errno
import sys

from greenlet import GreenletExit, getcurrent, greenlet

from eventlet import _pristine
from eventlet.hubs import _carrier, _watchdog
from eventlet.hubs import timer as _timer
from eventlet.hubs._guest import Guest
from eventlet.hubs._readiness import READABLE, WRITABLE, Readiness
from eventlet.hubs._timers import checked_seconds
from eventlet.hubs._waker import Waker
from eventlet.hubs.errors import HubError
from eventlet.hubs.listener import READ, WRITE, DebugListener, FdListener, closed_callback, noop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from eventlet.hubs._timers import Clock

    Events = list[tuple[int, int]]
    ExcInfo = tuple[Any, Any, Any]

__all__ = ["READ", "READABLE", "WRITABLE", "WRITE", "BaseHub", "DebugListener", "FdListener", "closed_callback", "noop"]


class BaseHub(Readiness):
    """The event loop of one OS thread.

    Invariant: everything that can make progress is in the ready queue, in the timer
    heap, or waits in an fd record; the hub's greenlet runs only between green threads.
    `call_soon`, `call_at`, `call_later`, `cancel` and `wakeup` may be used from any
    thread and signal handler, the rest only from the hub's own thread.
    """

    SYSTEM_EXCEPTIONS = (KeyboardInterrupt, SystemExit)
    READ = READ
    WRITE = WRITE

    #: Name of this hub as given to use_hub; set when it is chosen.
    name = ""
    #: How often what `fileno` is the number of has been replaced by another file.
    fileno_changes = 0
    #: The asyncio loop that coroutines of this thread run on, if there is one by now.
    asyncio_loop: Any = None
    #: The program's wake-up fd (signal.set_wakeup_fd) while the hub has to keep one of its own: -1 if there is none.
    wakeup_fd: int | None = None
    #: Whether what a signal handler raises may interrupt the poll anywhere.
    poll_may_raise = True

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock or _pristine.time.monotonic)
        #: Carriers that wait for their next task.
        self.idle_carriers: list[Any] = []
        #: Carriers that finished in this turn, and in the last, but were still held then.
        self.lingering_carriers: list[Any] = []
        self.lingered_carriers: list[Any] = []
        self.carrier_witnesses = [_carrier.make_witness()]
        #: The carrier that the hub has just entered with a task of a pool, and has not heard of since.
        self._entered: Any = None
        self.entered_references = _carrier.count_entered_references()
        self.debug_exceptions = True
        self.debug_blocking = False
        self.debug_blocking_resolution: float = 1
        self.running = False
        self.stopping = False
        self.greenlet = greenlet()
        self._listener_class: type[FdListener] = FdListener
        self._waker: Waker | None = None
        self._is_closed = False
        self._observers: dict[object, Callable[[BaseHub], object]] = {}
        #: Who else has to be told of `close` and `after_fork`.
        self._dependants: list[Any] = []
        self._guest: Guest | None = None
        self._renew_greenlet()

    # ---- the backend's part

    def do_poll(self, seconds: float | None) -> Events:
        """Wait up to `seconds` for events: see the contract. To be overridden."""
        raise NotImplementedError("a hub backend must have do_poll()")

    def report_at_most(self, count: int) -> None:
        """Limit the events of a poll, if the backend can: see the contract. Never switches."""

    def close(self) -> None:
        """Release the hub's file descriptors. It cannot be used afterwards. Never switches."""
        while self._dependants:
            self._dependants.pop().close()
        self._is_closed = True
        for carriers in (self.idle_carriers, self.lingering_carriers, self.lingered_carriers, self._finished):
            carriers.clear()
        for record in list(self._records.values()):
            record.armed = 0
        if self._waker is not None:
            self._waker.close()
            self._waker = None

    def is_closed(self) -> bool:
        """Whether `close` was called. Never switches."""
        return self._is_closed

    def after_fork(self) -> None:
        """Start afresh in a forked child: nobody waits, nothing is scheduled. Never switches."""
        while self._dependants:
            self._dependants.pop().after_fork()
        if self._guest is not None:
            self._guest.forget_host()
        self._ready.clear()
        self._left = 0
        self.forget_timers()
        self._finished.clear()
        self.forget_all_after_fork()
        self._thread_id = _pristine.thread.get_ident()
        if self._waker is not None:
            self._waker.close()
            self._waker = None
            self._start_waker()

    # ---- being driven by a host

    def run_once(self, timeout: float | None = 0) -> None:
        """Make one turn and return: for programs whose own loop drives the hub. Switches.

        What is ready runs, due timers fire, and whoever waits for events is woken. If nothing
        is ready it waits for that, for `timeout` seconds at most (None: no limit).

        What a host does between two calls must be followed by another one, soon: `fileno` and `deadline`
        tell when. (`embed` does all this for the usual toolkits.) May be called from any greenlet
        but the hub's, and also while an earlier call has not returned, by a loop within a green thread.

        Raises TypeError if `timeout` is no number, ValueError if it is NaN or negative, and
        RuntimeError in the hub's own greenlet, or for a hub that has a loop of its own to drive it.
        """
        if timeout is not None and checked_seconds(timeout, "timeout") < 0:
            raise ValueError("timeout must not be negative")
        self.as_guest().run_once(timeout)

    def as_guest(self) -> Guest:
        """Return what drives this hub from outside. Never switches."""
        guest = self._guest
        if guest is None:
            guest = self._guest = Guest(self, self.do_poll)
            self.do_poll = guest.do_poll  # type: ignore[method-assign]
        return guest

    def fileno(self) -> int:
        """Return an fd that is readable when `run_once` has events to hand out. Never switches.

        It may change from one turn to the next: `fileno_changes` then does too. Raises HubError
        if the backend has none.
        """
        raise HubError(
            f"the {self.name or type(self).__name__} hub has no file descriptor that a host's loop could watch; "
            "choose one that has: EVENTLET_HUB=epolls on Linux, kqueue on macOS and BSD, or libuv"
        )

    def deadline(self) -> float | None:
        """Return the time on `clock` by which `run_once` has something to do, even if `fileno` is not readable.

        None if there is no such time; in the past if something is ready now. Never switches.
        """
        return self.clock() if self._ready else self.next_deadline()

    # ---- being switched to

    def _renew_greenlet(self) -> None:
        parent = getcurrent()
        while parent.parent is not None:
            parent = parent.parent
        self.greenlet = greenlet(self.run, parent)
        self._switch = self.greenlet.switch

    def ensure_greenlet(self) -> None:
        """Make sure that `greenlet` can be switched to. Never switches."""
        if self.greenlet.dead:
            self._renew_greenlet()

    def switch(self) -> Any:
        """Park the current greenlet; return what it is switched back with. Switches.

        Whoever calls this has arranged for the wake-up: a timer, a listener.
        Raises RuntimeError in the hub's own greenlet.
        """
        self.check_may_block()
        return self._switch()

    def runs_in(self, current: greenlet) -> bool:
        """Whether `current` is the hub's own, in which no green thread's code runs. Never switches."""
        return current is self.greenlet

    @property
    def is_polling(self) -> bool:
        """Whether this hub waits: then who runs in its greenlet is a signal handler."""
        return self._polling

    def check_may_block(self) -> None:
        """Raise RuntimeError if the caller is the hub, which must never wait for itself."""
        if getcurrent() is self.greenlet:
            raise RuntimeError("cannot block in the hub's own greenlet: spawn a green thread for this")

    # ---- the turn

    def run(self, *_a: Any, **_kw: Any) -> None:
        """Turn until `abort`. This is the body of the hub's greenlet."""
        if self.running:
            raise RuntimeError("the hub is already running")
        try:  # from the first step on, since any may be interrupted by what a signal handler raises
            self.running, self.stopping = True, False
            if self._waker is None:
                self._start_waker()
            while not self.stopping:
                self._turn()
        finally:
            self._left = 0
            self.running = self.stopping = False
            self._renew_greenlet()

    def _turn(self) -> None:
        if self.debug_blocking:
            self.block_detect_pre()
        if self._ready:
            self._run_ready()
        if (self._heap or self._new_timers) and self.fire_timers(self.clock()) and self._ready:
            self._run_ready()  # those who slept, mostly
        if self.lingered_carriers or self.lingering_carriers:
            _carrier.end_lingering(self)
        if self._observers:
            self._tell_observers()
        if self.debug_blocking:
            self.block_detect_post()
        if self._ready:
            self.wait(0)
        else:
            self.wait(self._until_next_timer())

    def fire_timers(self, when: float) -> bool:
        """Call what is due at `when` on `clock`; return whether anything was. Runs in the hub."""
        due = self.take_due(when)
        if not due:
            return False
        ready, finished = self._ready, self._finished
        for entry in due:
            call = entry[1]
            if call is None:
                continue
            entry[1] = None  # tells its owner that it has fired
            if isinstance(call, greenlet):
                ready.append(call)
                continue
            try:
                call()
            except BaseException as error:
                self._failed(error)
            if finished:
                call = None
                _carrier.recycle(self)
        return True

    def wait(self, seconds: float | None = None) -> None:
        """Poll for up to `seconds` (None: until something happens) and wake who waits. Runs in the hub."""
        if seconds != 0:
            # Whoever schedules from now on writes to the waker; who did so before
            # this line is seen by the next one.
            self._polling = True
            if self._ready or self._new_timers:
                seconds = 0
        try:
            if self._is_closed:
                raise HubError("the hub was closed, as use_hub() does with the old one, while others waited in it")
            events = self.do_poll(seconds)
        except BaseException as error:
            self._polling = False
            self._poll_failed(error)
            return
        self._polling = False
        if events:
            self._hand_out(events)

    def _hand_out(self, events: Events) -> None:
        records, finished, stale = self._records, self._finished, self._stale
        if stale:
            stale.clear()
        edge_triggered = self.edge_triggered
        for fd, event in events:
            record = records.get(fd)
            if record is None:
                self._quietly_set_interest(fd, 0)
                continue
            if stale and fd in stale:
                continue  # this event was for a file that is closed by now
            try:
                # `deliver`, written out: this is the hottest place of all.
                if event & ~WRITABLE:
                    if event & ~(READABLE | WRITABLE):
                        record.eof = True
                    wake = record.reader
                    if wake is not None:
                        record.reader = None
                        wake()
                    else:
                        record.readable = True
                        if record.armed and not edge_triggered:
                            self.disarm(record, READABLE)
                if event & ~READABLE:
                    wake = record.writer
                    if wake is not None:
                        record.writer = None
                        wake()
                    else:
                        record.writable = True
                        if record.armed and not edge_triggered:
                            self.disarm(record, WRITABLE)
            except BaseException as error:
                self._failed(error)
            if finished:
                wake = None
                _carrier.recycle(self)

    def _until_next_timer(self) -> float | None:
        deadline = self.next_deadline()
        if deadline is None:
            return None
        seconds = deadline - self.clock()
        # A poll cannot count to infinity; it is woken up if anything changes.
        return 0.0 if seconds < 0 else min(seconds, 86400.0)

    def abort(self, wait: bool = False) -> None:
        """Stop the loop after the present turn; with `wait`, return when it has stopped. Switches if `wait`."""
        if wait and getcurrent() is self.greenlet:
            raise RuntimeError("the hub cannot wait for its own end")
        if self.running:
            self.stopping = True
            self.wakeup()
        if wait:
            # A callback, so that the turn ends although nothing else may happen.
            self.call_soon(_nothing)
            while self.running:
                self._switch()

    # ---- scheduling

    def forget_wakeups(self) -> None:
        """Let the next poll see no call of `wakeup` before this one. Never switches."""
        if self._waker is not None:
            self._waker.forget()

    def wakeup_again(self, events: Events) -> Events:
        """Make the next poll return at once; return `events` without what is about wake-ups. Never switches."""
        self.wakeup()
        waker = self._waker
        return events if waker is None else [event for event in events if event[0] != waker.fd]

    def wakeup(self) -> None:
        """Make the hub's poll return at once. From any thread or signal handler; never switches."""
        waker = self._waker
        if waker is not None:
            waker.wakeup()

    def schedule_call_local(self, seconds: float, cb: Callable[..., object], *args: Any, **kw: Any) -> _timer.Timer:
        """Call `cb` in `seconds`, unless the current greenlet is dead by then; return the timer. Never switches."""
        timer = _timer.LocalTimer(seconds, cb, *args, **kw)
        return self.add_timer(timer)

    def schedule_call_global(self, seconds: float, cb: Callable[..., object], *args: Any, **kw: Any) -> _timer.Timer:
        """Call `cb` in `seconds`, come what may; return the timer, for `cancel`. Never switches."""
        timer = _timer.Timer(seconds, cb, *args, **kw)
        timer.start(self)
        return timer

    def add_timer(self, timer: _timer.Timer) -> _timer.Timer:
        """Start `timer` (made by hand, of `hubs.timer`) on this hub. Never switches."""
        timer.start(self)
        return timer

    def timer_canceled(self, timer: _timer.Timer) -> None:
        """Upstream's hook, called when a timer is cancelled."""

    def prepare_timers(self) -> None:
        """Upstream's name for taking note of the timers made since the last turn."""
        self._absorb_new()

    def sleep_until(self) -> float | None:
        """Return when the next timer is due on `clock`, or None."""
        return self.next_deadline()

    def default_sleep(self) -> float:
        """Upstream's longest wait in seconds; this hub waits for as long as nothing is due."""
        return 60.0

    # ---- listeners

    def add(
        self,
        evtype: str,
        fileno: int,
        cb: Callable[..., object],
        tb: Callable[..., object],
        mark_as_closed: Callable[[], object] | None,
    ) -> FdListener:
        """Call `cb(fileno)` whenever `fileno` is ready for `evtype` (READ or WRITE), until `remove`.

        `tb` is called with an exception if the fd is closed or its number re-used;
        `mark_as_closed` (may be None) just before. Never switches. Raises RuntimeError
        if somebody else already listens, OSError or ValueError if the fd cannot be watched.
        """
        listener = self._listener_class(evtype, fileno, cb, tb, mark_as_closed)
        self.add_listener(listener)
        return listener

    def remove(self, listener: FdListener) -> None:
        """Undo `add`. Never switches; harmless when repeated."""
        listener.spent = True
        self.remove_listener(listener)

    def remove_descriptor(self, fileno: int) -> None:
        """Drop everybody who waits on `fileno`, without telling them. Never switches."""
        record = self._records.get(fileno)
        if record is not None:
            record.reader = record.writer = None
            self.drop(record)

    def notify_close(self, fileno: int) -> None:
        """`fileno` is about to be closed: whoever waits on it gets IOClosed. Never switches."""
        record = self._records.get(fileno)
        if record is not None:
            self.drop(record)

    def close_one(self) -> None:
        """Upstream's step of telling one waiter of a closed fd. Here `notify_close` tells them all: nothing to do."""

    def mark_as_reopened(self, fileno: int) -> None:
        """`fileno` was just opened, so whatever is known about that number is out of date. Never switches."""
        self.notify_close(fileno)

    def get_readers(self) -> list[FdListener]:
        """Return a listener for each party that waits to read. Never switches."""
        return self._listeners(READ)

    def get_writers(self) -> list[FdListener]:
        """Return a listener for each party that waits to write. Never switches."""
        return self._listeners(WRITE)

    def _listeners(self, evtype: str) -> list[FdListener]:
        found = []
        for fd, record in list(self._records.items()):
            wake = record.reader if evtype == READ else record.writer
            if wake is None or self._waker is not None and fd == self._waker.fd:
                continue
            for member in getattr(wake, "members", [wake]):
                if not isinstance(member, FdListener):
                    waiter = member.__self__
                    member = FdListener(evtype, fd, waiter.switch, waiter.throw, None)
                    member.greenlet = waiter
                found.append(member)
        return found

    def _start_waker(self) -> None:
        waker = Waker()
        try:
            waker.watch_signals()
            self.add_listener(waker.listener())
        except BaseException:
            self.remove_descriptor(waker.fd)
            waker.close()
            raise
        self._waker = waker

    # ---- observers

    def add_observer(self, observer: Callable[[BaseHub], object]) -> object:
        """Have `observer(hub)` called once every turn, before the poll; return a handle for `remove_observer`."""
        handle = object()
        self._observers[handle] = observer
        return handle

    def remove_observer(self, handle: object) -> None:
        """Stop calling an observer. Harmless when repeated."""
        self._observers.pop(handle, None)

    def _tell_observers(self) -> None:
        for observer in list(self._observers.values()):
            try:
                observer(self)
            except BaseException as error:
                self._failed(error)

    # ---- errors

    def _failed(self, error: BaseException) -> None:
        """Something that the hub called has raised."""
        if isinstance(error, self.SYSTEM_EXCEPTIONS):
            # The program is to end: tell the main greenlet, wherever it waits.
            self._throw_into_main(error)
        elif isinstance(error, GreenletExit):
            # Thrown into this very greenlet: the thread or the interpreter ends.
            # (A callback that raises it has a frame of its own.)
            if error.__traceback__ is None or error.__traceback__.tb_next is None:
                raise error
        else:
            self.report_exception(type(error), error, error.__traceback__)

    def _poll_failed(self, error: BaseException) -> None:
        if isinstance(error, OSError) and error.errno == errno.EINTR:
            return
        if isinstance(error, (GreenletExit, OSError)):
            raise error  # the thread is ending; or the poller itself is broken, and so is the hub
        self._throw_into_main(error)  # a signal handler has raised; they belong to the main thread

    def _throw_into_main(self, error: BaseException) -> None:
        """Raise `error` where the main greenlet waits; this greenlet goes on from here if anybody waits again."""
        main = self.greenlet.parent
        if main is not None:
            main.throw(type(error), error, error.__traceback__)

    def report_exception(self, kind: Any, error: Any, tb: Any) -> None:
        """Write an exception that nobody else will see to stderr, unless `debug_exceptions` is off."""
        if self.debug_exceptions and sys.stderr is not None:
            import traceback  # not needed by every program, and slow to import

            try:
                traceback.print_exception(kind, error, tb)
                sys.stderr.flush()
            except (OSError, ValueError):
                pass  # stderr is closed or full

    def squelch_exception(self, fileno: int, exc_info: ExcInfo) -> None:
        """Report what a listener of `fileno` raised, and drop it."""
        self.report_exception(*exc_info)
        self.remove_descriptor(fileno)

    def squelch_generic_exception(self, exc_info: ExcInfo) -> None:
        """Report what a callback raised."""
        self.report_exception(*exc_info)

    def squelch_timer_exception(self, timer: object, exc_info: ExcInfo) -> None:
        """Report what a timer's callback raised."""
        self.report_exception(*exc_info)

    # ---- debugging

    def set_debug_listeners(self, value: bool) -> None:
        """Whether listeners remember where they were made."""
        self._listener_class = DebugListener if value else FdListener

    def set_timer_exceptions(self, value: bool) -> None:
        """Whether exceptions that reach the hub are printed."""
        self.debug_exceptions = value

    def block_detect_pre(self) -> None:
        """Arm the alarm that tells when a turn takes too long."""
        _watchdog.arm_alarm(self.debug_blocking_resolution)

    def block_detect_post(self) -> None:
        """Disarm the alarm."""
        _watchdog.arm_alarm(0)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__module__}.{type(self).__name__} {'running' if self.running else 'stopped'}, "
            f"{len(self._ready)} ready, {self._timer_count + len(self._new_timers)} timers, {len(self._records)} fds>"
        )


def _nothing() -> None:
    """Does nothing: its presence in the ready queue keeps the poll from waiting."""


alarm_handler = _watchdog.alarm_handler
arm_alarm = _watchdog.arm_alarm
