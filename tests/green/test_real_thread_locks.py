"""Conditions and events that OS threads set and green threads wait for; an executor for OS threads to submit to."""

from __future__ import annotations

import pytest

from eventlet.green._hub_executor import HubExecutor
from eventlet.green._real_thread_locks import Condition, Event, threading
from eventlet.green.concurrent import futures
from eventlet.greenthread import sleep
from tests.helpers import SOME_SECONDS, OSThread, settle


def wait_for(condition, seconds=None):
    with condition:
        return condition.wait(seconds)


def notify_all(condition):
    with condition:
        condition.notify_all()


@pytest.mark.parametrize("make_lock", [threading.Lock, threading.RLock])
def test_green_and_os_threads_wait_for_one_condition(hub, spawn, make_lock):
    condition = Condition(make_lock())
    green = [spawn(wait_for, condition) for _ in range(3)]
    real = [OSThread(wait_for, condition) for _ in range(2)]
    while len(condition._waiters) < 5:
        sleep(0.001)
    OSThread(notify_all, condition).join_green()
    assert [thread.wait() for thread in green] == [True] * 3
    assert [thread.join_green() for thread in real] == [True] * 2
    assert not condition._waiters


def test_one_that_times_out_or_is_killed_leaves_nothing_behind(hub, spawn):
    condition = Condition()
    with condition, condition:  # it is a reentrant lock
        assert condition.wait(0.001) is False
        assert not OSThread(condition.acquire, False).join(), "we have it again"
    waiting = spawn(wait_for, condition)
    settle()
    waiting.kill()
    assert not condition._waiters
    assert OSThread(condition.acquire, False).join()


def test_waiting_without_the_lock_is_an_error(hub):
    with pytest.raises(RuntimeError):
        Condition().wait()


def test_an_event_that_an_os_thread_sets(hub, spawn):
    event = Event()
    waiting = spawn(event.wait)
    settle()
    assert event.wait(0.001) is False
    OSThread(event.set).join_green()
    assert waiting.wait() is True


def test_in_the_hub_an_event_blocks_as_a_real_one(hub):
    event, got = Event(), []
    hub.call_soon(lambda: got.append(event.wait(0.001)))
    settle()
    assert got == [False]


def test_what_os_threads_submit_is_done_in_the_hub(hub):
    with futures.ThreadPoolExecutor(2) as pool:
        executor = HubExecutor(pool, hub)
        futures_ = OSThread(lambda: [executor.submit(pow, 2, exp) for exp in (5, 0.5, None)]).join_green()
        assert OSThread(futures_[0].result, SOME_SECONDS).join_green() == 32
        assert isinstance(OSThread(futures_[2].exception, SOME_SECONDS).join_green(), TypeError)
        assert executor._max_workers == 2


def test_an_executor_that_takes_no_more_work(hub, reported):
    pool = futures.ThreadPoolExecutor(1)
    pool.shutdown()
    future = HubExecutor(pool, hub).submit(pow, 2, 5)
    assert isinstance(OSThread(future.exception, SOME_SECONDS).join_green(), RuntimeError)
