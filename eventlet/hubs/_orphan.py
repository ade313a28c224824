"""What becomes of a child that was forked in a green thread, when that has ended.

The green threads of the parent do not run in the child, and so the main one, which was parked when the fork happened,
is woken only if it waits for the forking green thread itself. Else there comes a time when nobody is left who could
do anything, and then the child ends: status 0, as if the last of several OS threads had ended. No `finally` and no
`except` of the main green thread runs for that, nor do atexit functions: these are the parent's. The standard streams
are flushed.
"""

from __future__ import annotations

import sys
import weakref

from greenlet import getcurrent

from eventlet import _pristine
from eventlet._pristine import workers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from eventlet.hubs.hub import BaseHub


#: How often to look whether OS threads that the child has started have ended, in seconds.
_LOOK_AGAIN = 0.1


def watch(hub: BaseHub) -> None:
    """Have this child end when it has nothing left to do, unless it was forked in the main green thread."""
    workers.forget_after_fork()
    main, forking = hub.greenlet.parent, getcurrent()
    if main is not None and main is not forking and main.gr_frame is not None:
        _Orphan(hub, main, forking)


class _Orphan:
    """Looks, once a turn, whether the child can still do something.

    Invariant: it does so while the main green thread is where it was when the fork happened.
    """

    def __init__(self, hub: BaseHub, main: Any, forking: Any) -> None:
        self._main = main
        self._parked_in = main.gr_frame
        # A weak reference, as with another one its greenlet could not end; with a weak one it is not used again.
        self._forking = None if forking is hub.greenlet else weakref.ref(forking)
        # Those of the parent are counted, too.
        self._threads = _count_threads()
        self._handle = hub.add_observer(self._look)
        self._hub = hub
        hub._dependants.append(self)

    def _look(self, hub: BaseHub) -> None:
        if self._main.gr_frame is not self._parked_in:
            # It goes on in the child: then it is what the end of the process depends on, as ever.
            self._leave()
        elif not hub._ready and self._has_ended(hub) and self._is_idle(hub):
            if _count_threads() <= self._threads:
                self._end_process()
            hub.call_later(_LOOK_AGAIN, _nothing)  # nobody tells when an OS thread has ended

    def _has_ended(self, hub: BaseHub) -> bool:
        forking = None if self._forking is None else self._forking()
        return forking is None or forking.dead or forking in hub.lingering_carriers or forking in hub.lingered_carriers

    def _is_idle(self, hub: BaseHub) -> bool:
        """Whether nothing but a signal handler or another OS thread could ever make anybody run."""
        if hub.next_deadline() is not None or hub.get_readers() or hub.get_writers():
            return False
        loop = hub.asyncio_loop
        if loop is None:
            return True
        import asyncio  # it has been imported, then

        return not asyncio.all_tasks(loop)

    def _end_process(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (AttributeError, OSError, ValueError):
                pass  # there is none, or it is closed
        _pristine.os._exit(0)

    def _leave(self) -> None:
        if self in self._hub._dependants:
            self._hub._dependants.remove(self)
        self._hub.remove_observer(self._handle)
        self._main = self._parked_in = None

    # As one who depends on a hub, see BaseHub: that closes, or is in a child's child, which has one of these itself.
    close = after_fork = _leave


def _count_threads() -> int:
    """Return how many OS threads may wake somebody; those that wait for a call to make do not."""
    count: int = _pristine.thread._count()
    return count - workers.count() + len(workers.jobs)


def _nothing() -> None:
    """Does nothing: that it is called makes a turn."""
