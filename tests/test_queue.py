"""The queues."""

from __future__ import annotations

import queue as stdlib_queue
from collections import deque

import pytest
from greenlet import GreenletExit

from eventlet import queue as queue_module
from eventlet.greenthread import kill, sleep, spawn
from eventlet.queue import Empty, Full, LifoQueue, LightQueue, PriorityQueue, Queue
from eventlet.timeout import Timeout
from tests.helpers import SOME_SECONDS, OSThread, settle

KINDS = [LightQueue, Queue, LifoQueue, PriorityQueue]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(params=[LightQueue, Queue])
def fifo(request):
    return request.param


def drain(queue):
    items = []
    while not queue.empty():
        items.append(queue.get_nowait())
    return items


def test_the_exceptions_are_the_standard_librarys():
    assert Empty is stdlib_queue.Empty
    assert Full is stdlib_queue.Full


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(LightQueue, [3, 1, 2]), (Queue, [3, 1, 2]), (LifoQueue, [2, 1, 3]), (PriorityQueue, [1, 2, 3])],
)
def test_the_order_of_items(autojump_hub, kind, expected):
    queue = kind()
    for item in (3, 1, 2):
        queue.put(item)
    assert queue.qsize() == 3
    assert drain(queue) == expected


def test_sizes(autojump_hub, kind):
    queue = kind(2)
    assert (queue.maxsize, queue.qsize(), queue.empty(), queue.full()) == (2, 0, True, False)
    queue.put(1)
    queue.put_nowait(2)
    assert (queue.qsize(), queue.empty(), queue.full()) == (2, False, True)
    assert f"<{kind.__name__}" in repr(queue)
    assert "maxsize=2" in str(queue)


@pytest.mark.parametrize("maxsize", [None, -1, -100])
def test_without_a_limit(autojump_hub, kind, maxsize):
    queue = kind(maxsize)
    assert queue.maxsize is None
    for item in range(1000):
        queue.put_nowait(item)
    assert not queue.full()


@pytest.mark.parametrize("maxsize", ["1", [], object()])
def test_a_wrong_size_is_refused(autojump_hub, kind, maxsize):
    with pytest.raises(TypeError):
        kind(maxsize)
    queue = kind(3)
    with pytest.raises(TypeError):
        queue.resize(maxsize)
    assert queue.maxsize == 3


def test_empty_and_full(autojump_hub, kind):
    queue = kind(1)
    with pytest.raises(Empty):
        queue.get_nowait()
    with pytest.raises(Empty):
        queue.get(block=False)
    with pytest.raises(Empty):
        queue.get(timeout=3)
    assert autojump_hub.clock() == 3
    queue.put(1)
    with pytest.raises(Full):
        queue.put_nowait(2)
    with pytest.raises(Full):
        queue.put(2, block=False)
    with pytest.raises(Full):
        queue.put(2, timeout=3)
    assert autojump_hub.clock() == 6
    assert drain(queue) == [1]
    assert queue.getting() == queue.putting() == 0


@pytest.mark.parametrize(("timeout", "error"), [(-1, ValueError), ("1", TypeError), (float("nan"), ValueError)])
def test_a_wrong_timeout_is_refused_and_nothing_happens(autojump_hub, kind, timeout, error):
    queue = kind(1)
    with pytest.raises(error):
        queue.put("item", timeout=timeout)
    assert queue.empty()
    queue.put("item")
    with pytest.raises(error):
        queue.get(timeout=timeout)
    assert queue.qsize() == 1


def test_getters_are_served_in_the_order_they_came(autojump_hub, fifo):
    queue, got = fifo(), []
    for number in range(4):
        spawn(lambda number=number: got.append((number, queue.get())))
    settle()
    assert queue.getting() == 4
    for item in "abcd":
        queue.put(item)
    assert got == []  # put does not switch
    settle()
    assert got == [(0, "a"), (1, "b"), (2, "c"), (3, "d")]
    assert queue.getting() == 0


def test_putters_are_served_in_the_order_they_came(autojump_hub, fifo):
    queue, done = fifo(1), []
    queue.put("first")
    for number in range(3):
        spawn(lambda number=number: (queue.put(number), done.append(number)))
    settle()
    assert queue.putting() == 3
    assert [queue.get() for _ in range(4)] == ["first", 0, 1, 2]
    settle()
    assert done == [0, 1, 2]
    assert queue.putting() == 0


def test_a_newcomer_does_not_overtake(autojump_hub, fifo):
    queue = fifo()
    first = spawn(queue.get)
    settle()
    queue.put("for the first")
    with pytest.raises(Empty):
        queue.get_nowait()
    assert first.wait() == "for the first"


@pytest.mark.parametrize(("put_at", "expected"), [(2.0, "item"), (3.0, "item"), (4.0, "nothing")])
def test_put_and_timeout_race(autojump_hub, kind, put_at, expected):
    queue = kind()
    autojump_hub.call_at(put_at, lambda: queue.put("item"))
    try:
        got = queue.get(timeout=3)
    except Empty:
        got = "nothing"
    assert got == expected
    sleep(10)
    assert drain(queue) == ([] if got == "item" else ["item"])  # it exists exactly once


@pytest.mark.parametrize("got_at", [2.0, 3.0, 4.0])
def test_get_and_timeout_race(autojump_hub, fifo, got_at):
    queue = fifo(1)
    queue.put("old")
    autojump_hub.call_at(got_at, queue.get_nowait)
    try:
        queue.put("new", timeout=3)
        put = True
    except Full:
        put = False
    assert put is (got_at <= 3)
    sleep(10)
    assert drain(queue) == (["new"] if put else [])


@pytest.mark.parametrize("throw", [(), (KeyError,), (Timeout,)])
@pytest.mark.parametrize("moment", ["waiting", "served"])
def test_ending_a_getter_loses_no_item(autojump_hub, kind, moment, throw):
    queue = kind()
    victim, other = spawn(queue.get), spawn(queue.get)
    settle()
    if moment == "served":
        queue.put("item")
        kill(victim, *throw)
    else:
        kill(victim, *throw)
        assert queue.getting() == 1
        queue.put("item")
    assert other.wait() == "item"
    assert queue.empty()
    assert queue.getting() == 0


@pytest.mark.parametrize("maxsize", [0, 1])
@pytest.mark.parametrize("throw", [(), (KeyError,), (Timeout,)])
def test_ending_a_putter_takes_its_item_along(autojump_hub, fifo, maxsize, throw):
    queue = fifo(maxsize)
    if maxsize:
        queue.put("first")
    victim, other = spawn(queue.put, "victim"), spawn(queue.put, "other")
    settle()
    kill(victim, *throw)
    assert queue.putting() == 1
    assert [queue.get() for _ in range(maxsize + 1)] == ["first", "other"][-maxsize - 1 :]
    other.wait()
    settle()
    assert queue.empty()


def test_a_putter_killed_when_its_item_was_taken_already(autojump_hub, fifo):
    queue = fifo(1)
    queue.put("first")
    putter = spawn(queue.put, "second")
    settle()
    assert queue.get() == "first"
    kill(putter)
    assert drain(queue) == ["second"]  # put had done its work
    with pytest.raises(GreenletExit):
        putter.wait()


def test_an_item_that_comes_back_keeps_its_place(autojump_hub, fifo):
    queue = fifo()
    victim = spawn(queue.get)
    settle()
    for item in "abc":
        queue.put(item)
    kill(victim)
    assert drain(queue) == ["a", "b", "c"]


def test_resize_lets_putters_go_on(autojump_hub, kind):
    queue = kind(1)
    queue.put(0)
    putters = [spawn(queue.put, number) for number in range(1, 4)]
    settle()
    queue.resize(3)
    settle()
    assert [putter.dead for putter in putters] == [True, True, False]
    assert queue.qsize() == 3
    queue.resize(1)  # what is too much stays
    assert queue.qsize() == 3
    assert queue.full()
    queue.resize(None)
    settle()
    assert putters[2].dead
    assert sorted(drain(queue)) == [0, 1, 2, 3]


def test_one_can_see_who_waits(autojump_hub, spawn, kind):
    getting, putting = kind(), kind(0)
    getters = [spawn(getting.get) for _ in range(2)]
    putters = [spawn(putting.put, 1) for _ in range(2)]
    settle()
    assert getting.waiters() == getters
    assert putting.waiters() == putters
    assert "getters=2" in repr(getting)
    assert "putters=2" in repr(putting)


# ---- channels


def test_a_channel_hands_items_over(autojump_hub, kind):
    queue, order = kind(0), []

    def put():
        queue.put("item")
        order.append("put returned")

    putter = spawn(put)
    settle()
    assert order == []
    assert queue.full()
    assert queue.empty()
    assert queue.putting() == 1
    assert queue.get() == "item"
    putter.wait()
    with pytest.raises(Full):
        queue.put_nowait("nobody")
    with pytest.raises(Full):
        queue.put("nobody", timeout=1)
    with pytest.raises(Empty):
        queue.get_nowait()
    assert queue.empty()


def test_a_channel_takes_an_item_for_every_getter(autojump_hub, fifo):
    queue = fifo(0)
    getters = [spawn(queue.get) for _ in range(2)]
    settle()
    queue.put_nowait("a")
    queue.put_nowait("b")
    with pytest.raises(Full):
        queue.put_nowait("c")
    assert [getter.wait() for getter in getters] == ["a", "b"]


def test_a_channels_putter_can_be_served_without_waiting(autojump_hub, kind):
    queue = kind(0)
    putter = spawn(queue.put, "item")
    settle()
    assert queue.get_nowait() == "item"
    putter.wait()


def test_a_channels_item_comes_back_from_a_killed_getter(autojump_hub, fifo):
    queue = fifo(0)
    victim = spawn(queue.get)
    settle()
    queue.put("item")
    kill(victim)
    assert queue.get(timeout=1) == "item"


# ---- task_done and join


@pytest.fixture(params=[Queue, LifoQueue, PriorityQueue])
def joinable(request):
    return request.param


def test_join_waits_for_everything_to_be_done(autojump_hub, joinable):
    queue, done = joinable(), []
    queue.join()  # nothing to do

    def work():
        while True:
            item = queue.get()
            sleep(1)
            done.append(item)
            queue.task_done()

    workers = [spawn(work) for _ in range(2)]
    for item in range(10):
        queue.put(item)
    assert queue.unfinished_tasks == 10
    joiners = [spawn(queue.join) for _ in range(2)]
    queue.join()
    assert len(done) == 10
    assert autojump_hub.clock() == 5
    for joiner in joiners:
        joiner.wait()
    for worker in workers:
        kill(worker)


def test_an_item_that_came_back_counts_once(autojump_hub, joinable):
    queue = joinable()
    victim = spawn(queue.get)
    settle()
    queue.put("item")
    kill(victim)
    assert queue.unfinished_tasks == 1
    assert queue.get() == "item"
    queue.task_done()
    queue.join()


def test_task_done_too_often_is_an_error(autojump_hub, joinable):
    queue = joinable()
    with pytest.raises(ValueError, match="too many times"):
        queue.task_done()
    queue.put(1)
    queue.task_done()
    with pytest.raises(ValueError, match="too many times"):
        queue.task_done()
    queue.join()


def test_killing_a_joiner(autojump_hub, joinable):
    queue = joinable()
    queue.put(1)
    joiner = spawn(queue.join)
    settle()
    kill(joiner)
    queue.task_done()
    queue.join()
    assert queue._joiners == []


def test_join_with_a_blocked_putter(autojump_hub):
    queue = Queue(1)
    queue.put(1)
    putter = spawn(queue.put, 2)
    settle()
    assert queue.unfinished_tasks == 1
    queue.get()
    settle()
    assert queue.unfinished_tasks == 2
    putter.wait()


# ---- priorities


def test_waiting_putters_items_are_sorted_in(autojump_hub):
    queue = PriorityQueue(2)
    queue.put(5)
    queue.put(3)
    putters = [spawn(queue.put, item) for item in (1, 4)]
    settle()
    assert [queue.get() for _ in range(4)] == [3, 1, 4, 5]
    for putter in putters:
        putter.wait()


def test_items_that_cannot_be_compared_are_the_putters_problem(autojump_hub):
    queue = PriorityQueue()
    queue.put(1)
    with pytest.raises(TypeError):
        queue.put("x")


# ---- subclasses, and upstream's lower level


def test_a_subclass_with_an_order_of_its_own(autojump_hub):
    class Unique(Queue):
        def _init(self, maxsize):
            super()._init(maxsize)
            self.seen = set()

        def _put(self, item):
            if item not in self.seen:
                self.seen.add(item)
                super()._put(item)

    queue = Unique()
    for item in "abab":
        queue.put(item)
    assert drain(queue) == ["a", "b"]
    assert queue.unfinished_tasks == 2


@pytest.mark.parametrize("waiting", [True, False])
def test_a_subclass_sees_every_item_also_when_somebody_waits(autojump_hub, kind, waiting):
    class Marking(kind):
        def _put(self, item):
            super()._put((item, "put"))

        def _get(self):
            return (*super()._get(), "got")

    queue = Marking()
    getter = spawn(queue.get)
    if waiting:
        settle()
    queue.put("item")
    assert getter.wait() == ("item", "put", "got")


def test_upstreams_waiter(autojump_hub):
    waiter = queue_module.Waiter()
    assert not waiter
    assert not waiter.waiting
    waiter.switch("nobody")
    waiter.throw(KeyError)
    autojump_hub.schedule_call_global(0, waiter.switch, "value")
    assert waiter.wait() == "value"
    autojump_hub.schedule_call_global(0, waiter.throw, KeyError)
    with pytest.raises(KeyError):
        waiter.wait()
    first = spawn(waiter.wait)
    settle()
    assert waiter
    with pytest.raises(AssertionError):
        waiter.wait()
    kill(first)
    assert not waiter
    item = queue_module.ItemWaiter("item", True)
    assert (item.item, item.block) == ("item", True)


def test_using_it_in_the_hub(autojump_hub, reported):
    queue = Queue()
    autojump_hub.call_soon(lambda: queue.put("item"))
    assert queue.get() == "item"
    autojump_hub.call_soon(queue.get)
    settle()
    assert isinstance(reported[0], RuntimeError)
    assert queue.getting() == 0
    queue.put("kept")
    assert queue.get_nowait() == "kept"


# ---- items that cannot be compared


def test_an_item_that_cannot_be_compared_is_refused_and_not_kept(autojump_hub):
    queue = PriorityQueue()
    for number in (3, 1, 2):
        queue.put(number)
    with pytest.raises(TypeError):
        queue.put("text")
    assert queue.qsize() == queue.unfinished_tasks == 3
    assert [queue.get() for _ in range(3)] == [1, 2, 3]


def test_a_parked_putter_learns_that_its_item_cannot_be_compared(autojump_hub):
    queue = PriorityQueue(2)
    queue.put(1)
    queue.put(2)
    wrong, right = spawn(queue.put, "text"), spawn(queue.put, 3)
    settle()
    assert queue.get() == 1  # who makes room has nothing to do with it
    with pytest.raises(TypeError):
        wrong.wait()
    right.wait()
    assert [queue.get() for _ in range(2)] == [2, 3]


def test_joiners_go_on_in_the_order_they_came(autojump_hub):
    queue, order = Queue(), []
    queue.put("item")
    for name in "abc":
        spawn(lambda name=name: (queue.join(), order.append(name)))
    settle()
    queue.get()
    queue.task_done()
    settle()
    assert order == ["a", "b", "c"]


class InterruptedLine(deque):
    """A line of getters. What takes one out of it is interrupted at once, as if by a signal handler: `interrupt()`."""

    interrupt = None

    def popleft(self):
        getter = super().popleft()
        interrupt, self.interrupt = self.interrupt, None
        if interrupt is not None:
            interrupt()
        return getter


@pytest.fixture(params=["unlimited", "limited", "channel"])
def interrupted(request, fifo):
    queue = fifo({"unlimited": None, "limited": 5, "channel": 0}[request.param])
    queue._getters = InterruptedLine()
    return queue


@pytest.mark.parametrize("timeout", [None, 20])
def test_a_getter_killed_in_the_middle_of_a_hand_over_loses_no_item(hub, spawn, interrupted, timeout):
    queue = interrupted
    killed = spawn(queue.get, timeout=timeout)
    settle()
    queue._getters.interrupt = lambda: kill(killed)
    spawn(queue.put, "item")
    settle()
    assert killed.dead
    with pytest.raises(GreenletExit):
        raise killed.wait()
    assert queue.get(timeout=SOME_SECONDS) == "item"
    assert queue.qsize() == 0
    assert queue.getting() == 0


def test_the_next_getter_in_line_gets_it(hub, spawn, interrupted):
    queue = interrupted
    killed, other = spawn(queue.get), spawn(queue.get)
    settle()
    queue._getters.interrupt = lambda: kill(killed)
    spawn(queue.put, "item")
    assert other.wait() == "item"
    assert killed.dead
    spawn(queue.put, "another")
    assert queue.get(timeout=SOME_SECONDS) == "another"


def test_a_getter_whose_time_is_up_in_the_middle_of_a_hand_over_gets_the_item(autojump_hub, spawn, interrupted):
    queue = interrupted
    getter = spawn(queue.get, timeout=1)
    settle()
    timed_out = []

    def interrupt():
        sleep(2)
        timed_out.append(getter.dead)

    queue._getters.interrupt = interrupt
    spawn(queue.put, "item")
    assert getter.wait() == "item"
    assert timed_out == [False]
    assert queue.empty()


def test_getters_that_are_killed_while_other_os_threads_put_lose_no_item(hub, spawn):
    """Each item is got once, by whoever."""
    queue, got, count = LightQueue(), [], 2000

    def get():
        while True:
            got.append(queue.get())

    thread = OSThread(lambda: [queue.put(number) for number in range(count)])
    while thread.is_alive():
        getters = [spawn(get) for _ in range(3)]
        sleep(0)
        for getter in getters:
            kill(getter)
    thread.join_green()
    settle()
    got += drain(queue)
    assert sorted(got) == list(range(count))
