"""`ThreadPool`: OS threads that call blocking functions for green threads, which wait for them cooperatively."""

from __future__ import annotations

import sys
import weakref
from _queue import Empty, SimpleQueue
from contextvars import copy_context

from greenlet import getcurrent

from eventlet import _pristine
from eventlet._pristine import workers
from eventlet.hubs._current import thread
from eventlet.hubs._waiting import Waiter, park_while, wake_all
from eventlet.semaphore import Semaphore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Context
    from typing import Any, Callable

#: After this long without work a thread ends; the next call that needs one starts it.
IDLE_SECONDS = 30.0

_is_finalizing = sys.is_finalizing


class _Job:
    """One call: what to call, and who waits for the outcome.

    Invariant: `value` and `error` are final when the waiter is woken.
    """

    __slots__ = ("abandoned", "args", "context", "error", "function", "kwargs", "room", "value", "waiter")

    value: Any

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.context: Context = copy_context()
        self.waiter = Waiter()
        self.error: BaseException | None = None
        self.abandoned = False
        #: To be released when the job leaves the queue, if the number of those there is limited.
        self.room: Semaphore | None = None

    def run(self) -> None:
        """Call the function; remember what comes of it. Runs in the OS thread."""
        try:
            self.value = self.context.run(self.function, *self.args, **self.kwargs)
        except BaseException as error:
            self.error = error


class _Crew:
    """The threads of a pool, and the jobs in front of them, from one start to the next.

    Invariant: a job in the queue has a thread that will take it, also after `resize(0)`. No thread
    leaves while it is the last and jobs are left.
    """

    def __init__(self, size: int, idle_seconds: float) -> None:
        self._size = size
        self._idle_seconds = idle_seconds
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = _pristine.thread.RLock()
        #: Threads less jobs: when it is below zero, somebody has to wait.
        self._idle = 0
        #: One item for each thread.
        self.threads: list[None] = []
        self._waiters: list[Waiter] = []

    def is_in_use_here(self) -> bool:
        """Whether the calling OS thread is in the middle of something: this is a finaliser or a signal handler.

        It must not wait for the other threads then, as these wait for the lock.
        """
        return self._lock._is_owned()  # type: ignore[no-any-return]

    def put(self, job: _Job) -> None:
        """Have `job` done, by a new thread if all are busy and there may be one more. Never switches."""
        with self._lock:
            self._idle -= 1
            starts_thread = self._idle < 0 and len(self.threads) < max(self._size, 1)
            if starts_thread:
                self.threads.append(None)
                self._idle += 1
        workers.jobs.append(None)
        self._jobs.put(job)
        if starts_thread:
            self._start_thread()

    def _start_thread(self) -> None:
        try:
            workers.start(self._work, ())
        except RuntimeError:  # no room for one more, or the interpreter is going down
            with self._lock:
                self.threads.pop()
                self._idle -= 1
                if self.threads:
                    return  # another one will come to it
            job = self._jobs.get()
            if job is not None:
                self._do(job)  # better slow than never

    def _work(self) -> None:
        thread.in_thread_pool = True
        try:
            while True:
                try:
                    job = self._jobs.get(timeout=self._idle_seconds)
                except Empty:
                    if self._leaves(0):
                        return
                    continue
                if job is not None:
                    self._do(job)
                    job = None  # nor must what it refers to live until the next one comes
                if len(self.threads) > self._size and self._leaves(self._size):
                    return
        finally:
            if not self.threads:
                wake_all(self._waiters)

    def serve(self) -> None:
        """Let the calling thread be one of these for a while: until there is no work. Not if there are enough."""
        with self._lock:
            self.threads.append(None)
            self._idle += 1
        if len(self.threads) > self._size and self._leaves(self._size):
            return
        try:
            self._work()
        finally:
            del thread.in_thread_pool

    def _leaves(self, staying: int) -> bool:
        """Whether the calling thread, one of more than `staying`, is to end: no job depends on it."""
        with self._lock:
            if len(self.threads) <= staying or self._idle <= 0 and (len(self.threads) == 1 or not staying):
                return False
            self.threads.pop()
            self._idle -= 1
            return True

    def _do(self, job: _Job) -> None:
        if job.room is not None:
            job.room.release()
        if not job.abandoned:
            job.run()
        with self._lock:
            self._idle += 1
        # The last step: whoever waits may make the next call before we are back.
        job.waiter.wake()
        workers.jobs.pop()

    def resize(self, size: int) -> None:
        """Have `size` threads at most: superfluous ones end when their call has. Never switches."""
        self._size = size
        for _ in range(len(self.threads) - size):
            self._jobs.put(None)  # lets an idle one look

    def wait_for_end(self) -> None:
        """Return when there is no thread any more. Switches."""
        park_while(self.threads, self._waiters)


class ThreadPool:
    """A number of OS threads, started when they are needed, that call functions for green threads.

    A thread that has had no work for some time ends. None of them keeps the process from ending.
    Invariant: a call that has begun runs to its end, whatever happens to its caller. May be used from any OS thread.
    """

    def __init__(self, size: int, max_waiting: int | None = None, idle_seconds: float = IDLE_SECONDS) -> None:
        """`size` is the number of threads at most; with 0, functions are called by the caller's thread.

        `max_waiting` is how many calls may wait for a thread (None: any number): a caller for whom there
        is no room waits for that first. Raises ValueError for what makes no sense.
        """
        self._size = _checked_size(size)
        if max_waiting is not None and max_waiting < 1:
            raise ValueError(f"max_waiting is None or at least 1, not {max_waiting!r}")
        self._room = None if max_waiting is None else Semaphore(max_waiting)
        self._max_waiting = max_waiting
        self._idle_seconds = idle_seconds
        self._watches_forks = False
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._crew = _Crew(self._size, self._idle_seconds)
        if self._max_waiting is not None:
            self._room = Semaphore(self._max_waiting)

    @property
    def size(self) -> int:
        """How many threads there may be. Never switches."""
        return self._size

    def threads(self) -> int:
        """Return how many threads there are now. Never switches."""
        return len(self._crew.threads)

    def execute(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Return `function(*args, **kwargs)`, called in one of the threads, or raise what it raises. Switches.

        The function sees a copy of the caller's context variables. If the calling green thread is killed or
        times out, a call that has begun goes on and its outcome is dropped; one that has not is never
        made. In a thread of a pool, this one or another, and if the size is 0, it is an ordinary call; so it is in
        a finaliser that runs in the middle of another one of these, or when the interpreter ends.
        """
        # At the interpreter's end the threads stop for ever, and so would the caller.
        is_own = not self._size or "in_thread_pool" in thread.__dict__ or self._crew.is_in_use_here()
        if is_own or _is_finalizing():
            return function(*args, **kwargs)
        if not self._watches_forks:
            self._watch_forks()
        job = _Job(function, args, kwargs)
        hub = job.waiter.hub
        if getcurrent() is hub.greenlet:
            hub.check_may_block()
        if self._room is not None:
            self._room.acquire()
            job.room = self._room
        self._crew.put(job)
        try:
            job.waiter.park()
        except BaseException:
            job.abandoned = True
            raise
        error = job.error
        if error is None:
            return job.value
        try:
            raise error
        finally:
            # The error refers to this frame from now on.
            job = error = None  # type: ignore[assignment]

    def serve(self) -> None:
        """Make the calls of others in the calling OS thread, as one more thread of the pool. Blocks the thread.

        It returns when any other thread of the pool would end: after some time without work, or at once if
        there are `size` already. Raises RuntimeError in a thread of a pool.
        """
        if "in_thread_pool" in thread.__dict__:
            raise RuntimeError("this is a thread of a pool already")
        if not self._watches_forks:
            self._watch_forks()
        self._crew.serve()

    def wait_for_end(self) -> None:
        """Return when the pool has no threads, be it for `killall` or for lack of work. Switches if it has some."""
        self._crew.wait_for_end()

    def _watch_forks(self) -> None:
        self._watches_forks = True
        if hasattr(_pristine.os, "register_at_fork"):
            _pristine.os.register_at_fork(after_in_child=_ForkHook(self))

    def resize(self, size: int) -> None:
        """Have `size` threads at most from now on; busy ones finish their call first. Never switches."""
        self._size = _checked_size(size)
        self._crew.resize(size)

    def killall(self) -> None:
        """Let the threads end, when they have made all calls that were asked for. Switches until then.

        The pool stays usable: the next call starts new ones. In a thread of a pool it does not wait.
        """
        crew = self._crew
        self._crew = _Crew(self._size, self._idle_seconds)
        crew.resize(0)
        if "in_thread_pool" not in thread.__dict__:
            crew.wait_for_end()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {hex(id(self))}, {self.threads()} of {self._size} threads>"


class _ForkHook:
    """Gives a pool new threads in a forked child, where the old ones are gone. Hooks are for ever, pools are not."""

    def __init__(self, pool: ThreadPool) -> None:
        self._pool = weakref.ref(pool)

    def __call__(self) -> None:
        pool = self._pool()
        # The fork may have been made in one of the threads: it is an ordinary one, and the only one, there.
        thread.__dict__.pop("in_thread_pool", None)
        if pool is not None:
            pool._start_afresh()


def _checked_size(size: Any) -> int:
    if not isinstance(size, int):
        raise TypeError(f"a number of threads is an int, not {size!r}")
    if size < 0:
        raise ValueError(f"a number of threads cannot be negative: {size!r}")
    return size
