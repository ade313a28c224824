"""Listeners: callbacks on a file descriptor, as upstream's `hub.add` gives them out."""

from __future__ import annotations

from greenlet import getcurrent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from eventlet.hubs._readiness import FdRecord

READ = "read"
WRITE = "write"


class FdListener:
    """A callback for when `fileno` can be read (`evtype` is 'read') or written ('write').

    It is called with `fileno` each time the hub finds the fd ready, until it is removed.
    `tb` is called with an exception instead when the fd was closed or its number
    re-used; `mark_as_closed`, if any, is called before that. Belongs to one hub.
    """

    def __init__(
        self,
        evtype: str,
        fileno: int,
        cb: Callable[..., object],
        tb: Callable[..., object] | None,
        mark_as_closed: Callable[[], object] | None,
        once: bool = False,
        shared: bool = False,
    ) -> None:
        if evtype not in (READ, WRITE):
            raise ValueError(f"event type must be {READ!r} or {WRITE!r}, not {evtype!r}")
        self.evtype = evtype
        self.fileno = fileno
        self.cb = cb
        self.tb = tb
        self.mark_as_closed = mark_as_closed
        #: Called once, with nothing or with a signal: for parked green threads.
        self.once = once
        #: May wait beside others, as select() may: readiness is not consumed.
        self.shared = shared
        #: Whether it was removed or defanged; it is not called any more.
        self.spent = False
        #: Whether the hub has called it, if that happens only once.
        self.called = False
        self.greenlet = getcurrent()
        self.record: FdRecord | None = None

    def __call__(self, *signal: object) -> None:
        if self.spent:
            return
        record = self.record
        if not signal and record is not None and record.hub is not None:
            signal = record.hub.lost(record)
        if record is not None and self.evtype == READ:
            # Whoever listens need not read: a recv() that follows select() must not wait for another event.
            record.readable = True
        if signal:
            self.spent = self.called = True
            self._tell_closed(*signal)
        elif self.once:
            self.called = True
            self.cb()
        else:
            self._stay()
            self.cb(self.fileno)

    def _tell_closed(self, signal: object) -> None:
        if self.mark_as_closed is not None:
            self.mark_as_closed()
        if self.once:
            self.cb(signal)
        elif self.tb is not None:
            from eventlet.hubs.errors import IOClosed

            self.tb(IOClosed())

    def _stay(self) -> None:
        """Back into the slot that the hub has just emptied, before the callback runs."""
        record = self.record
        if record is None or record.hub is None:
            return
        record.hub.put_in_slot(record, "reader" if self.evtype == READ else "writer", self)
        if record.lasting and record.hub.edge_triggered:
            record.hub.set_lasting_interest(record.fd, again=True)  # so that readiness left over is seen

    def defang(self) -> None:
        """Make sure that it does nothing any more when called."""
        self.cb = closed_callback
        self.mark_as_closed = None
        self.spent = True

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.evtype!r}, {self.fileno!r}, {self.cb!r}, {self.tb!r})"


class DebugListener(FdListener):
    """A listener that remembers where it was made (`debug.hub_listener_stacks`)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        import traceback

        self.where_called = "".join(traceback.format_stack())
        super().__init__(*args, **kwargs)

    def __repr__(self) -> str:
        return f"{super().__repr__()}\n{self.where_called}\n"


def closed_callback(fileno: int) -> None:
    """Callback of a listener that must not do anything any more."""


#: A listener that does nothing, for comparisons.
noop = FdListener(READ, 0, closed_callback, lambda *exc: None, None)
