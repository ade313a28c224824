"""Blocking calls on an object that bears one OS thread at a time."""

from __future__ import annotations

from eventlet import tpool
from eventlet._pristine import thread as _pristine_thread
from eventlet.semaphore import Semaphore

_get_ident = _pristine_thread.get_ident


class OneAtATime:
    """Has functions called in OS threads, as tpool does, but each one after the one before has ended.

    A call goes on when the green thread that made it is killed or times out; the next one waits for it, without taking
    a thread of the pool. Invariant: a permit is missing exactly while a call is under way, or about to begin.

    `abandoned` is set to True when such a call has lost its caller. Whoever makes the next one may have to tidy up.
    """

    def __init__(self) -> None:
        self._turn = Semaphore(1)
        self._ident: int | None = None
        self.abandoned = False

    def under_way(self) -> bool:
        """Whether `execute` would have to wait for another call. Never switches."""
        return self._turn.locked() and self._ident != _get_ident()

    def execute(self, function, /, *args, **kwargs):
        """Return `function(*args, **kwargs)`, or raise what it raises. Switches; not inside of such a call."""
        if self._ident == _get_ident():
            return function(*args, **kwargs)
        self._turn.acquire()
        # Whoever takes it out gives the turn back: the call, or the caller if it goes before that has begun.
        ticket, errors = [None], list[BaseException]()
        try:
            return tpool.execute(self._run, ticket, errors, function, args, kwargs)
        except BaseException as error:
            if _taken(ticket):
                self._turn.release()
            elif error not in errors:
                self.abandoned = True
            raise
        finally:
            errors.clear()  # they refer to this frame

    def _run(self, ticket, errors, function, args, kwargs):
        if not _taken(ticket):
            return None  # nobody is there to know
        self._ident = _get_ident()
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            errors.append(error)
            raise
        finally:
            self._ident = None
            self._turn.release()


def _taken(ticket):
    try:
        ticket.pop()  # atomic
    except IndexError:
        return False
    return True
