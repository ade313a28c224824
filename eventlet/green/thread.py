"""_thread, with green threads: what is started here runs in the starter's OS thread, one at a time.

Locks, though, work between OS threads too. An identifier is the OS thread's own for
its main greenlet, as it was before patching; for any other greenlet it is a number like `id()`.
"""

from __future__ import annotations

import sys
from contextvars import Context

from greenlet import GreenletExit, getcurrent

from eventlet import _pristine
from eventlet._pristine import workers
from eventlet.corolocal import forget_current, local
from eventlet.green._lookalike import look_like, present
from eventlet.green._thread_handle import ThreadHandle, join_all, running
from eventlet.green._thread_ident import get_ident
from eventlet.green._thread_locks import LockType as LockType
from eventlet.green._thread_locks import RLock as RLock
from eventlet.green._thread_sentinel import Sentinel
from eventlet.green._thread_tracing import Tracing
from eventlet.greenthread import spawn

__patched__ = present(
    _pristine.thread,
    "LockType",
    "RLock",
    "_ThreadHandle",
    "_count",
    "_local",
    "_make_thread_handle",
    "_set_sentinel",
    "_shutdown",
    "allocate",
    "allocate_lock",
    "get_ident",
    "lock",
    "set_name",
    "start_joinable_thread",
    "start_new",
    "start_new_thread",
)
__getattr__, __dir__ = look_like(globals(), _pristine.thread)

allocate = allocate_lock = lock = LockType
_local = local
_ThreadHandle = ThreadHandle
_make_thread_handle = ThreadHandle.of_running
#: threading asks for it when it is imported (see `correct_main_thread`), and in a forked child, where the one that
#: forked is the main thread.
_get_main_thread_ident = get_ident

#: Where `_set_sentinel` leaves a greenlet's lock: ends with the greenlet's task.
_SENTINEL = "_eventlet_sentinel"


def start_new_thread(function, args=(), kwargs=None):
    """Run `function(*args, **kwargs)` in a new green thread; return its identifier. Never switches.

    What it raises goes to sys.unraisablehook, or is reported to stderr; but for SystemExit, which just ends it.
    """
    return get_ident(_start(function, args, {} if kwargs is None else kwargs))


start_new = start_new_thread


def _start(function, args, kwargs):
    if not callable(function):
        raise TypeError("first arg must be callable")
    if not isinstance(args, tuple):
        raise TypeError("2nd arg must be a tuple")
    if not isinstance(kwargs, dict):
        raise TypeError("optional 3rd arg must be a dictionary")
    thread = spawn(_run, function, args, kwargs)
    # Threads begin with an empty context, unlike other green threads.
    thread.gr_context = Context()
    return thread


def _run(function, args, kwargs):
    ident = get_ident()
    running.add(ident)
    tracing = Tracing(function, args)
    try:
        function(*args, **kwargs)
    except (SystemExit, GreenletExit):
        pass
    except Exception as error:  # KeyboardInterrupt, however, is on its way to the main green thread
        _report(error, function)
    finally:
        running.discard(ident)
        tracing.end()
        forget_current()  # before anybody who joins the thread goes on; and who keeps the thread does not keep them
        sentinel = getcurrent().__dict__.pop(_SENTINEL, None)
        if sentinel is not None:
            sentinel.end()


def _report(error, function):
    if sys.unraisablehook is sys.__unraisablehook__:
        raise error  # to the hub, which reports it in the same way as other green threads' errors
    message = "Exception ignored in thread started by"
    if sys.version_info >= (3, 13):
        message, function = f"{message} {function!r}", None
    sys.unraisablehook(_hook_arguments()((type(error), error, error.__traceback__, message, function)))


def _hook_arguments():
    """Return the type of what sys.unraisablehook takes. It has no name: an error that is ignored brings one."""

    class Fails:
        def __del__(self):
            raise RuntimeError

    hook, seen = sys.unraisablehook, []
    sys.unraisablehook = lambda arguments: seen.append(type(arguments))
    try:
        Fails()
    finally:
        sys.unraisablehook = hook
    return seen[0]


def start_joinable_thread(function, handle=None, daemon=True):
    """Run `function()` in a new green thread; return a handle, `handle` if given, to join it by. Never switches.

    Raises RuntimeError if `handle` was used before.
    """
    if not callable(function):
        raise TypeError("thread function must be callable")
    if handle is None:
        handle = ThreadHandle()
    elif not isinstance(handle, ThreadHandle):
        raise TypeError("'handle' must be a _ThreadHandle")
    handle._start(lambda: _start(handle._run, (function,), {}), daemon)
    return handle


if hasattr(_pristine.thread, "set_name"):  # since Python 3.14

    def set_name(name):
        """Give the calling OS thread a name, which tools of the system show. Never switches.

        Only for its main green thread: the others, of which threading names each that it starts, share it.
        """
        if getcurrent().parent is None:
            _pristine.thread.set_name(name)


def _set_sentinel():
    """Return a lock that is free when the current green thread has ended. Never switches."""
    sentinel = getcurrent().__dict__[_SENTINEL] = Sentinel()
    return sentinel


def _shutdown():
    """Wait for the threads started with `start_joinable_thread` that are no daemons. Switches."""
    join_all()
    _pristine.thread._shutdown()


def _count():
    """Return how many threads run, green or not, less the main one and the library's own. Never switches."""
    return max(0, _pristine.thread._count() - workers.count()) + len(running)
