"""Timers: order, rounding, cancelling, and the objects that schedule_call_* return."""

from __future__ import annotations

import math
import random

import pytest

from eventlet.greenthread import sleep, spawn
from eventlet.hubs import timer as timer_module
from eventlet.hubs._timers import MANY_NEW, PURGE_ABOVE, TimerQueue
from tests.helpers import VirtualClock, settle


def test_timers_fire_in_the_order_of_their_deadlines(autojump_hub):
    deadlines = [random.Random(1).choice([1, 2.5, 3, 7, 7.25]) for _ in range(200)]
    fired = []
    for number, deadline in enumerate(deadlines):
        autojump_hub.call_at(deadline, lambda entry=(deadline, number): fired.append(entry))

    sleep(10)

    assert fired == sorted((deadline, number) for number, deadline in enumerate(deadlines))


def test_equal_deadlines_fire_in_the_order_made_whichever_way_made(autojump_hub):
    fired = []
    autojump_hub.call_at(5, lambda: fired.append("call_at"))
    autojump_hub.schedule_call_global(5, fired.append, "global")
    autojump_hub.call_later(5, lambda: fired.append("call_later"))
    autojump_hub.schedule_call_local(5, fired.append, "local")
    spawn(lambda: (sleep(5), fired.append("sleep")))

    sleep(6)

    assert fired == ["call_at", "global", "call_later", "local", "sleep"]


def test_a_timer_fires_at_its_time_and_not_before(autojump_hub):
    times = []
    autojump_hub.schedule_call_global(3, lambda: times.append(autojump_hub.clock()))

    sleep(2.999)
    assert times == []
    sleep(1)
    assert times == [3]


def test_timers_that_are_due_already_fire_in_the_next_turn(autojump_hub):
    fired = []
    for seconds in (0, -1, -math.inf):
        autojump_hub.schedule_call_global(seconds, fired.append, seconds)
    autojump_hub.call_later(-5, lambda: fired.append("call_later"))

    settle()

    assert set(fired) == {0, -1, -math.inf, "call_later"}
    assert autojump_hub.clock() == 0


def test_a_timer_made_by_a_timer_waits_for_the_next_turn(autojump_hub):
    fired = []

    def again(count):
        fired.append(count)
        if count < 3:
            autojump_hub.call_later(0, lambda: again(count + 1))

    autojump_hub.call_later(0, lambda: again(0))
    turns = 0
    while len(fired) < 4:
        sleep(0)
        turns += 1
    assert turns >= 4


def test_an_endless_timer_is_never_due(autojump_hub):
    entry = autojump_hub.call_later(math.inf, pytest.fail)
    sleep(1e9)
    autojump_hub.cancel(entry)


def test_cancelled_timers_do_not_fire(autojump_hub):
    timers = [autojump_hub.schedule_call_global(1, pytest.fail, "fired") for _ in range(10)]
    entries = [autojump_hub.call_later(1, pytest.fail) for _ in range(10)]
    assert autojump_hub.get_timers_count() == 20

    for timer in timers:
        timer.cancel()
        timer.cancel()
    for entry in entries:
        autojump_hub.cancel(entry)
        autojump_hub.cancel(entry)

    assert autojump_hub.get_timers_count() == 0
    sleep(2)


def test_cancelled_timers_do_not_pile_up(autojump_hub):
    kept = [autojump_hub.call_later(1000, pytest.fail) for _ in range(10)]
    few = MANY_NEW + PURGE_ABOVE + 100
    for _ in range(2 * few):
        autojump_hub.cancel(autojump_hub.call_later(500, pytest.fail))
    assert autojump_hub._timer_count + len(autojump_hub._new_timers) < few

    for _ in range(2 * few // 1000):  # the same, once they have reached the heap
        entries = [autojump_hub.call_later(500, pytest.fail) for _ in range(1000)]
        sleep(0)
        for entry in entries:
            autojump_hub.cancel(entry)
    assert autojump_hub._timer_count + len(autojump_hub._new_timers) < few
    assert autojump_hub.get_timers_count() == len(kept)
    for entry in kept:
        autojump_hub.cancel(entry)


def test_a_timer_may_cancel_another_of_the_same_moment(autojump_hub):
    second = None
    autojump_hub.schedule_call_global(1, lambda: second.cancel())
    second = autojump_hub.schedule_call_global(1, pytest.fail)
    sleep(2)


def test_cancelling_many_from_within_a_timer_is_safe(autojump_hub):
    fired = []
    victims = [autojump_hub.call_at(1 + n / 1000, lambda: fired.append("victim")) for n in range(2000)]
    autojump_hub.call_at(1, lambda: [autojump_hub.cancel(victim) for victim in victims[1:]])
    autojump_hub.call_at(4, lambda: fired.append("last"))

    sleep(5)

    assert fired == ["victim", "last"]


@pytest.mark.parametrize("seconds", ["1", None, object(), [1]])
def test_a_time_that_is_no_number_is_refused_at_the_call(autojump_hub, seconds):
    for schedule in (
        lambda: autojump_hub.call_later(seconds, print),
        lambda: autojump_hub.schedule_call_global(seconds, print),
        lambda: autojump_hub.schedule_call_local(seconds, print),
    ):
        with pytest.raises(TypeError, match="must be a number"):
            schedule()
    assert autojump_hub.get_timers_count() == 0


def test_nan_is_refused_at_the_call(autojump_hub):
    for schedule in (autojump_hub.call_later, autojump_hub.schedule_call_global):
        with pytest.raises(ValueError, match="NaN"):
            schedule(math.nan, print)
    assert autojump_hub.get_timers_count() == 0


def test_something_not_callable_is_refused_at_the_call(autojump_hub):
    with pytest.raises(TypeError, match="callable"):
        autojump_hub.schedule_call_global(1, "print")


# ---- Timer objects


def test_a_timer_passes_its_arguments_on(autojump_hub):
    calls = []
    timer = autojump_hub.schedule_call_global(1, lambda *args, **kw: calls.append((args, kw)), 1, 2, x=3)
    assert timer.pending
    assert not timer.called
    assert timer.scheduled_time == 1
    sleep(1)
    assert calls == [((1, 2), {"x": 3})]
    assert timer.called
    assert not timer.pending
    timer.cancel()  # harmless


def test_a_timer_lets_go_of_what_it_called(autojump_hub):
    import weakref

    class Thing:
        def method(self):
            pass

    fired, cancelled = Thing(), Thing()
    timers = [
        autojump_hub.schedule_call_global(1, fired.method),
        autojump_hub.schedule_call_global(9, cancelled.method),
    ]
    timers[1].cancel()
    sleep(2)
    dead = [weakref.ref(fired), weakref.ref(cancelled)]
    del fired, cancelled
    assert [ref() for ref in dead] == [None, None]


def test_a_local_timer_dies_with_its_maker(autojump_hub):
    fired = []

    def make(seconds_to_live):
        autojump_hub.schedule_call_local(5, fired.append, seconds_to_live)
        sleep(seconds_to_live)

    spawn(make, 1)
    spawn(make, 9)
    sleep(10)
    assert fired == [9]


def test_a_global_timer_outlives_its_maker(autojump_hub):
    fired = []
    spawn(autojump_hub.schedule_call_global, 5, fired.append, 1)
    sleep(10)
    assert fired == [1]


def test_timers_made_by_hand(autojump_hub):
    fired = []
    timer = timer_module.Timer(2, fired.append, "by hand")
    assert repr(timer).startswith("Timer(2, ")
    copy = timer.copy()
    assert timer.schedule() is timer
    autojump_hub.add_timer(copy)
    sleep(3)
    assert fired == ["by hand", "by hand"]


def test_timers_are_ordered_by_time_and_equal_only_to_themselves(autojump_hub):
    early, late = (autojump_hub.schedule_call_global(seconds, print) for seconds in (1, 2))
    assert early < late
    assert late > early
    assert early != late
    assert len({early, late, early}) == 2
    early.cancel()
    late.cancel()


def test_a_timer_that_fails_is_reported_and_the_others_go_on(autojump_hub, reported):
    fired = []
    autojump_hub.schedule_call_global(1, lambda: 1 / 0)
    autojump_hub.schedule_call_global(1, fired.append, "after")
    sleep(2)
    assert [type(error) for error in reported] == [ZeroDivisionError]
    assert fired == ["after"]


# ---- the queue alone


class Queue(TimerQueue):
    wakeups = 0

    def wakeup(self):
        self.wakeups += 1


def test_who_schedules_during_a_poll_wakes_it():
    queue = Queue(VirtualClock())
    queue.call_later(1, print)
    assert queue.wakeups == 0
    queue._polling = True
    queue.call_later(1, print)
    queue.call_at(1, print)
    assert queue.wakeups == 2


def test_the_next_deadline_skips_what_is_cancelled():
    queue = Queue(VirtualClock())
    assert queue.next_deadline() is None
    first, second = queue.call_later(1, print), queue.call_later(2, print)
    assert queue.next_deadline() == 1
    queue.cancel(first)
    assert queue.next_deadline() == 2
    queue.cancel(second)
    assert queue.next_deadline() is None


def test_upstreams_views_of_the_timers(autojump_hub):
    timer = autojump_hub.schedule_call_global(3, print)
    autojump_hub.prepare_timers()
    assert autojump_hub.sleep_until() == 3
    assert autojump_hub.get_timers_count() == 1
    assert autojump_hub.default_sleep() == 60.0
    timer.cancel()
