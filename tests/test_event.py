"""Event."""

from __future__ import annotations

import pytest
from greenlet import GreenletExit

from eventlet.event import NOT_USED, Event
from eventlet.greenthread import kill, sleep, spawn
from eventlet.timeout import Timeout
from tests.helpers import settle


def test_everybody_who_waits_gets_the_result_in_the_order_they_came(autojump_hub):
    event, order = Event(), []

    def wait(number):
        order.append((number, event.wait()))

    for number in range(4):
        spawn(wait, number)
    settle()
    assert event.waiting() == 4
    event.send("result")
    assert order == []  # send never switches
    settle()
    assert order == [(number, "result") for number in range(4)]
    assert event.waiting() == 0


def test_who_comes_later_gets_it_at_once(autojump_hub):
    event = Event()
    event.send(5)
    assert event.wait() == 5
    assert event.wait(timeout=0) == 5
    assert autojump_hub.jumps == 0


@pytest.mark.parametrize(
    "arguments",
    [(KeyError("x"),), (KeyError,), (KeyError, "x"), (KeyError, KeyError("x")), (KeyError, KeyError("x"), None)],
)
def test_send_exception_raises_in_everybody(autojump_hub, arguments):
    event = Event()

    def wait():
        with pytest.raises(KeyError):
            event.wait()
        return "raised"

    early = spawn(wait)
    settle()
    event.send_exception(*arguments)
    assert early.wait() == wait() == "raised"
    with pytest.raises(KeyError):
        event.poll()


@pytest.mark.parametrize("error", [KeyError("x"), (KeyError, "x"), (KeyError("x"),)])
def test_send_takes_an_exception_too(autojump_hub, error):
    event = Event()
    event.send(exc=error)
    with pytest.raises(KeyError, match="x"):
        event.wait()


@pytest.mark.parametrize("bad", [5, "text", (5,), object, int])
def test_something_that_cannot_be_raised_is_refused_and_nothing_is_sent(autojump_hub, bad):
    event = Event()
    with pytest.raises(TypeError, match="exception class or instance"):
        event.send(exc=bad)
    assert not event.ready()
    with pytest.raises(TypeError):
        event.send_exception()
    assert not event.ready()


def test_sending_twice_is_an_error_and_the_first_counts(autojump_hub):
    event = Event()
    event.send(1)
    with pytest.raises(AssertionError, match="reset"):
        event.send(2)
    with pytest.raises(AssertionError):
        event.send_exception(KeyError)
    assert event.wait() == 1


def test_reset_makes_it_new(autojump_hub):
    event = Event()
    with pytest.raises(AssertionError):
        event.reset()
    event.send(1)
    event.reset()
    assert not event.ready()
    waiter = spawn(event.wait)
    settle()
    event.send(2)
    event.reset()
    event.send(3)
    assert waiter.wait() == 2  # what was sent while it waited
    assert event.wait() == 3


def test_a_wait_that_times_out_returns_none(autojump_hub):
    event = Event()
    assert event.wait(timeout=3) is None
    assert autojump_hub.clock() == 3
    assert event.wait(0) is None
    assert event.wait(-1) is None
    assert event.waiting() == 0
    event.send("later")
    assert event.wait(timeout=3) == "later"


@pytest.mark.parametrize(("timeout", "error"), [("1", TypeError), ([], TypeError), (float("nan"), ValueError)])
def test_a_wrong_timeout_is_refused_at_the_call(autojump_hub, timeout, error):
    event = Event()
    with pytest.raises(error):
        event.wait(timeout)
    assert event.waiting() == 0


@pytest.mark.parametrize(("sent_at", "expected"), [(2.0, "sent"), (3.0, "sent"), (4.0, None)])
def test_sent_in_time_or_not(autojump_hub, sent_at, expected):
    event = Event()
    autojump_hub.call_at(sent_at, lambda: event.send("sent"))
    assert event.wait(timeout=3) == expected
    assert autojump_hub.clock() == min(sent_at, 3)
    sleep(5)
    assert event.ready()


def test_what_it_knows(autojump_hub):
    event = Event()

    def state():
        return event.ready(), event.has_result(), event.has_exception()

    assert state() == (False, False, False)
    assert (event.poll(), event.poll("not"), event.poll_result("not"), event.poll_exception("not")) == (
        None,
        "not",
        "not",
        "not",
    )
    event.send(None)
    assert state() == (True, True, False)
    assert (event.poll("not"), event.poll_result("not"), event.poll_exception("not")) == (None, None, "not")
    event.reset()
    error = KeyError("x")
    event.send_exception(error)
    assert state() == (True, False, True)
    assert (event.poll_result("not"), event.poll_exception("not")) == ("not", (error,))
    assert "KeyError" in repr(event)


def test_one_can_see_who_waits(autojump_hub, spawn):
    event = Event()
    waiters = [spawn(event.wait) for _ in range(2)]
    settle()
    assert event.waiters() == waiters
    assert "waiters=2" in repr(event)
    assert "not sent" in repr(event)
    assert repr(NOT_USED) == "NOT_USED"


@pytest.mark.parametrize("before_the_kill", ["nothing", "sent"])
def test_killing_a_waiter_harms_nobody_else(autojump_hub, before_the_kill):
    event = Event()
    victim, other = spawn(event.wait), spawn(event.wait)
    settle()
    if before_the_kill == "sent":
        event.send(1)
    kill(victim)
    with pytest.raises(GreenletExit):
        victim.wait()
    if before_the_kill == "nothing":
        assert event.waiting() == 1
        event.send(1)
    assert other.wait() == 1


def test_a_timeout_around_a_wait(autojump_hub):
    event = Event()
    with pytest.raises(Timeout):
        with Timeout(1):
            event.wait()
    assert event.waiting() == 0
    with Timeout(1, False):
        event.wait(timeout=10)
    assert autojump_hub.clock() == 2
    assert event.waiting() == 0


def test_an_event_is_no_bigger_after_many_waits(autojump_hub):
    event = Event()
    for _ in range(100):
        event.wait(timeout=1)
    assert event._waiters == []


def test_waiting_in_the_hub_is_an_error_unless_it_is_ready(autojump_hub, reported):
    event, got = Event(), []
    autojump_hub.call_soon(event.wait)
    settle()
    assert isinstance(reported[0], RuntimeError)
    assert event.waiting() == 0
    event.send(1)
    autojump_hub.call_soon(lambda: got.append(event.wait()))
    settle()
    assert got == [1]
