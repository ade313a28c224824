"""Finalisers and weakref callbacks run wherever the garbage collector likes: in the hub, or in the middle of a lock.

They may use green primitives there. None of these deadlocks.
"""

from __future__ import annotations

import gc
import os
import subprocess
import weakref

import pytest

from eventlet import tpool
from eventlet.event import Event
from eventlet.green import os as green_os
from eventlet.green import select as green_select
from eventlet.green import socket
from eventlet.green.thread import RLock, allocate_lock
from eventlet.greenpool import GreenPool
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


def test_in_the_poll(hub, by_weakref):
    """The hub's own code allocates, too."""
    lock, queue, done = allocate_lock(), Queue(), Event()

    def finalise():
        with lock:
            queue.put("finalised")
            done.ready() or done.send("finalised")

    poll = hub.do_poll

    def collecting_poll(seconds):
        Finalised(finalise, by_weakref)
        gc.collect()
        return poll(seconds)

    hub.do_poll = collecting_poll
    try:
        sleep(0.001)
        assert done.wait(SOME_SECONDS) == "finalised"
    finally:
        hub.do_poll = poll
    assert queue.get(timeout=SOME_SECONDS) == "finalised"
    assert not lock.locked()


# ---- what waits


def sleeps():
    sleep(0.001)


def yields():
    sleep(0)


def waits_for_an_event():
    Event().wait()


def waits_for_an_event_for_some_time():
    Event().wait(0.001)


def waits_for_an_item():
    Queue().get()


def waits_for_an_item_for_some_time():
    Queue().get(timeout=0.001)


def waits_for_room():
    Queue(0).put("item")


def waits_for_a_permit():
    Semaphore(0).acquire()


def waits_for_a_permit_for_some_time():
    Semaphore(0).acquire(timeout=0.001)


def waits_for_a_green_thread():
    spawn(sleep, 0).wait()


def waits_for_a_pool():
    pool = GreenPool()
    pool.spawn(sleep, 0)
    pool.waitall()


def waits_for_data():
    left, right = socket.socketpair()
    with left, right:
        left.recv(1)


def waits_for_data_for_some_time():
    left, right = socket.socketpair()
    with left, right:
        left.settimeout(0.001)
        left.recv(1)


def waits_for_a_client():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.accept()


def waits_for_a_pipe():
    reading, writing = os.pipe()
    try:
        green_os.read(reading, 1)
    finally:
        os.close(reading)
        os.close(writing)


def waits_in_select():
    left, right = socket.socketpair()
    with left, right:
        green_select.select([left], [], [])


def waits_for_a_process():
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:  # the standard one, which blocks
        green_os.waitpid(process.pid, 0)


def waits_for_an_os_thread():
    tpool.execute(lambda: None)


def switches_to_the_hub():
    get_hub().switch()


WAITS = [
    value for name, value in list(globals().items()) if name.split("_")[0] in ("sleeps", "yields", "waits", "switches")
]


@pytest.mark.parametrize("wait", WAITS, ids=lambda function: function.__name__)
def test_one_that_waits_in_the_hub_gets_an_error_and_the_hub_goes_on(hub, wait):
    errors = []

    def finalise():
        try:
            wait()
        except BaseException as error:
            errors.append(error)
        else:
            errors.append(AssertionError("it has not waited"))

    def callback():
        Finalised(finalise)
        gc.collect()

    hub.schedule_call_global(0, callback)
    while not errors:
        sleep(0.001)
    assert type(errors[0]) is RuntimeError, errors
    assert "cannot block in the hub" in str(errors[0])
    settle()
    assert spawn(lambda: (sleep(0.001), 5)[1]).wait() == 5


@pytest.mark.parametrize("wait", [yields, waits_for_data_for_some_time, waits_for_an_os_thread])
def test_one_that_waits_in_a_green_thread_just_takes_as_long(hub, by_weakref, wait):
    own, done = allocate_lock(), Event()

    def finalise():
        try:
            wait()
        except OSError:  # TimeoutError is a class of its own until 3.9 is dropped
            pass
        done.send()

    def collect():
        with own:
            Finalised(finalise, by_weakref)
            gc.collect()
            assert done.ready()

    spawn(collect).wait()
    assert not own.locked()


class CollectsWhenAppended(list):
    """Stands for the interpreter, which may collect garbage, or call a signal handler, after any call."""

    def append(self, item):
        super().append(item)
        gc.collect()


def test_a_thread_pool_that_is_used_in_the_middle_of_its_own_work(hub, by_weakref):
    pool = tpool.ThreadPool(1)
    pool._crew.threads = CollectsWhenAppended()
    called = []
    Finalised(lambda: called.append(pool.execute(lambda: "finaliser")), by_weakref)
    assert pool.execute(lambda: "caller") == "caller"
    assert called == ["finaliser"]
    assert pool.execute(lambda: "again") == "again"
    pool.killall()
