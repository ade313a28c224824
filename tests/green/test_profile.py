"""The profiler, on a clock that advances only where a test says so: its figures are exact."""

from __future__ import annotations

import importlib
import pstats
import warnings

import pytest

import eventlet
from eventlet.event import Event

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of `profile`, from Python 3.15 on
    profile = importlib.import_module("eventlet.green.profile")


class Clock:
    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now


clock = Clock()


def work(units):
    clock.now += units


def first(*units):
    for count in units:
        work(count)
        eventlet.sleep(0)


def second(*units):
    for count in units:
        second_inner(count)


def second_inner(count):
    work(count)
    eventlet.sleep(0)
    work(count)


def both():
    threads = [eventlet.spawn(first, 1, 2, 3), eventlet.spawn(second, 100, 200)]
    work(10000)
    for thread in threads:
        thread.wait()
    work(20000)


def figures(profiler):
    """Function → (calls, time of its own, time with what it called)."""
    stats = pstats.Stats(profiler).stats
    return {name: (calls, own, cumulative) for (_, _, name), (_, calls, own, cumulative, _) in stats.items()}


def test_time_is_charged_to_the_green_thread_that_ran(hub):
    profiler = profile.Profile(clock)
    profiler.runcall(both)
    found = figures(profiler)
    assert found["work"] == (3 + 4 + 2, 30606, 30606)
    assert found["first"] == (1, 0, 6)
    assert found["second"] == (1, 0, 600)
    assert found["second_inner"] == (2, 0, 600)
    assert found["both"] == (1, 0, 30000)


def test_recursion_in_one_does_not_hide_the_others(hub):
    def recursive(depth):
        work(1)
        eventlet.sleep(0)
        if depth:
            recursive(depth - 1)

    def whole():
        for thread in [eventlet.spawn(recursive, depth) for depth in (3, 1, 2)]:
            thread.wait()

    profiler = profile.Profile(clock)
    profiler.runcall(whole)
    key = next(key for key in profiler.timings if key[2] == "recursive")
    assert profiler.timings[key][0] == 3  # not counting recursion
    assert figures(profiler)["recursive"] == (9, 0, 9)


def test_who_was_at_something_when_it_began_is_charged_too(hub):
    def early():
        early_inner()
        work(7)

    def early_inner():
        work(1000)
        resume.wait()
        work(5)

    def whole():
        resume.send(None)
        thread.wait()

    resume = Event()
    thread = eventlet.spawn(early)
    eventlet.sleep(0)
    profiler = profile.Profile(clock)
    profiler.runcall(whole)
    found = figures(profiler)
    assert found["early_inner"] == (1, 0, 5)
    assert found["early"] == (1, 0, 12)


def test_who_has_not_ended_is_charged_with_what_was_so_far(hub, spawn):
    def endless():
        while True:
            work(4)
            eventlet.sleep(0)

    def whole():
        spawn(endless)
        eventlet.sleep(0)
        eventlet.sleep(0)

    profiler = profile.Profile(clock)
    profiler.runcall(whole)
    calls, own, cumulative = figures(profiler)["endless"]
    assert (calls, own) == (1, 0)
    assert cumulative in (4, 8, 12)
    assert cumulative == figures(profiler)["work"][2]


def test_errors_and_kills_unwind_the_right_stack(hub):
    def fails():
        work(1)
        eventlet.sleep(0)
        raise LookupError

    def killed():
        try:
            work(2)
            Event().wait()
        finally:
            work(4)

    def whole():
        failing, victim = eventlet.spawn(fails), eventlet.spawn(killed)
        with pytest.raises(LookupError):
            failing.wait()
        victim.kill()
        work(8)

    profiler = profile.Profile(clock)
    profiler.runcall(whole)
    found = figures(profiler)
    assert found["fails"] == (1, 0, 1)
    assert found["killed"] == (1, 0, 6)
    assert found["whole"] == (1, 0, 8)


def test_start_and_stop_again_and_again(hub):
    profiler = profile.Profile(clock)
    for _ in range(2):
        work(100)
        profiler.start("part")
        profiler.start()  # does nothing
        first(1, 2)
        profiler.stop()
        profiler.stop()
        work(100)
    found = figures(profiler)
    assert found["first"] == (2, 0, 6)
    assert found["work"] == (4, 6, 6)
    assert "part" in found


def test_stopped_by_another_than_started_it(hub):
    profiler = profile.Profile(clock)

    def starter():
        profiler.start()
        work(1)
        eventlet.sleep(0)
        work(2)

    thread = eventlet.spawn(starter)
    eventlet.sleep(0)
    work(4)
    thread.wait()
    profiler.stop()
    found = figures(profiler)
    assert found["work"] == (3, 7, 7)
    assert found["starter"] == (1, 0, 3)
    assert profiler.sleeping == {}


def test_generators_and_callbacks_of_c_functions(hub):
    def generate():
        for number in (3, 1, 2):
            eventlet.sleep(0)
            yield number

    def key(number):
        work(number)
        eventlet.sleep(0)
        return number

    def whole():
        return sorted(generate(), key=key)

    profiler = profile.Profile(clock)
    assert profiler.runcall(whole) == [1, 2, 3]
    found = figures(profiler)
    assert found["key"] == (3, 0, 6)
    assert found["whole"] == (1, 0, 6)


def test_runctx_as_subclasses_and_patches_call_it(hub):
    # Swift puts a function of its own in the place of `runctx`, which calls `base` and then `TallyTimings`.
    profiler = profile.Profile(clock)
    try:
        profiler.base.runctx(profiler, "both()", globals(), {})
    finally:
        profiler.TallyTimings()
    assert figures(profiler)["second"] == (1, 0, 600)


def test_a_profiler_may_be_the_function_of_setprofile(hub):
    import sys

    profiler = profile.Profile(clock)
    sys.setprofile(profiler)
    try:
        both()
    finally:
        sys.setprofile(None)
    assert figures(profiler)["first"] == (1, 0, 6)


def test_run_prints_and_writes(hub, capsys, tmp_path):
    profile.runctx("both()", globals(), {}, sort="cumulative")
    printed = capsys.readouterr().out
    assert "Ordered by: cumulative time" in printed
    assert "(second_inner)" in printed
    profile.run("import sys; sys.exit(3)", str(tmp_path / "figures"))
    assert pstats.Stats(str(tmp_path / "figures")).total_calls > 0


def test_errors_come_through(hub):
    profiler = profile.Profile()
    with pytest.raises(ZeroDivisionError):
        profiler.runctx("1 / 0", {}, {})
    with pytest.raises(ZeroDivisionError):
        profiler.runcall(divmod, 1, 0)
