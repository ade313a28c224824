"""The pool of OS threads, apart from the functions over the default one."""

from __future__ import annotations

import gc
import os
import threading
import traceback
import weakref
from contextvars import ContextVar

import pytest

from eventlet import _pristine
from eventlet._threadpool import ThreadPool
from eventlet.event import Event
from eventlet.greenthread import sleep, spawn
from eventlet.hubs import get_hub
from eventlet.timeout import Timeout
from tests.helpers import SOME_SECONDS, OSThread, check_python, settle
from tests.test_fork import in_child

PLAIN_EVENT = _pristine.original("threading").Event


@pytest.fixture
def make_pool(hub):
    pools = []

    def make(*args, **kwargs):
        pools.append(ThreadPool(*args, **kwargs))
        return pools[-1]

    yield make
    for pool in pools:
        pool.killall()
        assert pool.threads() == 0


@pytest.fixture
def pool(make_pool):
    return make_pool(2)


class Blocked:
    """Calls that occupy threads until `release()`; `enter` waits for so many to have begun."""

    def __init__(self):
        self.begun = 0
        self.gate = PLAIN_EVENT()

    def __call__(self, result=None):
        self.begun += 1
        assert self.gate.wait(SOME_SECONDS)
        return result

    def wait_for(self, count):
        deadline = get_hub().clock() + SOME_SECONDS
        while self.begun < count:
            assert get_hub().clock() < deadline
            sleep(0.001)

    def release(self):
        self.gate.set()


def test_calls_are_made_in_another_os_thread(pool):
    assert pool.execute(_pristine.thread.get_ident) != _pristine.thread.get_ident()
    assert pool.execute(divmod, 7, 2) == (3, 1)
    assert pool.execute(dict, function=1, self=2, args=3) == {"function": 1, "self": 2, "args": 3}


def test_others_run_meanwhile(pool, spawn):
    blocked = Blocked()
    waiting = spawn(pool.execute, blocked, "done")
    blocked.wait_for(1)  # which sleeps: the hub runs
    assert not waiting.dead
    blocked.release()
    assert waiting.wait() == "done"


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, StopIteration, Timeout])
def test_errors_are_raised_in_the_caller(pool, kind):
    error = kind("why") if kind is not Timeout else Timeout()

    def fail_there():
        raise error

    with pytest.raises(kind) as caught:
        pool.execute(fail_there)
    assert caught.value is error
    assert "fail_there" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def test_nothing_of_a_call_is_kept(pool):
    class Thing:
        pass

    thing = Thing()
    seen = weakref.ref(thing)
    with pytest.raises(ValueError, match="invalid literal"):
        pool.execute(lambda _thing: int("x"), thing)
    assert pool.execute(lambda x: x, thing) is thing
    del thing
    assert pool.execute(int) == 0
    gc.collect()
    deadline = get_hub().clock() + SOME_SECONDS
    while seen() is not None and get_hub().clock() < deadline:
        sleep(0.001)
    assert seen() is None


def test_the_callers_context_is_seen_and_not_changed(pool):
    variable = ContextVar("variable", default="nobody's")
    variable.set("the caller's")

    def look_and_change():
        seen = variable.get()
        variable.set("the thread's")
        return seen

    assert pool.execute(look_and_change) == "the caller's"
    assert variable.get() == "the caller's"
    assert pool.execute(variable.get) == "the caller's"


def test_there_are_as_many_threads_as_are_needed_and_no_more(pool, spawn):
    assert pool.threads() == 0
    for _ in range(3):
        pool.execute(int)
    assert pool.threads() == 1
    blocked = Blocked()
    waiting = [spawn(pool.execute, blocked, number) for number in range(5)]
    blocked.wait_for(2)
    settle()
    assert (pool.threads(), blocked.begun) == (2, 2)
    blocked.release()
    assert [green.wait() for green in waiting] == list(range(5))


def test_idle_threads_end(make_pool):
    pool = make_pool(3, idle_seconds=0.001)
    assert [spawn(pool.execute, int, "3").wait() for _ in range(3)] == [3, 3, 3]
    deadline = get_hub().clock() + SOME_SECONDS
    while pool.threads():
        assert get_hub().clock() < deadline
        sleep(0.001)
    assert pool.execute(int, "4") == 4


def test_more_threads_serve_those_who_wait_next(pool, spawn):
    blocked = Blocked()
    waiting = [spawn(pool.execute, blocked) for _ in range(2)]
    blocked.wait_for(2)
    pool.resize(3)
    assert pool.execute(int, "3") == 3
    blocked.release()
    for green in waiting:
        green.wait()
    assert pool.size == 3


@pytest.mark.parametrize("size", [1, 0])
def test_fewer_threads_lose_no_call(make_pool, spawn, size):
    pool = make_pool(3)
    blocked = Blocked()
    waiting = [spawn(pool.execute, blocked, number) for number in range(9)]
    blocked.wait_for(3)
    pool.resize(size)
    blocked.release()
    assert [green.wait() for green in waiting] == list(range(9))
    deadline = get_hub().clock() + SOME_SECONDS
    while pool.threads() > size:
        assert get_hub().clock() < deadline
        sleep(0.001)


def test_idle_threads_end_when_there_are_to_be_fewer(make_pool, spawn):
    pool = make_pool(3)
    blocked = Blocked()
    waiting = [spawn(pool.execute, blocked) for _ in range(3)]
    blocked.wait_for(3)
    blocked.release()
    for green in waiting:
        green.wait()
    pool.resize(1)
    deadline = get_hub().clock() + SOME_SECONDS
    while pool.threads() > 1:
        assert get_hub().clock() < deadline
        sleep(0.001)
    assert pool.execute(int, "3") == 3


def test_without_threads_the_caller_does_it(make_pool):
    pool = make_pool(0)
    assert pool.execute(_pristine.thread.get_ident) == _pristine.thread.get_ident()
    assert pool.threads() == 0


@pytest.mark.parametrize("other_pool", [False, True])
def test_a_call_in_a_thread_of_a_pool_is_an_ordinary_one(make_pool, pool, other_pool):
    inner = make_pool(1) if other_pool else pool

    def outer():
        return _pristine.thread.get_ident(), inner.execute(_pristine.thread.get_ident)

    here, there = pool.execute(outer)
    assert here == there


@pytest.mark.parametrize(("arguments", "kind"), [((-1,), ValueError), (("2",), TypeError), ((2, 0), ValueError)])
def test_sizes_that_make_no_sense(arguments, kind):
    with pytest.raises(kind):
        ThreadPool(*arguments)


class TestABoundedQueue:
    def test_who_finds_no_room_waits(self, make_pool, spawn):
        pool = make_pool(1, max_waiting=2)
        blocked = Blocked()
        calls = []
        first = spawn(pool.execute, blocked, "first")
        blocked.wait_for(1)
        waiting = [spawn(pool.execute, lambda n=number: (calls.append(n), n)[1]) for number in range(5)]
        settle()
        assert pool._room.balance == -3  # that many have not even got into the queue
        blocked.release()
        assert first.wait() == "first"
        assert [green.wait() for green in waiting] == list(range(5))
        assert calls == list(range(5))
        assert pool._room.balance == 2

    @pytest.mark.parametrize("victim", [0, 1, 2, 3, 4])
    def test_a_victim_leaves_its_room_to_others(self, make_pool, spawn, victim):
        pool = make_pool(1, max_waiting=2)
        blocked = Blocked()
        first = spawn(pool.execute, blocked, "first")
        blocked.wait_for(1)
        waiting = [spawn(pool.execute, int, number) for number in range(5)]
        settle()
        waiting.pop(victim).kill()
        blocked.release()
        first.wait()
        assert [green.wait() for green in waiting] == [number for number in range(5) if number != victim]
        assert pool._room.balance == 2


class TestTheCallerIsKilled:
    def test_a_call_that_has_begun_goes_on(self, pool, spawn):
        blocked = Blocked()
        ended = []
        waiting = spawn(pool.execute, lambda: (blocked(), ended.append(True)))
        blocked.wait_for(1)
        waiting.kill()
        blocked.release()
        pool.killall()
        assert ended == [True]

    def test_its_end_wakes_nobody_who_has_finished(self, hub, pool, spawn, reported):
        blocked = Blocked()
        waiting = spawn(pool.execute, blocked)
        blocked.wait_for(1)
        waiting.kill()
        assert hub.lingering_carriers == [waiting]  # since we hold it
        blocked.release()
        deadline = hub.clock() + SOME_SECONDS
        while waiting not in hub._ready:
            assert hub.clock() < deadline
            _pristine.time.sleep(0.001)  # no turn of the hub's
        settle()
        assert reported == []

    def test_a_call_that_has_not_is_not_made(self, make_pool, spawn):
        pool = make_pool(1)
        blocked = Blocked()
        first = spawn(pool.execute, blocked)
        blocked.wait_for(1)
        made = []
        second = spawn(pool.execute, made.append, 2)
        settle()
        second.kill()
        blocked.release()
        first.wait()
        pool.killall()
        assert made == []

    def test_a_timeout_ends_the_wait(self, pool):
        blocked = Blocked()
        with pytest.raises(Timeout), Timeout(0.001):
            pool.execute(blocked)
        blocked.release()
        assert pool.execute(int, "3") == 3


def test_killall_waits_for_the_calls(pool, spawn):
    blocked = Blocked()
    waiting = [spawn(pool.execute, blocked, number) for number in range(4)]
    blocked.wait_for(2)
    killer = spawn(pool.killall)
    settle()
    assert not killer.dead
    blocked.release()
    killer.wait()
    assert [green.wait() for green in waiting] == list(range(4))
    assert pool.execute(int, "3") == 3


def test_killall_in_a_thread_of_the_pool_does_not_wait_for_itself(pool):
    pool.execute(pool.killall)


def test_the_hub_itself_may_not_wait(pool, hub):
    outcome = Event()

    def call():
        try:
            pool.execute(outcome.send, "called")
        except RuntimeError as error:
            outcome.send(str(error))

    hub.schedule_call_global(0, call)
    assert "cannot block in the hub" in outcome.wait(SOME_SECONDS)
    assert pool.threads() == 0


def test_a_thread_that_cannot_be_started_is_done_without(pool, monkeypatch):
    def fail(*_args):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(_pristine.thread, "start_new_thread", fail)
        assert pool.execute(int, "3") == 3
    assert pool.execute(int, "4") == 4


def test_several_hubs_share_a_pool(pool):
    def many(start):
        return [green.wait() for green in [spawn(pool.execute, int, start + n) for n in range(50)]]

    threads = [OSThread(many, 1000 * number) for number in range(4)]
    for number, thread in enumerate(threads):
        assert thread.join_green() == [1000 * number + n for n in range(50)]


@pytest.mark.filterwarnings("ignore:This process .*fork:DeprecationWarning")  # since 3.12: threads are about
class TestFork:
    def test_the_child_has_threads_of_its_own(self, pool, spawn):
        blocked = Blocked()
        waiting = spawn(pool.execute, blocked, "parent")
        blocked.wait_for(1)

        def child():
            assert pool.threads() == 0
            assert pool.execute(os.getpid) == os.getpid()

        in_child(child)
        blocked.release()
        assert waiting.wait() == "parent"

    def test_a_child_of_one_of_the_threads(self, pool):
        def child():
            ident = _pristine.thread.get_ident()
            assert pool.execute(_pristine.thread.get_ident) != ident
            assert threading.active_count() == 1

        pool.execute(in_child, child)


@pytest.mark.parametrize("call", ["time.sleep(1000)", "threading.Event().wait()", "os.read(os.pipe()[0], 1)"])
def test_a_busy_thread_does_not_delay_the_exit(call):
    script = """
        import os, sys, threading, time, eventlet
        from eventlet import tpool
        eventlet.spawn(tpool.execute, lambda: {call})
        eventlet.spawn(tpool.execute, int)
        eventlet.sleep(0.01)
        print("end")
    """
    assert check_python(script.format(call=call)) == "end\n"


def test_a_call_at_exit_is_made():
    script = """
        import atexit, eventlet
        from eventlet import tpool
        atexit.register(lambda: print(tpool.execute(divmod, 7, 2)))
    """
    assert check_python(script) == "(3, 1)\n"
