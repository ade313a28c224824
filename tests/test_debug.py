import sys
import weakref

import pytest

import eventlet
from eventlet import debug
from eventlet.hubs.hub import BaseHub
from tests.helpers import settle


def test_listeners_are_listed(hub, pair, spawn):
    spawn(eventlet.hubs.trampoline, pair[0].fileno(), read=True)
    settle()
    text = debug.format_hub_listeners()
    assert "READERS:" in text
    assert "WRITERS:" in text
    assert f"'read', {pair[0].fileno()}" in text


def test_listeners_tell_where_they_were_made(hub, pair):
    debug.hub_listener_stacks(True)
    listener = hub.add(hub.READ, pair[0].fileno(), print, print, None)
    debug.hub_listener_stacks(False)
    assert "test_listeners_tell_where_they_were_made" in debug.format_hub_listeners()
    hub.remove(listener)


def test_timers_are_listed_in_order(hub):
    timers = [hub.schedule_call_global(seconds, print, f"after {seconds}") for seconds in (50, 10)]
    text = debug.format_hub_timers()
    assert text.startswith("TIMERS:")
    assert text.index("after 10") < text.index("after 50")
    for timer in timers:
        timer.cancel()
    assert "after" not in debug.format_hub_timers()


def test_timers_tell_where_they_were_made(hub):
    debug.hub_timer_stacks(True)
    try:
        timer = hub.schedule_call_global(10, print)
        assert "test_timers_tell_where_they_were_made" in debug.format_hub_timers()
    finally:
        debug.hub_timer_stacks(False)
    timer.cancel()
    timer = hub.schedule_call_global(10, print)
    assert "test_timers_tell" not in debug.format_hub_timers()
    timer.cancel()


def wait_here(event):
    event.wait()


def test_stacks_of_all_threads(hub, spawn):
    event = eventlet.Event()
    for _ in range(5):
        spawn(wait_here, event)
    settle()
    text = debug.format_threads_info()
    assert "5 with this stack" in text
    assert "wait_here" in text
    assert "test_stacks_of_all_threads" in text
    event.send()
    settle()


def test_stacks_while_there_is_a_proxy_of_what_is_gone(hub):
    class Thing:
        pass

    proxy = weakref.proxy(Thing())
    assert proxy is not None
    assert "OS threads: " in debug.format_threads_info()


def test_asyncio_info_without_tasks(hub):
    if hub.asyncio_loop is None:
        assert "none" in debug.format_asyncio_info()
    else:
        assert debug.format_asyncio_info() == "TASKS:"


def test_hub_exceptions(hub):
    debug.hub_exceptions(False)
    assert hub.debug_exceptions is False
    debug.hub_exceptions(True)
    assert hub.debug_exceptions is True


def test_prevent_multiple_readers(hub, pair, spawn):
    try:
        debug.hub_prevent_multiple_readers(False)
        assert BaseHub.prevent_multiple_readers is False
        threads = [spawn(eventlet.hubs.trampoline, pair[0], read=True) for _ in range(2)]
        settle()
        pair[1].send(b"x")
        for thread in threads:
            thread.wait()
    finally:
        debug.hub_prevent_multiple_readers(True)
    first = spawn(eventlet.hubs.trampoline, pair[1], read=True)
    settle()
    with pytest.raises(RuntimeError, match="second simultaneous read"):
        eventlet.hubs.trampoline(pair[1], read=True)
    first.kill()


def test_blocking_detection(hub):
    debug.hub_blocking_detection(True, resolution=0.1)
    try:
        with pytest.raises(RuntimeError, match="[Bb]lock"):
            while True:  # on a busy machine it may also hit the hub, which reports it
                eventlet.sleep(0)
                for _ in range(10**7):
                    pass
    finally:
        debug.hub_blocking_detection(False)
    with pytest.raises(ValueError, match="resolution"):
        debug.hub_blocking_detection(True, resolution=0)


def test_tpool_exceptions_are_remembered():
    debug.tpool_exceptions(True)
    assert debug.switches.tpool_exceptions
    debug.tpool_exceptions(False)
    assert not debug.switches.tpool_exceptions


def traced():
    some_value = 1
    return some_value + 1


@pytest.fixture
def output(capsys):
    """`output()` returns what was printed."""
    previous = sys.gettrace()
    yield lambda: capsys.readouterr().out
    sys.settrace(previous)


def test_spew_prints_lines_and_values(output):
    debug.spew(trace_names=[__name__], show_values=True)
    traced()
    debug.unspew()
    assert sys.gettrace() is None
    text = output()
    assert "return some_value + 1" in text
    assert "some_value=1" in text


def test_spew_of_other_modules_only(output):
    debug.spew(trace_names=["other"])
    traced()
    debug.unspew()
    assert output() == ""


def test_spew_without_values_and_source(output):
    trace = debug.Spew(show_values=False)
    frame = sys._getframe()
    assert trace(frame, "call", None) is trace
    trace(frame, "line", None)
    namespace = {"__name__": "nowhere", "trace": trace, "sys": sys}
    exec("def f():\n    trace(sys._getframe(), 'line', None)\nf()", namespace)
    text = output()
    assert "trace(frame" in text
    assert "nowhere:2: f: [no source]" in text
