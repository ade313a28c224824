"""Locks, events and queues between the hubs of several OS threads."""

from __future__ import annotations

import itertools
import random
import sys
import time

import pytest
from greenlet import GreenletExit

from eventlet import hubs
from eventlet.event import Event
from eventlet.greenpool import GreenPool
from eventlet.greenthread import sleep, spawn
from eventlet.hubs import get_hub
from eventlet.lock import Lock
from eventlet.pools import TokenPool
from eventlet.queue import Empty, LifoQueue, LightQueue, PriorityQueue, Queue
from eventlet.semaphore import CappedSemaphore, Semaphore
from tests.helpers import SOME_SECONDS, OSThread


@pytest.fixture
def start(hub, backend):
    """Start a function in an OS thread with a hub of the same kind, closed at its end; joined at the test's."""
    threads = []

    def start(function, *args):
        def run():
            hubs.use_hub(backend)
            try:
                return function(*args)
            finally:
                get_hub().close()

        threads.append(OSThread(run))
        return threads[-1]

    yield start
    for thread in threads:
        thread.join_green()


# ---- one wakes the other


def test_an_event_sent_from_another_thread(hub, start):
    event = Event()
    start(lambda: (time.sleep(0.005), event.send("sent")))
    assert event.wait(SOME_SECONDS) == "sent"


def test_an_exception_sent_from_another_thread(hub, start):
    event = Event()
    start(lambda: (time.sleep(0.005), event.send_exception(KeyError("x"))))
    with pytest.raises(KeyError):
        event.wait(SOME_SECONDS)


def test_an_event_with_waiters_in_many_threads(hub, start):
    event = Event()

    def wait():
        return [waiter.wait() for waiter in [spawn(event.wait, SOME_SECONDS) for _ in range(3)]]

    threads = [start(wait) for _ in range(3)]
    here = spawn(event.wait, SOME_SECONDS)
    while event.waiting() < 10:
        sleep(0.001)
    event.send("sent")
    assert here.wait() == "sent"
    assert [thread.join_green() for thread in threads] == [["sent"] * 3] * 3


def test_a_semaphore_released_in_another_thread(hub, start):
    semaphore = Semaphore(0)
    start(lambda: (time.sleep(0.005), semaphore.release()))
    assert semaphore.acquire(timeout=SOME_SECONDS)
    assert semaphore.acquire(blocking=False) is False


def test_an_item_put_in_another_thread(hub, start):
    queue = Queue()
    start(lambda: (time.sleep(0.005), queue.put("item")))
    assert queue.get(timeout=SOME_SECONDS) == "item"


def test_an_item_for_another_thread_through_a_channel(hub, start):
    queue = LightQueue(0)
    thread = start(lambda: queue.get(timeout=SOME_SECONDS))
    queue.put("item", timeout=SOME_SECONDS)
    assert thread.join_green() == "item"


def test_a_result_from_another_threads_green_thread(hub, start):
    handed_over = Queue()

    def work():
        thread = spawn(lambda: (sleep(0.005), "result")[1])
        handed_over.put(thread)
        thread.wait()

    start(work)
    assert handed_over.get().wait() == "result"


def test_killing_another_threads_green_thread(hub, start):
    handed_over = Queue()

    def work():
        thread = spawn(sleep, 1000)
        sleep(0)
        handed_over.put(thread)
        with pytest.raises(GreenletExit):
            thread.wait()
        return "killed"

    worker = start(work)
    handed_over.get().kill()
    assert worker.join_green() == "killed"


def test_join_across_threads(hub, start):
    queue = Queue()
    for item in range(20):
        queue.put(item)

    def work():
        while True:
            try:
                queue.get_nowait()
            except Empty:
                return
            sleep(0)
            queue.task_done()

    for _ in range(2):
        start(work)
    queue.join()
    assert queue.empty()


def test_a_timer_made_in_another_thread(hub, start):
    event = Event()
    start(lambda: hub.schedule_call_global(0.005, event.send, "sent"))
    assert event.wait(SOME_SECONDS) == "sent"


def test_a_timer_cancelled_in_another_thread(hub, start):
    timers = [hub.schedule_call_global(1000, pytest.fail) for _ in range(2000)]
    start(lambda: [timer.cancel() for timer in timers])
    sleep(0.005)


def test_threads_without_a_hub_can_wake_and_take_what_is_there(hub):
    queue, event, semaphore = Queue(), Event(), Semaphore(1)

    def work():
        semaphore.acquire()
        queue.put("item")
        semaphore.release()
        event.send("sent")

    thread = OSThread(work)
    assert queue.get() == "item"
    assert event.wait() == "sent"
    thread.join()


# ---- many at once: nothing lost, nothing twice, nobody left waiting

THREADS = 3
ITEMS = 400


@pytest.mark.parametrize("kind", [LightQueue, Queue, LifoQueue, PriorityQueue])
@pytest.mark.parametrize("maxsize", [None, 0, 1, 7])
def test_every_item_arrives_once(hub, start, kind, maxsize):
    queue = kind(maxsize)
    total = THREADS * ITEMS

    def produce(number):
        for item in range(ITEMS):
            queue.put((item, number), timeout=SOME_SECONDS)

    def consume():
        got = []
        while True:
            item = queue.get(timeout=SOME_SECONDS)
            if item[0] == ITEMS:
                return got
            got.append(item)
            if isinstance(queue, Queue):
                queue.task_done()

    consumers = [start(consume) for _ in range(THREADS - 1)]
    producers = [start(produce, number) for number in range(THREADS)]
    here = spawn(consume)
    for producer in producers:
        producer.join_green()
    deadline = hub.clock() + SOME_SECONDS
    while queue.qsize() and hub.clock() < deadline:  # a LifoQueue would serve the ends first
        sleep(0.001)
    for number in range(THREADS):
        queue.put((ITEMS, number), timeout=SOME_SECONDS)
    parts = [here.wait(), *(consumer.join_green() for consumer in consumers)]
    got = list(itertools.chain(*parts))
    assert len(got) == total
    assert len(set(got)) == total
    assert queue.getting() == queue.putting() == queue.qsize() == 0
    if kind in (LightQueue, Queue):
        for part in parts:  # what one producer put is taken in that order
            for number in range(THREADS):
                items = [item for item, producer in part if producer == number]
                assert items == sorted(items)


@pytest.mark.parametrize("make", [lambda: Semaphore(1), Lock, lambda: CappedSemaphore(1, 1)])
def test_never_two_inside(hub, start, make):
    lock, inside, rounds = make(), [], []

    def work():
        for _ in range(150):
            with lock:
                inside.append(1)
                assert len(inside) == 1
                if len(rounds) % 10 == 0:
                    sleep(0)
                assert len(inside) == 1
                rounds.append(1)
                inside.pop()

    threads = [start(work) for _ in range(THREADS)]
    here = [spawn(work) for _ in range(2)]
    for thread in here:
        thread.wait()
    for thread in threads:
        thread.join_green()
    assert len(rounds) == 150 * (THREADS + 2)
    assert lock.acquire(blocking=False)


def test_permits_survive_timeouts_and_kills_in_many_threads(hub, start):
    semaphore = Semaphore(2)

    def work(seed):
        rng = random.Random(seed)
        for _ in range(60):
            victim = spawn(semaphore.acquire)
            sleep(0)
            victim.kill()
            try:
                if victim.wait():
                    semaphore.release()
            except GreenletExit:
                pass
            if semaphore.acquire(timeout=rng.choice([0, 0.0001, SOME_SECONDS])):
                sleep(0)
                semaphore.release()

    threads = [start(work, seed) for seed in range(THREADS)]
    work(99)
    for thread in threads:
        thread.join_green()
    assert semaphore.counter == 2
    assert semaphore.waiting() == 0


def test_items_survive_timeouts_and_kills_in_many_threads(hub, start):
    queue, put = LightQueue(3), itertools.count()
    taken = LightQueue()

    def produce():
        for _ in range(100):
            queue.put(next(put), timeout=SOME_SECONDS)

    def consume(seed):
        rng = random.Random(seed)
        idle = 0
        while idle < 400:
            victim = spawn(lambda: taken.put(queue.get()))
            sleep(0)
            victim.kill()
            try:
                taken.put(queue.get(timeout=rng.choice([0, 0.001])))
                idle = 0
            except Empty:
                idle += 1

    consumers = [start(consume, seed) for seed in range(2)]
    producers = [start(produce) for _ in range(2)]
    for thread in producers + consumers:
        thread.join_green()
    while queue.qsize():
        taken.put(queue.get_nowait())
    assert sorted(taken.queue) == list(range(200))


def test_a_pool_of_items_between_threads(hub, start):
    pool, using = TokenPool(max_size=2), []

    def work():
        for _ in range(100):
            with pool.item() as item:
                assert item not in using
                using.append(item)
                sleep(0)
                using.remove(item)

    threads = [start(work) for _ in range(THREADS)]
    work()
    for thread in threads:
        thread.join_green()
    assert (pool.free(), pool.waiting()) == (2, 0)
    assert pool.current_size <= 2


def test_a_green_pool_between_threads(hub, start):
    pool, done = GreenPool(4), []

    def work():
        for _ in range(100):
            pool.spawn_n(lambda: (sleep(0), done.append(1)))
        pool.waitall()

    threads = [start(work) for _ in range(THREADS)]
    work()
    for thread in threads:
        thread.join_green()
    assert len(done) == 100 * (THREADS + 1)
    assert (pool.running(), pool.free()) == (0, 4)


def test_events_pass_back_and_forth(hub, start):
    rounds = 300
    there, back = [Event() for _ in range(rounds)], [Event() for _ in range(rounds)]

    def answer():
        for ping, pong in zip(there, back):
            pong.send(ping.wait(SOME_SECONDS))

    thread = start(answer)
    for number, (ping, pong) in enumerate(zip(there, back)):
        ping.send(number)
        assert pong.wait(SOME_SECONDS) == number
    thread.join_green()


def test_readers_of_one_pipe_in_several_threads(hub, start):
    # Swift does this, with the check for a second reader off: each thread has a hub of its own.
    import os

    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    try:

        def read():
            count = 0
            while True:
                hubs.trampoline(read_end, read=True, timeout=SOME_SECONDS)
                try:
                    data = os.read(read_end, 1)
                except BlockingIOError:
                    continue  # another one was faster
                if data == b"x":
                    return count
                count += 1

        threads = [start(read) for _ in range(2)]
        for _ in range(100):
            os.write(write_end, b"a")
            sleep(0)
        os.write(write_end, b"xx")
        assert sum(thread.join_green() for thread in threads) == 100
    finally:
        os.close(read_end)
        os.close(write_end)


@pytest.mark.parametrize("kind", [Queue, LifoQueue, PriorityQueue])
def test_a_task_can_be_done_as_soon_as_it_is_seen(kind):
    # Counted before it is put, or another thread's task_done() comes too early.
    queue = kind()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:

        def consume():
            for _ in range(3000):
                while True:
                    try:
                        queue.get_nowait()
                        break
                    except Empty:
                        pass
                queue.task_done()

        consumer = OSThread(consume)
        for item in range(3000):
            queue.put(item)
        consumer.join()
    finally:
        sys.setswitchinterval(interval)
    assert queue.unfinished_tasks == 0
