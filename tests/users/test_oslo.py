"""What oslo.service, oslo.utils, oslo.log and oslo.reports do."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
import time

import greenlet
import pytest

import eventlet
from eventlet.greenio import GreenPipe
from eventlet.hubs import get_hub
from tests.helpers import SOME_SECONDS, OSThread, check_python

# ---- oslo.service


def test_a_signal_handler_may_interrupt_do_poll_with_EINTR(hub):
    """It looks for a frame `do_poll` of the file of the hub's module, raises OSError(EINTR) there, and has spawned."""
    module_file = sys.modules[type(hub).__module__].__file__
    assert sys.modules[hub.__module__].__file__ == module_file
    handled, interrupted = eventlet.Event(), []

    def handler(number, frame):
        eventlet.spawn(handled.send, number)
        while frame is not None:
            if frame.f_code.co_name == "do_poll" and frame.f_code.co_filename == module_file:
                interrupted.append(number)
                raise OSError(errno.EINTR, os.strerror(errno.EINTR))
            frame = frame.f_back

    before = signal.signal(signal.SIGALRM, handler)
    try:
        for _ in range(3):
            signal.setitimer(signal.ITIMER_REAL, 0.01)
            with eventlet.Timeout(SOME_SECONDS):
                assert handled.wait() == signal.SIGALRM
            handled = eventlet.Event()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("hub_name", ["epolls", "poll", "selects"])
def test_it_finds_do_poll_on_the_hubs_over_pollers(hub_name):
    """The frame that the handler interrupts is the hub's own, one call from the system's poll."""
    said = check_python(
        """
        import errno, os, signal, sys
        import eventlet
        from eventlet.hubs import HubError, get_hub
        try:
            hub = get_hub()
        except HubError as error:
            print(error)
            sys.exit()
        module_file = sys.modules[hub.__module__].__file__
        found = []

        def handler(number, frame):
            found.append((frame.f_code.co_name, frame.f_code.co_filename))
            eventlet.spawn(done.send, None)
            raise OSError(errno.EINTR, os.strerror(errno.EINTR))

        done = eventlet.Event()
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        done.wait()
        assert found == [("do_poll", module_file)], found
        print("found")
        """,
        environment={"EVENTLET_HUB": hub_name},
    )
    assert "found" in said or "not available" in said


def test_the_module_poll_can_be_given_a_sleep(monkeypatch):
    from eventlet.hubs import poll

    monkeypatch.setattr(poll, "sleep", time.sleep, raising=False)
    hub = poll.Hub()
    hub.close()


def test_GreenPipe_of_an_fd(hub, spawn):
    """Its launcher has a child watch a pipe of the parent's, to end with it."""
    reading, writing = os.pipe()
    with GreenPipe(reading, "r") as pipe:
        watching = spawn(pipe.read, 1)
        os.write(writing, b"x")
        os.close(writing)
        assert watching.wait() == "x"


def test_a_server_is_stopped(hub, settle):
    """`pool.resize(0)`, then the server's green thread is killed."""
    pool = eventlet.GreenPool(5)
    server = eventlet.spawn(eventlet.sleep, 1000)
    settle()
    pool.resize(0)
    assert (pool.size, pool.free()) == (0, 0)
    server.kill()
    with pytest.raises(eventlet.greenlet.GreenletExit):
        server.wait()


# ---- oslo.utils, oslo.log


def test_already_patched_and_is_monkey_patched():
    check_python("""
        import eventlet
        from eventlet import patcher
        assert patcher.already_patched == {} and not patcher.is_monkey_patched("thread")
        eventlet.monkey_patch(thread=True)
        assert "thread" in patcher.already_patched and patcher.is_monkey_patched("thread")
        assert isinstance(patcher.already_patched, dict)
        assert not patcher.is_monkey_patched("socket")
    """)


@pytest.mark.parametrize("name", ["os", "queue", "threading", "select", "time"])
def test_original_is_unpatched_and_always_the_same(name):
    check_python(f"""
        import eventlet
        from eventlet import patcher
        early = patcher.original("{name}")
        eventlet.monkey_patch()
        import {name} as patched
        original = patcher.original("{name}")
        assert original is early
        assert original.__name__ == "{name}"
        changed = {{"os": "read", "queue": "Queue", "threading": "Lock", "select": "select", "time": "sleep"}}["{name}"]
        assert getattr(original, changed) is not getattr(patched, changed)
        if "{name}" in ("threading", "queue"):
            threads = patcher.original("threading")
            seen, done = [], patcher.original("queue").Queue()
            thread = threads.Thread(target=lambda: (seen.append(threads.get_native_id()), done.put(1)))
            thread.start()
            assert done.get(timeout=40) == 1
            thread.join()
            assert seen[0] != threads.get_native_id(), "a real thread"
    """)


def test_is_this_the_asyncio_hub():
    check_python(
        """
        import eventlet
        from eventlet import hubs
        import eventlet.hubs.asyncio
        assert isinstance(hubs.get_hub(), hubs.asyncio.Hub)

        async def coroutine():
            return 5

        import eventlet.asyncio
        assert eventlet.asyncio.spawn_for_awaitable(coroutine()).wait() == 5
        """,
        environment={"EVENTLET_HUB": "asyncio"},
    )


def test_other_hubs_are_not_the_asyncio_one():
    check_python(
        """
        from eventlet import hubs
        import eventlet.hubs.asyncio
        assert not isinstance(hubs.get_hub(), hubs.asyncio.Hub)
        """,
        environment={"EVENTLET_HUB": "poll"},
    )


# ---- oslo.reports, guru meditation


def test_the_garbage_collector_knows_all_green_threads_and_their_frames(hub, spawn, settle):
    def somewhere():
        eventlet.sleep(1000)

    thread = spawn(somewhere)
    settle()
    found = {candidate for candidate in gc.get_objects() if isinstance(candidate, greenlet.greenlet) and candidate}
    assert thread in found
    names = []
    frame = thread.gr_frame
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    assert "somewhere" in names


def test_a_mutex_of_a_pipe_across_threads(hub):
    """oslo.log's PipeMutex: a byte in a pipe that green threads of several OS threads wait for by `trampoline`."""
    from eventlet import debug
    from eventlet.hubs import trampoline

    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    inside, most, done = [], [], []

    def critical():
        while True:
            try:
                os.read(reading, 1)
                break
            except BlockingIOError:
                trampoline(reading, read=True)
        inside.append(1)
        most.append(len(inside))
        eventlet.sleep(0)
        inside.pop()
        os.write(writing, b"-")
        done.append(1)

    def several():
        threads = [eventlet.spawn(critical) for _ in range(3)]
        for thread in threads:
            thread.wait()
        if get_hub() is not hub:
            get_hub().abort(wait=True)

    debug.hub_prevent_multiple_readers(False)
    try:
        os_threads = [OSThread(several) for _ in range(2)]
        waiting = [eventlet.spawn(critical) for _ in range(3)]
        os.write(writing, b"-")
        for thread in waiting:
            thread.wait()
        for os_thread in os_threads:
            os_thread.join_green()
        assert most == [1] * 9
        assert len(done) == 9
    finally:
        debug.hub_prevent_multiple_readers(True)
        os.close(reading)
        os.close(writing)
