"""Random schedules of operations by many green threads: nothing is lost, nothing doubled, order is kept.

Hypothesis makes up a program for each green thread, and what is killed and timed out when. All on virtual
time, so a failure is found again from its example. Checked at the end: conservation (items put = items
taken + items left, permits = counter), order (what one producer put is taken in that order), and that nobody
is left waiting while there is something for him.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventlet.event import Event
from eventlet.greenpool import GreenPool
from eventlet.greenthread import sleep, spawn, spawn_after
from eventlet.hubs import available_hubs
from eventlet.pools import TokenPool
from eventlet.queue import Empty, Full, LifoQueue, LightQueue, PriorityQueue, Queue
from eventlet.semaphore import Semaphore
from eventlet.timeout import Timeout
from tests.helpers import settle

EXAMPLES = int(os.environ.get("EVENTLET_STRESS", "25"))  # for each test


def stress(hub: Any) -> settings:
    """How much to try. One hub serves all examples of a test; they leave it as they found it, which is checked."""
    full = hub.name == available_hubs()[0]  # the hubs do not differ much in this
    return settings(
        max_examples=EXAMPLES if full else max(EXAMPLES // 5, 1),
        deadline=None,
        derandomize="EVENTLET_STRESS" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


times = st.sampled_from([0, 0, 0.5, 1, 1, 2])
timeouts = st.sampled_from([None, 0, 1, 1, 2])
#: (green thread, when): kills of the green thread with that number.
kills = st.lists(st.tuples(st.integers(0, 9), times), max_size=6)


def start_all(programs: list[Any], kill_at: list[tuple[int, float]]) -> list[Any]:
    """Start a green thread for each program, kill some as planned, and return them all once time is over."""
    threads = [spawn(program) for program in programs]
    for number, when in kill_at:
        if number < len(threads):
            spawn_after(when, threads[number].kill)
    sleep(100)
    settle()
    return threads


def end(threads: list[Any]) -> None:
    for thread in threads:
        if not thread.dead:
            thread.kill()
    settle()


queue_steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), timeouts),
        st.tuples(st.just("get"), timeouts),
        st.tuples(st.just("put_nowait"), st.none()),
        st.tuples(st.just("get_nowait"), st.none()),
        st.tuples(st.just("sleep"), times),
        st.tuples(st.just("put within"), st.sampled_from([0, 1, 2])),
        st.tuples(st.just("get within"), st.sampled_from([0, 1, 2])),
    ),
    max_size=8,
)


class QueueProgram:
    """Does steps on a queue, noting what surely went in and came out."""

    def __init__(self, number, steps, queue, log):
        self.number, self.steps, self.queue, self.log = number, steps, queue, log
        self.got: list[Any] = []

    def __call__(self):
        for position, (step, argument) in enumerate(self.steps):
            item = (position, self.number)
            try:
                if step == "sleep":
                    sleep(argument)
                elif step.startswith("put"):
                    self.log["tried"].append(item)
                    if step == "put":
                        self.queue.put(item, timeout=argument)
                    elif step == "put_nowait":
                        self.queue.put_nowait(item)
                    else:
                        with Timeout(argument):
                            self.queue.put(item)
                    self.log["put"].append(item)
                else:
                    if step == "get":
                        got = self.queue.get(timeout=argument)
                    elif step == "get_nowait":
                        got = self.queue.get_nowait()
                    else:
                        with Timeout(argument):
                            got = self.queue.get()
                    self.log["got"].append(got)
                    self.got.append(got)
            except (Empty, Full, Timeout):
                pass


@pytest.mark.parametrize("kind", [LightQueue, Queue, LifoQueue, PriorityQueue])
@pytest.mark.parametrize("maxsize", [None, 0, 1, 2])
def test_queues(autojump_hub, kind, maxsize):
    @stress(autojump_hub)
    @given(programs=st.lists(queue_steps, min_size=2, max_size=6), kill_at=kills)
    def check(programs, kill_at):
        queue, log = kind(maxsize), {"tried": [], "put": [], "got": []}
        running = [QueueProgram(n, steps, queue, log) for n, steps in enumerate(programs)]
        threads = start_all(running, kill_at)

        # Nobody waits for what there is.
        assert not (queue.qsize() and queue.getting())
        assert not (queue.putting() and queue.getting())
        assert not (queue.putting() and maxsize and queue.qsize() < maxsize)
        assert maxsize is None or queue.qsize() <= max(maxsize, 0) + len(kill_at) + len(log["tried"])

        waiting = queue.getting(), queue.putting()
        end(threads)
        assert queue.getting() == queue.putting() == 0
        left = []
        while queue.qsize():
            left.append(queue.get_nowait())

        out = log["got"] + left
        assert len(set(out)) == len(out), f"twice: {out} {waiting}"
        # What `put` returned for is there; what it raised for is not, unless the exception
        # came from outside, between the item's going in and the putter's waking up.
        assert set(log["put"]) <= set(out)
        assert set(out) <= set(log["tried"])
        if not kill_at and not any(step == "put within" for steps in programs for step, _ in steps):
            assert set(out) == set(log["put"])
        # (An item that comes back from one who was interrupted is late for those who went on meanwhile.)
        interrupted = kill_at or any(step == "get within" for steps in programs for step, _ in steps)
        if kind in (LightQueue, Queue) and not interrupted:
            for consumer, number in itertools.product(running, range(len(programs))):
                positions = [position for position, producer in consumer.got if producer == number]
                assert positions == sorted(positions)
        assert autojump_hub.get_timers_count() == 0

    check()


semaphore_steps = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), st.tuples(timeouts, times)),
        st.tuples(st.just("hold within"), st.tuples(st.sampled_from([0, 1, 2]), times)),
        st.tuples(st.just("try"), times),
        st.tuples(st.just("sleep"), times),
    ),
    max_size=6,
)


@pytest.mark.parametrize("value", [1, 2])
def test_semaphores(autojump_hub, value):
    @stress(autojump_hub)
    @given(programs=st.lists(semaphore_steps, min_size=2, max_size=7), kill_at=kills)
    def check(programs, kill_at):
        semaphore, inside = Semaphore(value), []

        def hold(seconds):
            try:
                inside.append(1)
                assert len(inside) <= value
                sleep(seconds)
            finally:
                inside.pop()
                semaphore.release()

        def program(steps):
            for step, argument in steps:
                try:
                    if step == "sleep":
                        sleep(argument)
                    elif step == "try":
                        if semaphore.acquire(blocking=False):
                            hold(argument)
                    elif step == "hold":
                        if semaphore.acquire(timeout=argument[0]):
                            hold(argument[1])
                    else:
                        with Timeout(argument[0]):
                            semaphore.acquire()
                            hold(argument[1])
                except Timeout:
                    pass

        threads = start_all([lambda steps=steps: program(steps) for steps in programs], kill_at)
        assert all(thread.dead for thread in threads)
        assert semaphore.counter == value
        assert semaphore.waiting() == 0
        assert inside == []
        assert autojump_hub.get_timers_count() == 0

    check()


def test_events(autojump_hub):
    @stress(autojump_hub)
    @given(
        waits=st.lists(st.tuples(times, timeouts), min_size=1, max_size=8),
        sent_at=times,
        reset_at=st.one_of(st.none(), times),
        kill_at=kills,
    )
    def check(waits, sent_at, reset_at, kill_at):
        event, order = Event(), []

        def wait(number, delay, timeout):
            sleep(delay)
            order.append((number, delay, timeout, event.wait(timeout)))

        def send():
            sleep(sent_at)
            event.send("sent")
            if reset_at is not None:
                sleep(reset_at)
                event.reset()

        sender = spawn(send)
        programs = [lambda n=n, w=w: wait(n, *w) for n, w in enumerate(waits)]
        threads = start_all(programs, kill_at)
        assert sender.dead
        for number, delay, timeout, result in order:
            if delay < sent_at and (timeout is None or delay + timeout > sent_at):
                assert result == "sent", number
            if timeout is not None and delay + timeout < sent_at:
                assert result is None, number
        for thread, (delay, timeout) in zip(threads, waits):
            if not thread.dead:  # came after the reset, and has no timeout
                assert reset_at is not None
                assert timeout is None
                assert delay >= sent_at + reset_at
        end(threads)
        assert event.waiting() == 0

    check()
    assert autojump_hub.get_timers_count() == 0


pool_steps = st.lists(
    st.one_of(
        st.tuples(st.just("spawn"), times),
        st.tuples(st.just("spawn_n"), times),
        st.tuples(st.just("spawn and kill"), times),
        st.tuples(st.just("nested"), times),
        st.tuples(st.just("fail"), times),
        st.tuples(st.just("waitall"), times),
        st.tuples(st.just("look"), times),
        st.tuples(st.just("resize"), st.integers(1, 4)),
    ),
    max_size=8,
)


def test_green_pools(autojump_hub, reported):
    @stress(autojump_hub)
    @given(programs=st.lists(pool_steps, min_size=1, max_size=4), kill_at=kills)
    def check(programs, kill_at):
        pool, running = GreenPool(2), []
        begun, ended = [], []

        def work(seconds, nested=False):
            begun.append(1)
            running.append(1)
            try:
                if nested:
                    pool.spawn_n(work, 0)
                sleep(seconds)
            finally:
                running.pop()
                ended.append(1)

        def fail(seconds):
            sleep(seconds)
            raise KeyError

        def program(steps):
            for step, argument in steps:
                if step == "spawn":
                    pool.spawn(work, argument)
                elif step == "spawn_n":
                    pool.spawn_n(work, argument)
                elif step == "spawn and kill":
                    pool.spawn(work, 50).kill()
                elif step == "nested":
                    pool.spawn_n(work, argument, nested=True)
                elif step == "fail":
                    pool.spawn_n(fail, argument)
                elif step == "waitall":
                    pool.waitall()
                elif step == "look":
                    assert len(pool.coroutines_running) == pool.running()
                else:
                    pool.resize(argument)
                # Room that was handed to a waiter who did not run yet is neither.
                assert pool.size - 4 <= pool.free() + pool.running() <= pool.size

        threads = start_all([lambda steps=steps: program(steps) for steps in programs], kill_at)
        assert all(thread.dead for thread in threads)
        pool.waitall()
        assert len(begun) == len(ended)
        assert running == []
        assert (pool.running(), pool.waiting(), pool.free()) == (0, 0, pool.size)
        assert not [error for error in reported if not isinstance(error, KeyError)]

    check()


def test_pools_of_items(autojump_hub):
    @stress(autojump_hub)
    @given(
        users=st.lists(st.tuples(times, timeouts, times, st.booleans()), min_size=1, max_size=8),
        size=st.integers(1, 3),
        kill_at=kills,
    )
    def check(users, size, kill_at):
        class Connections(TokenPool):
            failures = iter([failing for *_, failing in users])

            def create(self):
                sleep(0.5)
                if next(self.failures, False):
                    raise KeyError("cannot connect")
                return super().create()

        pool, using = Connections(max_size=size), []

        def use(delay, timeout, seconds, _failing):
            sleep(delay)
            try:
                with Timeout(timeout):
                    with pool.item() as item:
                        assert item not in using
                        using.append(item)
                        try:
                            sleep(seconds)
                        finally:
                            using.remove(item)
            except (Timeout, KeyError):
                pass

        threads = start_all([lambda user=user: use(*user) for user in users], kill_at)
        assert all(thread.dead for thread in threads)
        assert using == []
        assert pool.waiting() == 0
        assert pool.current_size == len(pool.free_items) <= size
        assert pool.free() == size
        end(threads)

    check()
    assert autojump_hub.get_timers_count() == 0


def test_imap(autojump_hub):
    @stress(autojump_hub)
    @given(
        items=st.lists(st.tuples(times, st.booleans()), max_size=12),
        size=st.integers(1, 4),
        pause=times,
    )
    def check(items, size, pause):
        def work(number, seconds, failing):
            sleep(seconds)
            if failing:
                raise KeyError(number)
            return number

        results = GreenPool(size).starmap(work, [(n, *item) for n, item in enumerate(items)])
        got = []
        while True:
            try:
                got.append((next(results), False))
            except KeyError as error:
                got.append((error.args[0], True))
            except StopIteration:
                break
            sleep(pause)
        assert got == [(number, failing) for number, (_, failing) in enumerate(items)]

    check()
