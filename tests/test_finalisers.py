"""Finalisers and weakref callbacks run wherever the garbage collector likes: in the hub, or in the middle of a lock.

They may use green primitives there. None of these deadlocks.
"""

from __future__ import annotations

import gc
import weakref

import pytest

from eventlet.event import Event
from eventlet.green.thread import RLock, allocate_lock
from eventlet.greenthread import sleep, spawn
from eventlet.hubs import get_hub
from eventlet.queue import Queue
from eventlet.semaphore import Semaphore
from tests.helpers import SOME_SECONDS, settle


class Finalised:
    """Calls a function when it goes: by `__del__`, or by the callback of a weak reference."""

    kept: list[object] = []

    def __init__(self, function, by_weakref=False):
        self.function = function
        self.circle = self  # only the collector finds it
        if by_weakref:
            self.function = lambda: None
            self.kept.append(weakref.ref(self, lambda _ref: function()))

    def __del__(self):
        self.function()


@pytest.fixture(params=[False, True], ids=["__del__", "weakref"])
def by_weakref(request):
    yield request.param
    Finalised.kept.clear()


@pytest.fixture
def collects_all_the_time():
    thresholds = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    yield
    gc.set_threshold(*thresholds)


@pytest.mark.parametrize("make_lock", [allocate_lock, RLock, lambda: Semaphore(1)], ids=["Lock", "RLock", "Semaphore"])
def test_in_the_middle_of_other_locks_and_queues(hub, by_weakref, make_lock, collects_all_the_time):
    """Each step that allocates may run finalisers, which take a lock, and use a queue, that others use as well."""
    finalisers, others = make_lock(), make_lock()
    log, queue = Queue(), Queue(maxsize=2)
    rounds = 20

    def finalise():
        if finalisers.acquire(False):
            try:
                log.put_nowait(None)
            finally:
                finalisers.release()
        else:
            log.put_nowait(None)

    def use(number):
        for _ in range(rounds):
            Finalised(finalise, by_weakref)
            with others:
                queue.put(number)
                Finalised(finalise, by_weakref)
                queue.get()
            with finalisers:
                sleep(0)

    for green in [spawn(use, number) for number in range(5)]:
        green.wait()
    gc.collect()
    assert log.qsize() == 5 * rounds * 2
    assert queue.empty()
    for lock in (finalisers, others):
        assert lock.acquire(False)
        lock.release()


def test_one_that_waits_for_a_lock(hub, by_weakref):
    """In a green thread that holds another one: it just takes as long."""
    held, own = allocate_lock(), allocate_lock()
    order = []

    def hold():
        with held:
            settle_once.wait()
            order.append("holder")

    def finalise():
        with held:
            order.append("finaliser")

    settle_once = Event()
    holder = spawn(hold)
    sleep(0)

    def collect():
        Finalised(finalise, by_weakref)
        with own:
            gc.collect()
        order.append("collector")

    collector = spawn(collect)
    settle()
    settle_once.send()
    holder.wait()
    collector.wait()
    assert order == ["holder", "finaliser", "collector"]


def test_a_free_lock_in_the_hub(hub, by_weakref):
    lock, done = allocate_lock(), Event()

    def finalise():
        with lock:
            done.send("finalised")

    def callback():
        Finalised(finalise, by_weakref)
        gc.collect()

    hub.schedule_call_global(0, callback)
    assert done.wait(SOME_SECONDS) == "finalised"
    assert not lock.locked()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_lock_that_is_held_in_the_hub(hub, by_weakref):
    """The hub cannot wait, so the finaliser gets an error; the hub, the holder and the lock go on."""
    lock, errors, leave = allocate_lock(), [], Event()

    def hold():
        with lock:
            leave.wait()

    holder = spawn(hold)
    sleep(0)

    def finalise():
        try:
            lock.acquire()
        except RuntimeError as error:
            errors.append(str(error))

    def callback():
        Finalised(finalise, by_weakref)
        gc.collect()

    hub.schedule_call_global(0, callback)
    while not errors:
        sleep(0.001)
    assert "cannot block in the hub" in errors[0]
    leave.send()
    holder.wait()
    assert lock.acquire(False)
    lock.release()


def test_a_finaliser_may_wake_spawn_and_schedule_in_the_hub(hub, by_weakref):
    done = Event()

    def callback():
        Finalised(lambda: (spawn(done.send, "spawned"), get_hub().call_soon(lambda: None)), by_weakref)
        gc.collect()

    hub.schedule_call_global(0, callback)
    assert done.wait(SOME_SECONDS) == "spawned"
