"""What Celery's pool, worker and timer do with eventlet. tests/programs runs a real worker."""

from __future__ import annotations

from greenlet import GreenletExit

import eventlet
from eventlet.greenpool import GreenPool
from eventlet.greenthread import getcurrent, spawn_after_local


def test_the_pool_grows_and_shrinks(hub, settle):
    """`grow` sets `size` and releases permits of `sem`; `shrink` takes from its counter."""
    pool = GreenPool(1)
    stop = eventlet.Event()
    for _ in range(3):
        eventlet.spawn(pool.spawn_n, stop.wait)
    settle()
    assert (pool.running(), pool.free()) == (1, 0)
    pool.size = 3
    pool.sem.release()
    pool.sem.release()
    settle()
    assert (pool.running(), pool.free()) == (3, 0)
    pool.size = 1
    pool.sem.counter -= 2
    stop.send()
    pool.waitall()
    assert (pool.running(), pool.free()) == (0, 1)


def test_a_timer_of_green_threads(autojump_hub):
    """Entries of the timer: attributes of the green thread, `link`, `cancel`."""
    left = []

    def ended(thread, entry):
        try:
            thread.wait()
        except GreenletExit:
            thread.canceled = True
        left.append((entry, thread.entry, thread.eta, thread.canceled))

    def enter(seconds, entry):
        thread = spawn_after_local(seconds, str)
        thread.link(ended, entry)
        thread.entry, thread.eta, thread.canceled = entry, autojump_hub.clock() + seconds, False
        return thread

    enter(1, "first")
    enter(2, "second").cancel()
    assert left == [("second", "second", 2.0, True)]
    eventlet.sleep(3)
    assert left[1:] == [("first", "first", 1.0, False)]


def test_a_task_is_killed_by_its_pid(hub, settle):
    """The `pid` of a task is `id(getcurrent())`; its green thread is found by it and killed."""
    pool = GreenPool(2)
    by_pid, started, ended = {}, [], []

    def task():
        started.append(id(getcurrent()))
        try:
            eventlet.sleep(1000)
        finally:
            ended.append(id(getcurrent()))

    thread = pool.spawn(task)
    by_pid[id(thread)] = thread
    settle()
    assert started == [id(thread)]
    by_pid[started[0]].kill()
    assert ended == started
    assert pool.running() == 0
