"""Making, watching and ending green threads."""

from __future__ import annotations

import contextvars
import sys

import greenlet
import pytest
from greenlet import GreenletExit

from eventlet import greenthread
from eventlet.event import Event
from eventlet.greenthread import (
    GreenThread,
    cancel,
    getcurrent,
    kill,
    sleep,
    spawn,
    spawn_after,
    spawn_after_local,
    spawn_n,
)
from eventlet.hubs import get_hub
from eventlet.queue import Queue
from eventlet.semaphore import Semaphore
from eventlet.timeout import Timeout
from tests.helpers import OSThread, settle

# ---- spawning


def test_it_runs_later_with_its_arguments(autojump_hub):
    calls = []
    thread = spawn(lambda *args, **kw: calls.append((args, kw)) or "result", 1, 2, x=3)
    assert calls == []
    assert isinstance(thread, GreenThread)
    assert isinstance(thread, greenlet.greenlet)
    assert thread.wait() == "result"
    assert calls == [((1, 2), {"x": 3})]


def test_the_function_may_be_a_keyword_as_oslo_service_has_it(autojump_hub):
    assert spawn(func=lambda **kw: kw, site=1).wait() == {"site": 1}


def test_green_threads_start_in_the_order_spawned(autojump_hub):
    order = []
    for number in range(5):
        (spawn, spawn_n)[number % 2](order.append, number)
    settle()
    assert order == list(range(5))


def test_getcurrent_is_the_green_thread(autojump_hub):
    thread = spawn(getcurrent)
    assert thread.wait() is thread
    assert getcurrent() is greenlet.getcurrent()


def test_spawn_n_runs_it(autojump_hub):
    calls = []
    spawn_n(lambda *args, **kw: calls.append((args, kw)), 1, x=2)
    settle()
    assert calls == [((1,), {"x": 2})]


@pytest.mark.parametrize("function", [None, 5, "name"])
@pytest.mark.parametrize("how", [spawn, spawn_n, lambda f: spawn_after(1, f), lambda f: spawn_after_local(1, f)])
def test_what_cannot_be_called_is_refused_at_the_call(autojump_hub, how, function):
    with pytest.raises(TypeError, match="callable"):
        how(function)
    assert autojump_hub.get_timers_count() == 0


def test_spawn_after_waits(autojump_hub):
    times = []
    thread = spawn_after(3, lambda: times.append(autojump_hub.clock()) or "done")
    assert thread.wait() == "done"
    assert times == [3]


@pytest.mark.parametrize(("seconds", "error"), [("1", TypeError), (None, TypeError), (float("nan"), ValueError)])
def test_a_wrong_time_is_refused_at_the_call(autojump_hub, seconds, error):
    for call in (
        lambda: spawn_after(seconds, print),
        lambda: spawn_after_local(seconds, print),
        lambda: sleep(seconds),
    ):
        with pytest.raises(error):
            call()
    assert autojump_hub.get_timers_count() == 0


def test_spawn_after_local_needs_its_maker_alive(autojump_hub):
    started = []

    def make(lifetime):
        spawn_after_local(5, started.append, lifetime)
        sleep(lifetime)

    spawn(make, 1)
    spawn(make, 10)
    sleep(20)
    assert started == [10]


def test_call_after_in_its_variants(autojump_hub):
    calls = []

    def make(schedule, name, lifetime):
        schedule(5, calls.append, name)
        sleep(lifetime)

    spawn(make, greenthread.call_after_global, "global", 1)
    spawn(make, greenthread.call_after_local, "local, dead", 1)
    spawn(make, greenthread.call_after, "local, alive", 10)
    greenthread.call_after_global(5, pytest.fail).cancel()
    sleep(20)
    assert sorted(calls) == ["global", "local, alive"]


def test_exc_after(autojump_hub):
    with pytest.raises(KeyError):
        timer = greenthread.exc_after(2, KeyError)
        sleep(10)
    assert autojump_hub.clock() == 2
    greenthread.exc_after(1, KeyError).cancel()
    sleep(10)
    assert timer.called


# ---- sleep


def test_sleep_lasts(autojump_hub):
    sleep(3)
    sleep(0.5)
    assert autojump_hub.clock() == 3.5


@pytest.mark.parametrize("seconds", [0, 0.0, -1, -0.5])
def test_no_sleep_lets_the_others_run(autojump_hub, seconds):
    order = []

    def work(name):
        for step in range(2):
            order.append((name, step))
            sleep(seconds)

    threads = [spawn(work, name) for name in "ab"]
    for thread in threads:
        thread.wait()
    assert order == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert autojump_hub.clock() == 0


def test_sleep_takes_any_number(autojump_hub):
    from decimal import Decimal
    from fractions import Fraction

    sleep(Fraction(0))
    sleep(True)
    sleep(Fraction(1, 2))
    with pytest.raises(TypeError):
        sleep(Decimal(1))  # does not add to the clock's float
    assert autojump_hub.clock() == 1.5


# ---- results


def test_everybody_gets_the_result_also_later(autojump_hub):
    thread = spawn(lambda: (sleep(1), "result")[1])
    waiters = [spawn(thread.wait) for _ in range(3)]
    assert [waiter.wait() for waiter in waiters] == ["result"] * 3
    assert thread.wait() == "result"


def test_everybody_gets_the_exception_and_it_is_reported(autojump_hub, reported):
    error = KeyError("x")

    def fail():
        sleep(1)
        raise error

    thread = spawn(fail)
    for _ in range(2):
        with pytest.raises(KeyError) as caught:
            thread.wait()
        assert caught.value is error
    assert reported == [error]
    assert thread.dead


def test_killing_one_who_waits_harms_nobody(autojump_hub):
    thread = spawn(lambda: (sleep(5), "result")[1])
    waiters = [spawn(thread.wait) for _ in range(2)]
    settle()
    kill(waiters[0])
    assert waiters[1].wait() == "result"
    with pytest.raises(Timeout):
        with Timeout(1):
            spawn(sleep, 5).wait()
    sleep(10)


def test_waiting_for_oneself_is_an_error(autojump_hub, reported):
    thread = spawn(lambda: getcurrent().wait())
    with pytest.raises(RuntimeError, match="cannot wait for itself"):
        thread.wait()


# ---- states


def test_its_states(autojump_hub):
    states = []

    def state(thread):
        return bool(thread), thread.dead, thread.ready()

    thread = spawn(lambda: (states.append(state(getcurrent())), sleep(1)))
    assert state(thread) == (False, False, False)
    settle()
    assert states == [(True, False, False)]
    assert state(thread) == (True, False, False)
    thread.wait()
    assert state(thread) == (False, True, True)


def test_attributes_as_celery_sets_them(autojump_hub):
    thread = spawn_after(1, getcurrent)
    thread.entry, thread.eta, thread.canceled = "entry", 1, False
    assert thread.wait().entry == "entry"
    assert thread.eta == 1


# ---- link


def test_links_are_called_in_order_with_the_green_thread(autojump_hub):
    calls = []
    thread = spawn(lambda: sleep(1))
    thread.link(lambda *args, **kw: calls.append((args, kw)), 1, x=2)
    thread.link(lambda this: calls.append(this))
    thread.link(lambda this: calls.append(getcurrent()))
    thread.wait()
    settle()
    assert calls == [((thread, 1), {"x": 2}), thread, thread]


def test_a_link_after_the_end_is_called_at_once(autojump_hub):
    thread = spawn(lambda: 5)
    thread.wait()
    calls = []
    thread.link(lambda this, extra: calls.append((this.wait(), extra)), "extra")
    assert calls == [(5, "extra")]


@pytest.mark.parametrize("end", ["exception", "kill", "kill before the start"])
def test_links_are_called_however_it_ends(autojump_hub, reported, end):
    ends = []

    def work():
        if end == "exception":
            raise KeyError
        sleep(100)

    def linked(this):
        try:
            this.wait()
        except (KeyError, GreenletExit) as error:
            ends.append(type(error))

    thread = spawn(work)
    thread.link(linked)
    if end == "kill":
        settle()
    if end != "exception":
        kill(thread)
    settle()
    assert ends == [KeyError if end == "exception" else GreenletExit]


def test_unlink(autojump_hub):
    calls = []

    def linked(this, number):
        calls.append(number)

    thread = spawn(lambda: None)
    for number in (1, 2, 2, 3):
        thread.link(linked, number)
    assert thread.unlink(linked, 2) is True
    assert thread.unlink(linked, 9) is False
    assert thread.unlink(print) is False
    thread.wait()
    settle()
    assert calls == [1, 2, 3]
    assert thread.unlink(linked, 1) is False


def test_a_link_that_fails_is_reported_and_the_others_are_called(autojump_hub, reported):
    calls = []
    thread = spawn(lambda: 5)
    thread.link(lambda this: 1 / 0)
    thread.link(calls.append)
    assert thread.wait() == 5
    settle()
    assert [type(error) for error in reported] == [ZeroDivisionError]
    assert calls == [thread]


def test_a_link_made_by_a_link_is_called(autojump_hub):
    calls = []
    thread = spawn(lambda: 5)
    thread.link(lambda this: this.link(calls.append))
    settle()
    assert calls == [thread]


def test_a_link_may_block(autojump_hub):
    calls = []
    thread = spawn(lambda: 5)
    thread.link(lambda this: (sleep(1), calls.append(1)))
    assert thread.wait() == 5
    assert autojump_hub.clock() == 0
    sleep(2)
    assert calls == [1]
    assert thread.dead


def test_link_wants_something_callable(autojump_hub):
    with pytest.raises(TypeError, match="callable"):
        spawn(lambda: 5).link("x")


# ---- kill


def parked_states(pair):
    """What a green thread can wait in, and something to end that normally."""
    from eventlet.hubs import trampoline

    full = Queue(1)
    full.put("x")
    busy = Queue()
    busy.put("x")
    return {
        "sleep": lambda: sleep(1000),
        "sleep(0)": lambda: [sleep(0) for _ in range(10**6)],
        "event": Event().wait,
        "event, timeout": lambda: Event().wait(1000),
        "semaphore": Semaphore(0).acquire,
        "semaphore, timeout": lambda: Semaphore(0).acquire(timeout=1000),
        "get": Queue().get,
        "get, timeout": lambda: Queue().get(timeout=1000),
        "put": lambda: full.put("y"),
        "put to a channel": lambda: Queue(0).put("y", timeout=1000),
        "join": busy.join,
        "another": spawn_after(10_000, print).wait,
        "read": lambda: trampoline(pair[0], read=True, timeout=1000),
        "hub": lambda: get_hub().switch(),
    }


STATES = [
    "sleep", "sleep(0)", "event", "event, timeout", "semaphore", "semaphore, timeout", "get", "get, timeout",
    "put", "put to a channel", "join", "another", "read", "hub",
]  # fmt: skip


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("throw", [(), (KeyError, "x")])
def test_kill_reaches_every_parked_state(autojump_hub, pair, reported, state, throw):
    states = parked_states(pair)
    assert list(states) == STATES
    cleaned = []

    def work():
        try:
            states[state]()
        finally:
            cleaned.append(1)

    thread = spawn(work)
    sleep(0)
    sleep(0)
    thread.kill(*throw)
    assert cleaned == [1]
    assert thread.dead
    with pytest.raises(KeyError if throw else GreenletExit):
        thread.wait()
    assert len(reported) == (1 if throw else 0)
    kill(states["another"].__self__)
    settle()


@pytest.mark.parametrize("how", [kill, cancel, lambda g: g.kill(), lambda g: g.cancel(), lambda g: g.throw()])
@pytest.mark.parametrize("make", [spawn, lambda f: spawn_after(5, f), lambda f: spawn_after_local(5, f)])
def test_ended_before_it_began_it_never_begins(autojump_hub, make, how):
    thread = make(pytest.fail)
    how(thread)
    assert thread.dead
    assert not thread
    with pytest.raises(GreenletExit):
        thread.wait()
    assert autojump_hub.get_timers_count() == 0
    sleep(10)


@pytest.mark.parametrize("throw", [(KeyError,), (KeyError, "x"), (KeyError("x"),), (KeyError, KeyError("x"), None)])
def test_what_kill_may_raise(autojump_hub, reported, throw):
    threads = [spawn(sleep, 1000), spawn(sleep, 1000)]
    settle()
    threads.append(spawn(pytest.fail))
    threads[2].kill(*throw)  # first: killing switches, and it has not begun
    kill(threads[0], *throw)
    threads[1].kill(*throw)
    for thread in threads:
        with pytest.raises(KeyError):
            thread.wait()


def test_killed_with_an_exception_before_it_began(autojump_hub, reported):
    thread = spawn(pytest.fail)
    waiter = spawn(thread.wait)
    kill(thread, KeyError("x"))
    with pytest.raises(KeyError):
        waiter.wait()


def test_cancel_leaves_alone_what_has_begun(autojump_hub):
    thread = spawn(lambda: (sleep(1), "result")[1])
    settle()
    cancel(thread)
    thread.cancel()
    assert thread.wait() == "result"
    cancel(thread)


def test_killing_the_dead_does_nothing(autojump_hub):
    thread = spawn(lambda: 5)
    thread.wait()
    kill(thread)
    thread.kill(KeyError)
    thread.throw(KeyError)
    assert thread.wait() == 5


def test_kill_returns_when_it_has_ended(autojump_hub):
    order = []

    def work():
        try:
            sleep(1000)
        finally:
            order.append("cleaned up")

    thread = spawn(work)
    settle()
    kill(thread)
    order.append("kill returned")
    assert order == ["cleaned up", "kill returned"]


def test_kill_returns_when_it_blocks_again(autojump_hub):
    def work():
        try:
            sleep(1000)
        except GreenletExit:
            sleep(3)
            return "survived"

    thread = spawn(work)
    settle()
    kill(thread)
    assert not thread.dead
    assert autojump_hub.clock() == 0
    assert thread.wait() == "survived"


def test_killing_oneself(autojump_hub):
    reached = []

    def work():
        kill(getcurrent())
        reached.append(1)

    thread = spawn(work)
    with pytest.raises(GreenletExit):
        thread.wait()
    assert reached == []
    with pytest.raises(KeyError, match="me"):
        kill(getcurrent(), KeyError("me"))


def test_two_kill_each_other(autojump_hub):
    threads = []

    def work(me):
        sleep(0)
        kill(threads[1 - me])
        return "alive"

    threads += [spawn(work, 0), spawn(work, 1)]
    settle()
    assert threads[0].wait() == "alive"
    assert threads[1].dead


def test_killing_who_is_killing(autojump_hub):
    def stubborn():
        try:
            sleep(1000)
        except GreenletExit:
            sleep(5)

    victim = spawn(stubborn)
    settle()
    killer = spawn(kill, victim)
    settle()
    kill(killer)
    settle()
    victim.wait()


def test_killing_a_plain_greenlet(autojump_hub):
    ends = []

    def work():
        try:
            sleep(1000)
        except GreenletExit:
            ends.append(1)

    plain = greenlet.greenlet(work, parent=autojump_hub.greenlet)
    autojump_hub.call_soon(plain.switch)
    settle()
    kill(plain)
    assert ends == [1]
    assert plain.dead
    unstarted = greenlet.greenlet(pytest.fail)
    kill(unstarted)
    assert unstarted.dead


def test_kill_through_the_hub_as_swift_does(autojump_hub):
    thread = spawn(sleep, 1000)
    settle()
    autojump_hub.schedule_call_global(0, thread.throw, KeyError("x"))
    with pytest.raises(KeyError):
        thread.wait()


def test_kill_passes_a_traceback_on(autojump_hub):
    try:
        raise KeyError("x")
    except KeyError:
        info = sys.exc_info()
    thread = spawn(sleep, 1000)
    settle()
    kill(thread, *info)
    with pytest.raises(KeyError) as caught:
        thread.wait()
    assert any("test_kill_passes_a_traceback_on" in entry.name for entry in caught.traceback)


def test_kill_from_another_os_thread(hub):
    running, unstarted = spawn(sleep, 1000), spawn_after(1000, pytest.fail)
    settle()
    OSThread(lambda: (kill(running), kill(unstarted), running.kill())).join()
    for thread in (running, unstarted):
        with pytest.raises(GreenletExit):
            thread.wait()
    assert hub.get_timers_count() == 0


def test_greenletexit_raised_by_the_function_is_its_result(autojump_hub, reported):
    def work():
        raise GreenletExit

    with pytest.raises(GreenletExit):
        spawn(work).wait()
    assert reported == []


# ---- errors


def test_an_exception_is_printed(autojump_hub, capfd):
    spawn_n(lambda: 1 / 0)
    settle()
    assert "ZeroDivisionError" in capfd.readouterr().err
    spawn(lambda: sys.exit).wait()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_program_reaches_main_and_who_waits(autojump_hub, kind):
    def end():
        raise kind("the end")

    thread = spawn(end)
    with pytest.raises(kind, match="the end"):
        sleep(10)
    with pytest.raises(kind, match="the end"):
        thread.wait()
    assert autojump_hub.clock() == 0


# ---- contexts

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


@pytest.mark.parametrize("how", [spawn, lambda f: spawn_after(1, f), lambda f: spawn_after_local(1, f)])
def test_a_green_thread_has_a_copy_of_its_makers_context(autojump_hub, how):
    def work():
        before = variable.get()
        variable.set("theirs")
        sleep(1)
        return before, variable.get()

    token = variable.set("ours")
    try:
        thread = how(work)
        variable.set("changed after the spawn")
        assert thread.wait() == ("ours", "theirs")
        assert variable.get() == "changed after the spawn"
    finally:
        variable.reset(token)


def test_contexts_do_not_pass_to_the_next_green_thread(autojump_hub):
    def work(value):
        before = variable.get()
        variable.set(value)
        return before

    for number in range(20):
        assert spawn(work, str(number)).wait() == "unset"


# ---- by hand


def test_a_green_thread_made_by_hand(autojump_hub):
    thread = GreenThread(autojump_hub.greenlet)
    autojump_hub.schedule_call_global(0, thread.switch, lambda *args, **kw: (args, kw), (1,), {"x": 2})
    assert thread.wait() == ((1,), {"x": 2})


def test_with_timeout_is_here_too(autojump_hub):
    assert greenthread.with_timeout(1, sleep, 5, timeout_value="late") == "late"
