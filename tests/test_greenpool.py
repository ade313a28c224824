"""GreenPool, GreenPile, imap and starmap."""

from __future__ import annotations

import contextvars

import pytest
from greenlet import GreenletExit

from eventlet.event import Event
from eventlet.greenpool import GreenMap, GreenPile, GreenPool
from eventlet.greenthread import getcurrent, kill, sleep, spawn
from eventlet.timeout import Timeout
from tests.helpers import settle


@pytest.fixture(params=["spawn", "spawn_n"])
def how(request):
    """Which method of a pool starts functions."""
    return request.param


# ---- limits


def test_no_more_than_its_size_run_at_once(autojump_hub, how):
    pool, running, most = GreenPool(3), [], []

    def work():
        running.append(1)
        most.append(len(running))
        sleep(1)
        running.pop()

    for _ in range(10):
        getattr(pool, how)(work)
        assert pool.running() + pool.free() == pool.size == 3
    pool.waitall()
    assert max(most) == 3
    assert len(most) == 10
    assert autojump_hub.clock() == 4
    assert (pool.running(), pool.free(), pool.waiting()) == (0, 3, 0)


def test_a_full_pool_makes_callers_wait(autojump_hub, how):
    pool, release = GreenPool(1), Event()
    getattr(pool, how)(release.wait)
    waiters = [spawn(getattr(pool, how), sleep, 0) for _ in range(2)]
    settle()
    assert pool.waiting() == 2
    assert pool.free() == 0
    assert "waiting=2" in repr(pool)
    release.send()
    pool.waitall()
    for waiter in waiters:
        waiter.wait()
    pool.waitall()


def test_killing_a_caller_that_waits(autojump_hub, how):
    pool, release = GreenPool(1), Event()
    getattr(pool, how)(release.wait)
    caller = spawn(getattr(pool, how), pytest.fail)
    settle()
    kill(caller)
    assert pool.waiting() == 0
    release.send()
    pool.waitall()
    assert pool.free() == 1


@pytest.mark.parametrize(("size", "error"), [(-1, ValueError), ("x", TypeError), (None, TypeError)])
def test_a_wrong_size_is_refused(autojump_hub, size, error):
    with pytest.raises(error):
        GreenPool(size)
    with pytest.raises(error):
        GreenPool(size=size)
    pool = GreenPool(2)
    with pytest.raises(error):
        pool.resize(size)
    assert (pool.size, pool.free()) == (2, 2)


@pytest.mark.parametrize("function", [None, 5])
def test_what_cannot_be_called_is_refused_and_takes_no_room(autojump_hub, how, function):
    pool = GreenPool(1)
    with pytest.raises(TypeError, match="callable"):
        getattr(pool, how)(function)
    assert pool.free() == 1
    assert pool.running() == 0


def test_the_default_size_is_1000(autojump_hub):
    assert GreenPool().size == GreenPile().pool.size == 1000


def test_resizing_up_lets_waiters_in(autojump_hub, how):
    pool, release = GreenPool(1), Event()
    getattr(pool, how)(release.wait)
    caller = spawn(getattr(pool, how), release.wait)
    settle()
    pool.resize(3)
    settle()
    assert caller.dead
    assert (pool.running(), pool.free()) == (2, 1)
    release.send()
    pool.waitall()
    assert pool.free() == 3


def test_resizing_down_waits_for_enough_to_end(autojump_hub, how):
    pool, ends = GreenPool(3), [Event() for _ in range(3)]
    for end in ends:
        getattr(pool, how)(end.wait)
    pool.resize(1)
    assert (pool.running(), pool.free(), pool.size) == (3, -2, 1)
    caller = spawn(getattr(pool, how), sleep, 0)
    for end in ends[:2]:
        end.send()
        settle()
        assert not caller.dead
    ends[2].send()
    settle()
    assert caller.dead
    pool.waitall()
    assert pool.free() == 1


def test_resizing_to_nothing_as_oslo_service_does(autojump_hub, how):
    pool, end = GreenPool(2), Event()
    getattr(pool, how)(end.wait)
    pool.resize(0)
    end.send()
    pool.waitall()
    assert pool.free() == 0


def test_what_celery_does_with_its_insides(autojump_hub):
    pool = GreenPool(2)
    pool.size = 5
    for _ in range(3):
        pool.sem.release()
    assert pool.free() == 5
    pool.spawn_n(sleep, 1)
    assert (pool.free(), pool.running()) == (4, 1)
    pool.sem.counter -= 3
    pool.size -= 3
    assert pool.free() == 1
    pool.waitall()
    assert pool.free() == pool.size == 2


# ---- results and errors


def test_spawn_returns_the_green_thread(autojump_hub):
    pool = GreenPool(2)
    thread = pool.spawn(lambda *args, **kw: (args, kw, getcurrent()), 1, x=2)
    args, kw, current = thread.wait()
    assert (args, kw) == ((1,), {"x": 2})
    assert current is thread
    assert pool.free() == 2


def test_an_error_is_reported_and_its_room_comes_back(autojump_hub, how, reported):
    pool = GreenPool(1)
    for _ in range(5):
        getattr(pool, how)(lambda: 1 / 0)
    pool.waitall()
    assert [type(error) for error in reported] == [ZeroDivisionError] * 5
    assert (pool.free(), pool.running()) == (1, 0)


def test_spawn_passes_errors_on_to_wait(autojump_hub, reported):
    with pytest.raises(ZeroDivisionError):
        GreenPool(1).spawn(lambda: 1 / 0).wait()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_program_gives_the_room_back(autojump_hub, how, kind):
    def end():
        raise kind

    pool = GreenPool(1)
    getattr(pool, how)(end)
    with pytest.raises(kind):
        sleep(10)
    pool.waitall()
    assert pool.free() == 1


def test_links_of_a_pools_green_threads(autojump_hub):
    pool, calls = GreenPool(2), []
    thread = pool.spawn(lambda: 5)
    thread.link(lambda this, extra: calls.append((this.wait(), extra)), "extra")
    pool.waitall()
    assert calls == [(5, "extra")]


@pytest.mark.parametrize("begun", [True, False])
def test_killing_a_pools_green_thread_gives_the_room_back(autojump_hub, begun):
    pool = GreenPool(1)
    thread = pool.spawn(sleep, 1000)
    if begun:
        settle()
    thread.kill()
    assert (pool.free(), pool.running()) == (1, 0)
    pool.waitall()


def test_a_full_pools_own_function_runs_more_on_the_spot(autojump_hub, how, reported):
    pool, order = GreenPool(1), []

    def outer():
        order.append("outer begins")
        getattr(pool, how)(inner)
        getattr(pool, how)(lambda: 1 / 0)
        order.append("outer ends")

    def inner():
        order.append("inner")

    pool.spawn_n(outer)
    pool.waitall()
    assert order == ["outer begins", "inner", "outer ends"]
    assert [type(error) for error in reported] == [ZeroDivisionError]
    assert pool.free() == 1


def test_a_recursive_crawl_in_one_pool(autojump_hub):
    pool, seen = GreenPool(3), set()

    def visit(number):
        if number in seen:
            return
        seen.add(number)
        sleep(1)
        for link in (number * 2, number * 2 + 1):
            if link < 50:
                pool.spawn_n(visit, link)

    pool.spawn_n(visit, 1)
    pool.waitall()
    assert seen == set(range(1, 50))
    assert (pool.free(), pool.running()) == (3, 0)


# ---- waitall


def test_waitall_waits_for_all(autojump_hub, how):
    pool, done = GreenPool(10), []
    pool.waitall()
    for seconds in (3, 1, 2):
        getattr(pool, how)(lambda seconds=seconds: (sleep(seconds), done.append(seconds)))
    waiters = [spawn(pool.waitall) for _ in range(2)]
    pool.waitall()
    assert done == [1, 2, 3]
    for waiter in waiters:
        waiter.wait()


def test_waitall_waits_for_what_was_spawned_meanwhile(autojump_hub):
    pool, done = GreenPool(2), []
    pool.spawn_n(lambda: (sleep(1), pool.spawn_n(lambda: (sleep(5), done.append(1)))))
    pool.waitall()
    assert done == [1]


def test_waitall_in_the_pool_is_an_error(autojump_hub, reported):
    pool = GreenPool(2)
    with pytest.raises(AssertionError):
        pool.spawn(pool.waitall).wait()
    pool.spawn_n(pool.waitall)
    pool.waitall()
    assert [type(error) for error in reported] == [AssertionError] * 2


def test_a_timeout_around_waitall(autojump_hub):
    pool = GreenPool(2)
    pool.spawn_n(sleep, 10)
    with pytest.raises(Timeout):
        with Timeout(1):
            pool.waitall()
    assert pool._waiters == []
    pool.waitall()


# ---- coroutines_running


def test_coroutines_running_are_the_green_threads(autojump_hub, how):
    pool, inside = GreenPool(3), []
    for _ in range(2):
        getattr(pool, how)(lambda: (inside.append(getcurrent()), sleep(1)))
    settle()
    assert pool.coroutines_running == set(inside)
    pool.waitall()
    assert pool.coroutines_running == set()


@pytest.mark.parametrize("begun", [True, False])
def test_a_context_pool_as_swift_has_it(autojump_hub, how, begun):
    class ContextPool(GreenPool):
        def __enter__(self):
            return self

        def __exit__(self, *exc_info):
            self.close()

        def close(self):
            for coro in list(self.coroutines_running):
                coro.kill()

    ended = []

    def work(number):
        try:
            sleep(1000)
        finally:
            ended.append(number)

    with ContextPool(5) as pool:
        for number in range(3):
            getattr(pool, how)(work, number)
        if begun:
            settle()
        assert pool.running() == 3
    assert sorted(ended) == ([0, 1, 2] if begun else [])
    assert (pool.running(), pool.free()) == (0, 5)
    pool.waitall()
    assert autojump_hub.clock() == 0


def test_a_looked_at_but_not_begun_one_runs_in_the_green_thread_that_was_shown(autojump_hub):
    pool, inside = GreenPool(2), []
    pool.spawn_n(lambda: inside.append(getcurrent()))
    shown = pool.coroutines_running
    assert shown == pool.coroutines_running
    assert not inside
    pool.waitall()
    assert set(inside) == shown
    assert all(thread.dead for thread in shown)


def test_a_subclass_as_swifts_restricted_pool(autojump_hub):
    class Restricted(GreenPool):
        def __init__(self, size=1024):
            super().__init__(size=size)
            self._size = size

        def spawn_n(self, *args, **kwargs):
            super().spawn_n(*args, **kwargs)
            if self._size == 1:
                self.waitall()

    pool, order = Restricted(1), []
    for number in range(3):
        pool.spawn_n(lambda number=number: (sleep(1), order.append(number)))
        assert order[-1] == number


# ---- contexts

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


def test_a_task_has_a_copy_of_the_spawners_context(autojump_hub, how):
    pool, seen = GreenPool(2), []
    for value in "ab":
        variable.set(value)
        getattr(pool, how)(lambda: (seen.append(variable.get()), variable.set("x")))
    variable.set("unset")
    pool.waitall()
    assert seen == ["a", "b"]
    assert variable.get() == "unset"


def test_attributes_set_on_the_green_thread_do_not_pass_to_the_next_task(autojump_hub):
    pool, seen = GreenPool(1), []

    def work():
        seen.append(getattr(getcurrent(), "mark", None))
        getcurrent().mark = "set"

    for _ in range(50):
        pool.spawn_n(work)
    pool.waitall()
    assert seen == [None] * 50


# ---- imap and starmap


def test_imap_keeps_the_order_and_runs_at_once(autojump_hub):
    def work(seconds):
        sleep(seconds)
        return seconds

    pool = GreenPool(5)
    assert list(pool.imap(work, [5, 1, 4, 2, 3])) == [5, 1, 4, 2, 3]
    assert autojump_hub.clock() == 5
    assert pool.free() == 5


@pytest.mark.parametrize("size", [1, 2, 7])
def test_imap_over_more_than_the_pool_holds(autojump_hub, size):
    pool = GreenPool(size)
    assert list(pool.imap(lambda x: (sleep(1), x)[1], range(20))) == list(range(20))
    assert autojump_hub.clock() == -(-20 // size)


def test_imap_is_like_map(autojump_hub):
    pool = GreenPool(2)
    assert list(pool.imap(lambda *args: args, [1, 2], "abc")) == [(1, "a"), (2, "b")]
    assert list(pool.imap(None, [1, 2], "ab")) == [(1, "a"), (2, "b")]
    assert list(pool.imap(abs, [])) == []
    assert isinstance(pool.imap(abs, []), GreenMap)


def test_starmap_is_like_itertools_starmap(autojump_hub):
    assert list(GreenPool(2).starmap(pow, [(2, 3), (3, 2)])) == [8, 9]


def test_imap_and_starmap_refuse_what_cannot_be_called(autojump_hub):
    with pytest.raises(TypeError, match="callable"):
        GreenPool(2).imap(5, [1])
    with pytest.raises(TypeError):
        GreenPool(2).starmap(abs, 5)
    with pytest.raises(TypeError):
        GreenPool(2).imap(abs, 5)


@pytest.mark.parametrize("size", [1, 4, 10])
def test_imap_reads_ahead_no_more_than_it_must(autojump_hub, size):
    taken = []

    def numbers():
        for number in range(1000):
            taken.append(number)
            yield number

    results = GreenPool(size).imap(lambda x: x, numbers())
    next(results)
    settle()
    assert len(taken) <= 2 * size + 2
    for _ in range(50):
        next(results)
    settle()
    assert len(taken) <= 51 + 2 * size + 2
    list(results)


def test_an_error_of_the_function_is_raised_for_its_item_only(autojump_hub):
    results = GreenPool(3).imap(lambda x: 6 // x, [1, 0, 2, 0, 3])
    assert next(results) == 6
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert next(results) == 3
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert next(results) == 2
    for _ in range(2):
        with pytest.raises(StopIteration):
            next(results)


def test_an_error_of_the_iterable_is_raised_in_its_place(autojump_hub):
    def numbers():
        yield 1
        raise KeyError("the iterable")

    results = GreenPool(3).imap(lambda x: x, numbers())
    assert next(results) == 1
    with pytest.raises(KeyError, match="the iterable"):
        next(results)
    with pytest.raises(StopIteration):
        next(results)


def test_the_iterable_may_block(autojump_hub):
    def numbers():
        for number in range(3):
            sleep(1)
            yield number

    assert list(GreenPool(2).imap(lambda x: x, numbers())) == [0, 1, 2]
    assert autojump_hub.clock() == 3


def test_imap_within_imap_in_one_pool(autojump_hub):
    pool = GreenPool(2)

    def row(number):
        return sum(pool.imap(lambda x: x * number, range(3)))

    assert list(pool.imap(row, range(4))) == [0, 3, 6, 9]


def test_a_killed_imap_task(autojump_hub):
    results = GreenPool(2).imap(lambda x: sleep(1000) or x, range(2))
    settle()
    for thread in results.pool.coroutines_running:
        thread.kill()
    for _ in range(2):
        with pytest.raises(GreenletExit):
            next(results)


# ---- piles


def test_a_pile_gives_results_in_the_order_spawned(autojump_hub):
    pile = GreenPile(5)
    for seconds in (3, 1, 2):
        pile.spawn(lambda seconds=seconds: (sleep(seconds), seconds)[1])
    assert list(pile) == [3, 1, 2]
    assert autojump_hub.clock() == 3
    assert iter(pile) is pile


def test_a_pile_over_a_pool(autojump_hub):
    pool = GreenPool(2)
    piles = [GreenPile(pool) for _ in range(2)]
    for pile in piles:
        assert pile.pool is pool
        pile.spawn(lambda *args, **kw: (args, kw), 1, x=2)
    assert [list(pile) for pile in piles] == [[((1,), {"x": 2})]] * 2
    assert pool.free() == 2


def test_a_pile_raises_what_its_function_raised(autojump_hub):
    pile = GreenPile(2)
    pile.spawn(lambda: 1 / 0)
    pile.spawn(lambda: 5)
    with pytest.raises(ZeroDivisionError):
        next(pile)
    assert pile.next() == 5
    with pytest.raises(StopIteration):
        next(pile)


def test_a_pile_can_be_filled_while_it_is_emptied(autojump_hub):
    pile, results = GreenPile(2), []

    def produce():
        for number in range(5):
            pile.spawn(lambda number=number: (sleep(1), number)[1])

    producer = spawn(produce)
    while len(results) < 5:
        results.append(next(pile))  # waits, as nothing was spawned yet
    producer.wait()
    assert results == list(range(5))


def test_a_piles_size_limits_it(autojump_hub):
    pile = GreenPile(1)
    for number in range(3):
        pile.spawn(lambda number=number: (sleep(1), number)[1])
    assert autojump_hub.clock() == 2
    assert list(pile) == [0, 1, 2]


def test_a_pile_refuses_what_cannot_be_called_and_counts_it_not(autojump_hub):
    pile = GreenPile(2)
    with pytest.raises(TypeError, match="callable"):
        pile.spawn(5)
    assert pile.counter == 0


def test_a_piles_killed_task(autojump_hub):
    pile = GreenPile(2)
    pile.spawn(sleep, 1000)
    for thread in pile.pool.coroutines_running:
        thread.kill()  # before it began
    with pytest.raises(GreenletExit):
        next(pile)
    assert pile.pool.free() == 2


def test_parallel_is_the_old_home_of_the_pool():
    from eventlet import parallel

    assert parallel.GreenPool is GreenPool
