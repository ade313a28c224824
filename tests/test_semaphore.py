"""Semaphore, BoundedSemaphore, CappedSemaphore."""

from __future__ import annotations

import pytest

from eventlet.greenthread import kill, sleep, spawn
from eventlet.semaphore import BoundedSemaphore, CappedSemaphore, Semaphore
from eventlet.timeout import Timeout
from tests.helpers import settle


@pytest.fixture(params=[Semaphore, BoundedSemaphore])
def kind(request):
    return request.param


def test_it_hands_out_as_many_permits_as_it_has(autojump_hub, kind):
    semaphore = kind(2)
    assert semaphore.counter == semaphore.balance == 2
    assert semaphore.acquire()
    assert not semaphore.locked()
    assert semaphore.acquire(blocking=False)
    assert semaphore.locked()
    assert semaphore.acquire(blocking=False) is False
    assert semaphore.counter == 0
    assert semaphore.release() is True
    assert semaphore.counter == 1
    assert not semaphore.bounded()


def test_one_is_the_default(autojump_hub, kind):
    semaphore = kind()
    assert semaphore.acquire()
    assert semaphore.locked()


def test_with_holds_it_for_a_block(autojump_hub, kind):
    semaphore = kind(1)
    with semaphore:
        assert semaphore.locked()
    assert not semaphore.locked()
    with pytest.raises(KeyError):
        with semaphore:
            raise KeyError
    assert not semaphore.locked()


def test_permits_go_out_in_the_order_asked_for_and_nobody_overtakes(autojump_hub, kind):
    semaphore, order = kind(1), []
    semaphore.acquire()

    def hold(name):
        with semaphore:
            order.append(name)
            sleep(1)

    for name in range(5):
        spawn(hold, name)
    settle()
    assert semaphore.waiting() == 5
    assert semaphore.balance == -5
    semaphore.release()
    assert semaphore.acquire(blocking=False) is False  # it belongs to the first in line
    newcomer = spawn(hold, "newcomer")
    newcomer.wait()
    assert order == [0, 1, 2, 3, 4, "newcomer"]
    assert autojump_hub.clock() == 6


@pytest.mark.parametrize(("release_at", "granted"), [(2.0, True), (3.0, True), (4.0, False)])
def test_release_and_timeout_race(autojump_hub, release_at, granted):
    semaphore = Semaphore(0)
    autojump_hub.call_at(release_at, semaphore.release)

    assert semaphore.acquire(timeout=3.0) is granted

    assert autojump_hub.clock() == min(release_at, 3.0)
    assert semaphore.acquire(timeout=9.0) is not granted  # the permit exists exactly once
    assert semaphore.waiting() == 0


def test_a_timeout_of_zero_takes_what_is_free(autojump_hub, kind):
    semaphore = kind(1)
    assert semaphore.acquire(timeout=0)
    assert semaphore.acquire(timeout=0) is False


def test_minus_one_waits_for_ever_as_in_threading(autojump_hub, kind):
    semaphore = kind(1)
    semaphore.acquire()
    autojump_hub.call_at(1000, semaphore.release)
    assert semaphore.acquire(timeout=-1)
    assert autojump_hub.clock() == 1000


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"timeout": -2}, ValueError),
        ({"timeout": float("nan")}, ValueError),
        ({"timeout": "1"}, TypeError),
        ({"blocking": False, "timeout": 1}, ValueError),
    ],
)
def test_a_wrong_timeout_is_refused_and_takes_nothing(autojump_hub, kind, arguments, error):
    semaphore = kind(1)
    with pytest.raises(error):
        semaphore.acquire(**arguments)
    assert semaphore.counter == 1


@pytest.mark.parametrize(("value", "error"), [(-1, ValueError), ("x", TypeError), (None, TypeError), (1.5, TypeError)])
def test_a_wrong_value_is_refused(autojump_hub, kind, value, error):
    with pytest.raises(error):
        kind(value)


@pytest.mark.parametrize("moment", ["waiting", "granted"])
@pytest.mark.parametrize("throw", [(), (KeyError,), (Timeout,)])
def test_ending_a_waiter_loses_no_permit(autojump_hub, kind, moment, throw):
    semaphore = kind(1)
    semaphore.acquire()
    victim, next_in_line = spawn(semaphore.acquire), spawn(semaphore.acquire)
    settle()
    if moment == "granted":
        semaphore.release()
        kill(victim, *throw)
    else:
        kill(victim, *throw)
        assert semaphore.waiting() == 1
        semaphore.release()

    assert next_in_line.wait() is True
    assert semaphore.waiting() == 0
    assert semaphore.counter == 0
    semaphore.release()
    assert semaphore.counter == 1


def test_permit_and_timeout_in_the_same_turn(autojump_hub):
    semaphore = Semaphore(0)
    outcome = []

    def wait():
        try:
            with Timeout(1):
                semaphore.acquire()
                outcome.append("acquired")
        except Timeout:
            outcome.append("timed out")

    waiter = spawn(wait)
    settle()
    autojump_hub.call_at(1, semaphore.release)  # after the Timeout was made: fires second
    waiter.wait()
    settle()
    assert semaphore.counter == (1 if outcome == ["timed out"] else 0)
    assert semaphore.waiting() == 0


def test_release_by_a_timer_that_fires_before_the_timeout_of_the_same_moment(autojump_hub):
    semaphore, outcome = Semaphore(0), []
    autojump_hub.call_at(1, semaphore.release)

    def wait():
        try:
            with Timeout(1):
                semaphore.acquire()
                outcome.append("acquired")
        except Timeout:
            outcome.append("timed out")

    spawn(wait).wait()
    settle()
    assert semaphore.counter == (1 if outcome == ["timed out"] else 0)


def test_the_counter_can_be_set_as_celery_does(autojump_hub):
    semaphore = Semaphore(5)
    semaphore.counter -= 3
    assert semaphore.counter == 2
    assert semaphore.acquire()
    assert semaphore.acquire()
    semaphore.counter -= 2
    assert semaphore.counter == -2
    assert semaphore.locked()
    assert semaphore.acquire(blocking=False) is False
    semaphore.release()
    semaphore.release()
    assert semaphore.counter == 0
    assert semaphore.locked()
    semaphore.release()
    assert semaphore.acquire(blocking=False)
    semaphore.counter += 4
    assert semaphore.counter == 4


def test_raising_the_counter_wakes_waiters(autojump_hub):
    semaphore = Semaphore(0)
    waiters = [spawn(semaphore.acquire) for _ in range(3)]
    settle()
    semaphore.counter += 2
    settle()
    assert [waiter.dead for waiter in waiters] == [True, True, False]
    semaphore.release()
    settle()
    assert waiters[2].dead


def test_one_can_see_who_waits(autojump_hub, spawn, kind):
    semaphore = kind(0)
    waiters = [spawn(semaphore.acquire) for _ in range(2)]
    settle()
    assert semaphore.waiters() == waiters
    assert "c=0" in repr(semaphore)
    assert "_w[2]" in repr(semaphore)
    assert kind.__name__ in repr(semaphore)


def test_a_large_value_costs_nothing(autojump_hub):
    semaphore = Semaphore(10**9)
    for _ in range(10):
        semaphore.acquire()
    assert semaphore.counter == 10**9 - 10


def test_blocking_in_the_hub_is_an_error_that_loses_nothing(autojump_hub, reported):
    semaphore = Semaphore(0)
    autojump_hub.call_soon(semaphore.acquire)
    settle()
    assert isinstance(reported[0], RuntimeError)
    assert semaphore.waiting() == 0
    semaphore.release()
    assert semaphore.counter == 1


def test_a_bounded_one_cannot_be_released_too_often(autojump_hub):
    semaphore = BoundedSemaphore(1)
    with pytest.raises(ValueError, match="too many times"):
        semaphore.release()
    assert semaphore.counter == 1
    semaphore.acquire()
    waiter = spawn(semaphore.acquire)
    settle()
    semaphore.release()
    waiter.wait()
    semaphore.release()
    with pytest.raises(ValueError, match="too many times"):
        semaphore.release()


# ---- capped


def test_a_capped_one_blocks_at_both_ends(autojump_hub):
    semaphore = CappedSemaphore(1, 2)
    assert (semaphore.locked(), semaphore.bounded(), semaphore.balance) == (False, False, 1)
    assert semaphore.release()
    assert semaphore.bounded()
    assert semaphore.release(blocking=False) is False
    releaser = spawn(semaphore.release)
    settle()
    assert not releaser.dead
    assert semaphore.balance == 3
    assert semaphore.acquire()
    settle()
    assert releaser.wait() is True
    assert semaphore.acquire()
    assert semaphore.acquire()
    assert semaphore.locked()
    assert semaphore.acquire(blocking=False) is False
    acquirer = spawn(semaphore.acquire)
    settle()
    assert semaphore.balance == -1
    assert "b=-1" in repr(semaphore)
    semaphore.release()
    assert acquirer.wait() is True


def test_a_capped_one_in_a_with_block(autojump_hub):
    semaphore = CappedSemaphore(1, 1)
    with semaphore:
        assert semaphore.locked()
    assert semaphore.bounded()


@pytest.mark.parametrize("arguments", [(-1, 1), (3, 2)])
def test_a_capped_one_refuses_a_count_outside_its_limits(arguments):
    with pytest.raises(ValueError, match="count"):
        CappedSemaphore(*arguments)


def test_killing_a_capped_ones_waiters_loses_nothing(autojump_hub):
    semaphore = CappedSemaphore(0, 1)
    acquirer = spawn(semaphore.acquire)
    settle()
    semaphore.release()
    kill(acquirer)  # the permit was on its way
    assert semaphore.acquire(blocking=False)
    assert semaphore.locked()


def test_a_waiter_that_is_killed_in_the_middle_of_a_release_passes_the_permit_on(autojump_hub):
    """As a signal handler may do: the release cannot go on before the killed one has ended."""
    semaphore = Semaphore(0)
    victim, heir = spawn(semaphore.acquire), spawn(semaphore.acquire)
    settle()

    class Line(type(semaphore._waiters)):
        def popleft(self):
            waiter = super().popleft()
            if waiter.greenlet is victim:
                victim.kill()
            return waiter

    semaphore._waiters = Line(semaphore._waiters)
    semaphore.release()
    assert victim.dead
    assert heir.wait() is True
    assert semaphore.counter == 0
