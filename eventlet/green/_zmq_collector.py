"""Keeps pyzmq's collector in an OS thread of its own.

Messages that are sent without copying refer to Python objects; ØMQ's threads tell the collector when they are
done with one. It is a thread that waits for them. As a green thread, with a socket that is not green, it would
stop everything.
"""

from __future__ import annotations

from eventlet import _pristine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def keep_collector_real(garbage: Any, context_class: Any) -> None:
    """Let the collector of zmq.utils.garbage, `garbage`, use an OS thread and a `context_class`. Never switches.

    Has no effect if it runs already.
    """
    collector = garbage.gc
    if collector.thread is not None:
        return
    threading = _pristine.original("threading")

    class CollectorThread(threading.Thread):  # type: ignore[misc,name-defined]
        """What zmq.utils.garbage.GarbageCollectorThread is, as threading was before patching."""

        def __init__(self, gc: Any) -> None:
            super().__init__(daemon=True)
            self.gc = gc
            self.pid = _pristine.os.getpid()
            self.ready = threading.Event()

        run = garbage.GarbageCollectorThread.run

    garbage.GarbageCollectorThread = CollectorThread
    collector.context = context_class()  # costs nothing until it is used
