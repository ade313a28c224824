"""Timeout, with_timeout, is_timeout."""

from __future__ import annotations

import socket

import pytest

from eventlet.event import Event
from eventlet.greenthread import kill, sleep, spawn
from eventlet.timeout import Timeout, is_timeout, with_timeout, wrap_is_timeout
from tests.helpers import settle


def test_it_is_raised_after_its_time(autojump_hub):
    timeout = Timeout(3)
    assert timeout.pending
    with pytest.raises(Timeout) as caught:
        sleep(10)
    assert caught.value is timeout
    assert autojump_hub.clock() == 3
    assert not timeout.pending


def test_cancelled_it_is_not_raised(autojump_hub):
    timeout = Timeout(3)
    timeout.cancel()
    timeout.cancel()
    assert not timeout.pending
    sleep(10)


@pytest.mark.parametrize("exception", [KeyError, KeyError("late")])
def test_it_raises_what_it_is_given(autojump_hub, exception):
    with pytest.raises(KeyError):
        with Timeout(1, exception):
            sleep(10)


def test_silent_it_just_ends_the_block(autojump_hub):
    with Timeout(1, False) as timeout:
        sleep(10)
        pytest.fail("not reached")
    assert autojump_hub.clock() == 1
    assert not timeout.pending


def test_a_silent_one_outside_a_block_is_raised(autojump_hub):
    timeout = Timeout(1, False)
    with pytest.raises(Timeout) as caught:
        sleep(10)
    assert caught.value is timeout


def test_true_is_as_good_as_none(autojump_hub):
    with pytest.raises(Timeout):
        with Timeout(1, True):
            sleep(10)


def test_a_block_that_ends_in_time_cancels_it(autojump_hub):
    with Timeout(3) as timeout:
        sleep(1)
    assert not timeout.pending
    assert autojump_hub.get_timers_count() == 0
    with pytest.raises(KeyError):
        with Timeout(3):
            raise KeyError
    sleep(10)


def test_none_never_raises(autojump_hub):
    with Timeout(None) as timeout:
        assert not timeout.pending
        sleep(1e6)
    timeout.cancel()


@pytest.mark.parametrize("seconds", [0, -1, -100.5])
def test_no_time_means_at_the_next_switch(autojump_hub, seconds):
    with pytest.raises(Timeout):
        with Timeout(seconds):
            sleep(10)
    assert autojump_hub.clock() == 0


def test_inner_and_outer(autojump_hub):
    with Timeout(5) as outer:
        with pytest.raises(Timeout) as caught:
            with Timeout(1) as inner:
                sleep(10)
        assert caught.value is inner
        with pytest.raises(Timeout) as caught:
            with Timeout(100):
                sleep(10)
        assert caught.value is outer
    assert autojump_hub.clock() == 5
    assert autojump_hub.get_timers_count() == 0


def test_a_silent_inner_one_does_not_swallow_the_outer_one(autojump_hub):
    with pytest.raises(Timeout) as caught:
        with Timeout(1) as outer:
            with Timeout(5, False):
                sleep(10)
    assert caught.value is outer


def test_it_is_no_exception_subclass(autojump_hub):
    assert not issubclass(Timeout, Exception)
    with pytest.raises(Timeout):
        with Timeout(1):
            try:
                sleep(10)
            except Exception:
                pytest.fail("caught")


def test_starting_it_again(autojump_hub):
    timeout = Timeout(1)
    with pytest.raises(AssertionError, match="already started"):
        timeout.start()
    assert timeout.pending
    timeout.cancel()
    timeout.start()
    with pytest.raises(Timeout):
        sleep(10)
    timeout.start()
    with pytest.raises(Timeout):
        sleep(10)
    assert autojump_hub.clock() == 2


def test_it_is_for_the_green_thread_that_made_it(autojump_hub):
    def work():
        with Timeout(1):
            with pytest.raises(Timeout):
                sleep(10)
        return "done"

    worker = spawn(work)
    sleep(5)
    assert worker.wait() == "done"


def test_one_whose_green_thread_has_ended_does_nothing(autojump_hub, reported):
    spawn(Timeout, 1).wait()
    sleep(5)
    assert reported == []


def test_one_that_is_nobodys_business_any_more_hits_no_successor(autojump_hub):
    # The green thread that forgot to cancel it has ended; its greenlet runs something else by then.
    for _ in range(20):
        spawn(Timeout, 1)
        settle()
    survivors = [spawn(sleep, 5) for _ in range(20)]
    for survivor in survivors:
        assert survivor.wait() is None


@pytest.mark.parametrize(("seconds", "error"), [("1", TypeError), ([], TypeError), (float("nan"), ValueError)])
def test_a_wrong_time_is_refused_at_the_call(autojump_hub, seconds, error):
    with pytest.raises(error):
        Timeout(seconds)
    with pytest.raises(error):
        with_timeout(seconds, pytest.fail)
    assert autojump_hub.get_timers_count() == 0


def test_killing_within_a_block_cancels_it(autojump_hub):
    def work():
        with Timeout(100):
            sleep(1000)

    worker = spawn(work)
    settle()
    kill(worker)
    assert autojump_hub.get_timers_count() == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((None,), ""),
        ((1,), "1 second"),
        ((2.5,), "2.5 seconds"),
        ((3, False), "3 seconds (silent)"),
        ((3, KeyError), f"3 seconds ({KeyError})"),
    ],
)
def test_as_text(autojump_hub, arguments, text):
    timeout = Timeout(*arguments)
    assert str(timeout) == text
    assert repr(timeout).startswith("<Timeout at 0x")
    assert ("not pending" in repr(timeout)) is (arguments[0] is None)
    timeout.cancel()


def test_a_subclass_as_swift_has_them(autojump_hub):
    class MessageTimeout(Timeout):
        def __init__(self, seconds=None, msg=None):
            Timeout.__init__(self, seconds=seconds)
            self.msg = msg

        def __str__(self):
            return f"{Timeout.__str__(self)}: {self.msg}"

    with pytest.raises(MessageTimeout) as caught:
        with MessageTimeout(1, "reading"):
            sleep(10)
    assert str(caught.value) == "1 second: reading"


def test_many_short_lived_ones_leave_nothing(autojump_hub):
    for _ in range(2000):
        with Timeout(100):
            pass
    assert autojump_hub.get_timers_count() == 0


# ---- with_timeout


def test_with_timeout_returns_the_result(autojump_hub):
    assert with_timeout(1, lambda *args, **kw: (args, kw), 1, x=2) == ((1,), {"x": 2})
    assert autojump_hub.get_timers_count() == 0


def test_with_timeout_raises(autojump_hub):
    with pytest.raises(Timeout):
        with_timeout(1, sleep, 10)


@pytest.mark.parametrize("value", [None, "late", 0])
def test_with_timeout_returns_the_value_asked_for(autojump_hub, value):
    assert with_timeout(1, sleep, 10, timeout_value=value) == value


def test_with_timeout_lets_other_timeouts_and_errors_through(autojump_hub):
    with pytest.raises(Timeout) as caught:
        with Timeout(1) as outer:
            with_timeout(5, sleep, 10, timeout_value="wrong")
    assert caught.value is outer

    def fail():
        raise KeyError

    with pytest.raises(KeyError):
        with_timeout(5, fail, timeout_value="wrong")
    assert autojump_hub.get_timers_count() == 0


def test_with_timeout_none_is_no_limit(autojump_hub):
    assert with_timeout(None, sleep, 10) is None


# ---- is_timeout


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (TimeoutError(), True),
        (socket.timeout("timed out"), True),
        (KeyError(), False),
        (None, False),
        (5, False),
    ],
)
def test_is_timeout(autojump_hub, thing, expected):
    assert is_timeout(thing) is expected


def test_a_timeout_is_one(autojump_hub):
    timeout = Timeout(None)
    assert timeout.is_timeout
    assert is_timeout(timeout)


def test_wrap_is_timeout():
    class Late(Exception):
        pass

    assert not is_timeout(Late())
    assert wrap_is_timeout(Late) is Late
    assert is_timeout(Late())


def test_it_interrupts_every_kind_of_wait(autojump_hub, pair):
    from eventlet.hubs import trampoline
    from eventlet.queue import Queue
    from eventlet.semaphore import Semaphore

    queue = Queue(1)
    queue.put("full")
    waits = [
        lambda: sleep(1000),
        Event().wait,
        Semaphore(0).acquire,
        Queue().get,
        lambda: queue.put("more"),
        queue.join,
        spawn(sleep, 100).wait,
        lambda: trampoline(pair[0], read=True),
    ]
    for wait in waits:
        with pytest.raises(Timeout):
            with Timeout(1):
                wait()
    assert autojump_hub.clock() == len(waits)
    sleep(100)
