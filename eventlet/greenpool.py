"""Pools of green threads: a limit on how many run at once, and results in order."""

from __future__ import annotations

from contextvars import copy_context

from greenlet import GreenletExit, getcurrent

from eventlet import queue
from eventlet._outcome import Outcome, Settling
from eventlet.greenthread import NO_RESULT, GreenThread, spawn
from eventlet.hubs._carrier import Task, call
from eventlet.hubs._current import get_hub, thread
from eventlet.hubs._waiting import Waiter, park_while, wake_all
from eventlet.semaphore import Semaphore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, Callable

__all__ = ["GreenMap", "GreenPile", "GreenPool"]


class _Task(Task):
    """A function to be run by a pool.

    If its green thread is asked for before it has begun, that is made at once, and then is the one that runs it.
    """

    __slots__ = ("args", "function", "kwargs", "pool")

    def __init__(self, pool: GreenPool, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        self.pool = pool
        try:
            self.hub = thread.hub
        except AttributeError:
            self.hub = get_hub()
        self.function: Any = function
        self.args: Any = args
        self.kwargs: Any = kwargs
        self.context = copy_context()
        self.thread = None

    def new_carrier(self) -> GreenThread:
        return GreenThread(self.hub.greenlet)

    def start_in_its_own(self) -> Any:
        shown = self.thread
        shown.gr_context = self.context
        return shown.switch([self.function, self.args, self.kwargs])

    def run(self, thread: GreenThread) -> None:
        """Call the function, in `thread`. Errors are reported, but those that end the program raised."""
        thread.pool = self.pool
        try:
            if self.args or self.kwargs:
                call(self.function, self.args, self.kwargs)
            else:
                self.function()
        except GreenletExit:
            pass
        except thread.hub.SYSTEM_EXCEPTIONS:
            raise
        except BaseException as error:
            thread.hub.report_exception(type(error), error, error.__traceback__)
        finally:
            self.pool._ended(self)
            # The green thread may be re-used: nothing of us must be left in it.
            self.thread = self.function = self.args = self.kwargs = self.context = None
            if thread._waiters or thread._links:
                thread.end_without_result()  # somebody got hold of it
            else:
                thread._outcome = NO_RESULT

    def get_thread(self) -> GreenThread:
        """Return the green thread that runs it, or will."""
        if self.thread is None:
            self.thread = thread = GreenThread()
            thread._start = self
            thread.pool = self.pool
            thread.link(lambda _thread: self.pool._ended(self))
        return self.thread  # type: ignore[no-any-return]


class _ResultTask(_Task, Settling):
    """A task whose outcome somebody waits for."""

    __slots__ = ("_outcome", "_waiters", "work")

    def __init__(self, pool: GreenPool, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        super().__init__(pool, self._settle_by_work, (), {})
        self.work: Any = function, args, kwargs
        self._outcome: Outcome | None = None
        self._waiters: list[Waiter] = []

    def _settle_by_work(self) -> None:
        (function, args, kwargs), self.work = self.work, None
        try:
            result = call(function, args, kwargs)
        except BaseException as error:
            self._settle(Outcome(None, (type(error), error, error.__traceback__)))
            if not isinstance(error, Exception):
                raise
        else:
            if self._waiters:
                self._settle(Outcome(result, None))
            else:
                self._outcome = Outcome(result, None)
                if self._waiters:  # another OS thread came to wait at this moment
                    self._settle(self._outcome)

    def get_thread(self) -> GreenThread:
        thread = super().get_thread()
        if thread._start is not None:
            thread.link(self._killed)
        return thread

    def _killed(self, _thread: GreenThread) -> None:
        if self._outcome is None:
            self._settle(Outcome(None, (GreenletExit,)))

    def wait(self) -> Any:
        """Return what the function returned, or raise what it raised. Switches until it has ended."""
        outcome = self._await_outcome()
        assert outcome is not None
        return outcome.get()


class GreenPool:
    """Runs functions in green threads, at most `size` at once.

    Invariant: `running() + free() == size`, but while `resize` makes it smaller. May be
    used from any OS thread; each function runs in the hub of the thread that spawned it.
    """

    def __init__(self, size: int = 1000) -> None:
        """Raises TypeError if `size` is not a whole number, ValueError if it is negative."""
        self.size = _checked_size(size)
        self.sem = Semaphore(self.size)
        self._tasks: set[_Task | GreenThread] = set()
        self._waiters: list[Waiter] = []

    @property
    def coroutines_running(self) -> set[GreenThread]:
        """The green threads that run functions of this pool, or will when it is their turn."""
        return {task if isinstance(task, GreenThread) else task.get_thread() for task in list(self._tasks)}

    def resize(self, new_size: int) -> None:
        """Change how many may run at once. Never switches.

        What runs goes on; with a smaller size nothing new begins until enough have ended.
        """
        new_size = _checked_size(new_size)
        self.sem.counter += new_size - self.size
        self.size = new_size

    def running(self) -> int:
        """Return how many functions run, or are about to. Never switches."""
        return len(self._tasks)

    def free(self) -> int:
        """Return how many more could run without waiting; negative after a `resize` below `running`. Never switches."""
        return self.sem.counter

    def waiting(self) -> int:
        """Return how many green threads wait in `spawn` or `spawn_n` for room. Never switches."""
        return self.sem.waiting()

    def spawn(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> GreenThread:
        """Have `function(*args, **kwargs)` run in the pool; return its green thread, for `wait`.

        Switches only while the pool is full. If a full pool's own function calls this, the new
        one is run on the spot, as waiting could go on for ever. Raises TypeError if
        `function` is not callable.
        """
        _check_callable(function)
        current = getcurrent()
        if self.sem.locked() and getattr(current, "pool", None) is self:
            thread = GreenThread()
            thread.main(function, args, kwargs)
            return thread
        self.sem.acquire()
        try:
            thread = spawn(function, *args, **kwargs)
        except BaseException:
            self.sem.release()
            raise
        thread.pool = self
        self._tasks.add(thread)
        thread.link(self._ended)
        return thread

    def spawn_n(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Have `function(*args, **kwargs)` run in the pool; its result is lost, an exception reported.

        Switches only while the pool is full; otherwise like `spawn`, but much faster.
        """
        if self.sem._returned and callable(function):
            # What `_spawn_task` does when there is room, without its cost.
            try:
                self.sem._returned.pop()
            except IndexError:
                pass
            else:
                task = _Task(self, function, args, kwargs)
                self._tasks.add(task)
                task.hub._ready.append(task)
                if task.hub._polling:
                    task.hub.wakeup()  # as in `spawn`
                return
        self._spawn_task(_Task, function, args, kwargs)

    def _spawn_task(self, kind: type[_Task], function: Any, args: Any, kwargs: Any) -> Any:
        if not callable(function):
            _check_callable(function)
        if not self.sem.acquire(False):
            if getattr(getcurrent(), "pool", None) is self:
                return self._run_on_the_spot(kind, function, args, kwargs)
            self.sem.acquire()
        task = kind(self, function, args, kwargs)
        self._tasks.add(task)
        task.hub._ready.append(task)
        if task.hub._polling:
            task.hub.wakeup()
        return task

    def _run_on_the_spot(self, kind: type[_Task], function: Any, args: Any, kwargs: Any) -> Any:
        task = kind(self, function, args, kwargs)
        try:
            call(task.function, task.args, task.kwargs)
        except Exception as error:
            get_hub().report_exception(type(error), error, error.__traceback__)
        return task

    def _ended(self, task: _Task | GreenThread) -> None:
        try:
            self._tasks.remove(task)
        except KeyError:
            return
        self.sem.release()
        if not self._tasks and self._waiters:
            wake_all(self._waiters)

    def waitall(self) -> None:
        """Wait until nothing runs in the pool. Switches unless that is so.

        Raises AssertionError in one of the pool's own green threads, which would wait for itself.
        """
        if getattr(getcurrent(), "pool", None) is self:
            raise AssertionError("waitall() from one of the pool's own green threads would never return")
        park_while(self._tasks, self._waiters)

    def starmap(self, function: Callable[..., Any] | None, iterable: Iterable[Any]) -> GreenMap:
        """Like itertools.starmap, but running up to `size` calls at once; results come in order.

        Returns an iterator, whose `next` switches while its result is not there, and raises
        what `function` raised for that item. `iterable` is read ahead of the
        results taken by no more than the pool's size.
        """
        if function is None:
            function = _as_tuple
        _check_callable(function)
        results = GreenMap(self.size)  # a pool of its own: a function of this one may call imap
        results._feeder = spawn(_feed, results.pool, results.waiters, function, iter(iterable))
        return results

    def imap(self, function: Callable[..., Any] | None, *iterables: Iterable[Any]) -> GreenMap:
        """Like the built-in `map`, but running up to `size` calls at once: see `starmap`."""
        return self.starmap(function, zip(*iterables))

    def __repr__(self) -> str:
        counts = f"size={self.size} running={self.running()} waiting={self.waiting()}"
        return f"<{type(self).__name__} at {hex(id(self))} {counts}>"


class GreenPile:
    """Runs functions in a pool and gives their results, as an iterator, in the order they were spawned.

    Belongs to one hub.
    """

    def __init__(self, size_or_pool: int | GreenPool = 1000) -> None:
        """Use the given pool, or a new one of the given size."""
        self.pool = size_or_pool if isinstance(size_or_pool, GreenPool) else GreenPool(size_or_pool)
        self.waiters: queue.LightQueue = queue.LightQueue()
        self.counter = 0
        #: Whether anything was ever spawned: until then, the iterator waits.
        self.used = False

    def spawn(self, func: Callable[..., Any], *args: Any, **kw: Any) -> None:
        """Have `func(*args, **kw)` run in the pool; the iterator gives its result. Switches only while that is full."""
        self.used = True
        self.counter += 1
        try:
            self.waiters.put(self.pool._spawn_task(_ResultTask, func, args, kw))
        except BaseException:
            self.counter -= 1
            raise

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        """Return the next result, or raise what its function raised; wait for it if need be. Switches then.

        Raises StopIteration when the results of everything spawned were taken.
        """
        if self.counter == 0 and self.used:
            raise StopIteration
        task = self.waiters.get()
        self.counter -= 1
        return task.wait()

    next = __next__


class GreenMap(GreenPile):
    """The iterator that `imap` and `starmap` return. Belongs to one hub."""

    def __init__(self, size_or_pool: int | GreenPool) -> None:
        super().__init__(size_or_pool)
        self.waiters = queue.LightQueue(maxsize=max(self.pool.size, 1))
        self._over = False
        self._feeder: GreenThread | None = None

    def done_spawning(self) -> None:
        """Say that nothing more will be spawned: after the present results the iterator ends."""
        self.waiters.put(None)

    def __del__(self) -> None:
        # Whoever reads no further: the feeder would wait for ever to go on.
        feeder = self._feeder
        if feeder is not None and not feeder.dead:
            feeder.hub.call_soon(feeder.kill)

    def __next__(self) -> Any:
        if self._over:
            raise StopIteration
        task = self.waiters.get()
        if task is None:
            self._over = True
            raise StopIteration
        return task.wait()

    next = __next__


def _feed(pool: GreenPool, results: queue.LightQueue, function: Callable[..., Any], iterator: Iterator[Any]) -> None:
    """Spawn the calls of a GreenMap, without holding on to that: see its `__del__`."""
    try:
        for args in iterator:
            results.put(pool._spawn_task(_ResultTask, function, tuple(args), {}))
    except Exception as error:
        results.put(_Failure(error))  # of the iterable: raised where its item would have been
    results.put(None)


class _Failure:
    """Stands in a GreenMap for an item that the iterable could not give."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def wait(self) -> Any:
        raise self._error


def _as_tuple(*args: Any) -> tuple[Any, ...]:
    return args


def _check_callable(function: Any) -> None:
    if not callable(function):
        raise TypeError(f"a pool runs something callable, not {type(function).__name__}")


def _checked_size(size: Any) -> int:
    try:
        number = int(size)
    except (TypeError, ValueError):
        raise TypeError(f"the size of a pool is a whole number, not {size!r}") from None
    if number < 0:
        raise ValueError(f"the size of a pool must be 0 or more, not {number}")
    return number
