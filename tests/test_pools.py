"""Pool and TokenPool."""

from __future__ import annotations

import itertools

import pytest

from eventlet.greenthread import kill, sleep, spawn
from eventlet.pools import Pool, Token, TokenPool
from eventlet.timeout import Timeout
from tests.helpers import settle


@pytest.fixture
def create():
    """Makes 0, 1, 2, …"""
    return itertools.count().__next__


def test_items_are_made_up_to_the_limit_then_waited_for(autojump_hub, create):
    pool = Pool(max_size=2, create=create)
    assert (pool.free(), pool.current_size, pool.waiting()) == (2, 0, 0)
    assert [pool.get(), pool.get()] == [0, 1]
    assert pool.free() == 0
    getters = [spawn(pool.get) for _ in range(2)]
    settle()
    assert pool.waiting() == 2
    assert "waiting=2" in repr(pool)
    pool.put(1)
    pool.put(0)
    assert [getter.wait() for getter in getters] == [1, 0]
    assert pool.current_size == 2


def test_items_come_back(autojump_hub, create):
    pool = Pool(max_size=2, create=create)
    item = pool.get()
    pool.put(item)
    assert pool.free() == 2
    assert pool.get() == item
    assert pool.current_size == 1


@pytest.mark.parametrize(("as_stack", "expected"), [(False, [0, 1, 2]), (True, [2, 1, 0])])
def test_which_item_goes_out_first(autojump_hub, create, as_stack, expected):
    pool = Pool(max_size=3, order_as_stack=as_stack, create=create)
    for item in [pool.get() for _ in range(3)]:
        pool.put(item)
    assert [pool.get() for _ in range(3)] == expected


def test_some_can_be_made_at_once(autojump_hub, create):
    pool = Pool(min_size=2, max_size=3, create=create)
    assert pool.current_size == 2
    assert pool.free() == 3
    assert [pool.get() for _ in range(3)] == [0, 1, 2]


def test_an_item_for_a_block(autojump_hub, create):
    pool = Pool(max_size=1, create=create)
    with pool.item() as item:
        assert item == 0
        assert pool.free() == 0
    with pytest.raises(KeyError):
        with pool.item():
            raise KeyError
    assert pool.free() == 1


@pytest.mark.parametrize("sizes", [(-1, 4), (0, -1), (5, 4)])
def test_wrong_sizes_are_refused(autojump_hub, create, sizes):
    with pytest.raises(ValueError, match="min_size"):
        Pool(*sizes, create=create)
    pool = Pool(create=create)
    with pytest.raises(ValueError, match="0 or more"):
        pool.resize(-1)
    assert pool.max_size == 4


def test_create_has_to_be_given_or_overridden(autojump_hub):
    with pytest.raises(NotImplementedError, match="create"):
        Pool().get()

    class Overridden(Pool):
        def create(self):
            return "made"

    assert Overridden().get() == "made"


def test_resizing_down_drops_items_as_they_come_back(autojump_hub, create):
    pool = Pool(max_size=3, create=create)
    items = [pool.get() for _ in range(3)]
    pool.resize(1)
    for item in items:
        pool.put(item)
    assert pool.current_size == 1
    assert pool.free() == 1


def test_resizing_up_allows_more(autojump_hub, create):
    pool = Pool(max_size=1, create=create)
    pool.get()
    pool.resize(2)
    assert pool.free() == 1
    assert pool.get() == 1


def test_create_may_block_and_counts_meanwhile(autojump_hub):
    def slowly():
        sleep(1)
        return object()

    pool = Pool(max_size=1, create=slowly)
    getters = [spawn(pool.get) for _ in range(2)]
    settle()
    assert (pool.current_size, pool.waiting()) == (1, 1)
    pool.put(getters[0].wait())
    getters[1].wait()
    assert pool.current_size == 1


def test_a_failing_create_passes_its_error_on_and_does_not_count(autojump_hub, reported):
    attempts = iter([KeyError("x"), "item"])

    def create():
        attempt = next(attempts)
        if isinstance(attempt, Exception):
            raise attempt
        return attempt

    pool = Pool(max_size=1, create=create)
    with pytest.raises(KeyError):
        pool.get()
    assert (pool.current_size, pool.free()) == (0, 1)
    assert pool.get() == "item"


def test_a_failing_create_does_not_leave_others_waiting_for_ever(autojump_hub, reported):
    attempts = iter([KeyError("x"), "item"])

    def create():
        sleep(1)
        attempt = next(attempts)
        if isinstance(attempt, Exception):
            raise attempt
        return attempt

    pool = Pool(max_size=1, create=create)
    first, second = spawn(pool.get), spawn(pool.get)
    with pytest.raises(KeyError):
        first.wait()
    assert second.wait() == "item"
    assert pool.current_size == 1


@pytest.mark.parametrize("moment", ["waiting", "served"])
@pytest.mark.parametrize("throw", [(), (Timeout,)])
def test_ending_a_getter_loses_no_item(autojump_hub, create, moment, throw):
    pool = Pool(max_size=1, create=create)
    pool.get()
    victim = spawn(pool.get)
    settle()
    if moment == "served":
        pool.put(0)
        kill(victim, *throw)
    else:
        kill(victim, *throw)
        assert pool.waiting() == 0
        pool.put(0)
    assert pool.free() == 1
    assert pool.get() == 0
    assert pool.current_size == 1


def test_tokens(autojump_hub):
    pool = TokenPool(max_size=2)
    assert isinstance(pool.get(), Token)
    running, most = [], []

    def work():
        with pool.item():
            running.append(1)
            most.append(len(running))
            sleep(1)
            running.pop()

    for thread in [spawn(work) for _ in range(4)]:
        thread.wait()
    assert max(most) == 1
