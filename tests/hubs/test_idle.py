"""A hub that has nothing to do does nothing: it polls once per wait, and for long enough."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time

import pytest

from eventlet.event import Event
from eventlet.greenthread import sleep, spawn
from eventlet.hubs import trampoline
from tests.helpers import SOME_SECONDS, OSThread, settle


class Polls:
    """Counts the polls that a hub makes, and what they were asked to wait."""

    def __init__(self, hub, monkeypatch):
        self.seconds: list[float | None] = []
        original = hub.do_poll
        monkeypatch.setattr(hub, "do_poll", lambda seconds: (self.seconds.append(seconds), original(seconds))[1])


@pytest.fixture
def polls(hub, monkeypatch):
    settle()  # past the hub's own start
    return Polls(hub, monkeypatch)


def test_a_loop_of_short_sleeps_polls_once_per_sleep(polls):
    # Had the timeout been rounded down there would be many polls of 0 in the last millisecond of each.
    for _ in range(20):
        sleep(0.0009)
    assert len(polls.seconds) <= 22


def test_a_sleep_is_never_shorter_than_asked(hub):
    for seconds in (0.0001, 0.0009, 0.0015, 0.005):
        began = hub.clock()
        sleep(seconds)
        assert hub.clock() - began >= seconds


def test_idle_connections_cause_no_polls(polls):
    pairs = [socket.socketpair() for _ in range(50)]
    waiters = [spawn(trampoline, left, read=True) for left, _ in pairs]
    settle()
    polls.seconds.clear()

    sleep(0.05)

    assert len(polls.seconds) <= 2
    for waiter in waiters:
        waiter.kill()
    for left, right in pairs:
        left.close()
        right.close()


def test_a_ready_fd_that_nobody_waits_for_any_more_causes_no_polls(polls, pair):
    left, right = pair
    waiter = spawn(trampoline, left, read=True)
    settle()
    right.send(b"x")
    waiter.wait()
    polls.seconds.clear()

    sleep(0.05)  # with the byte still unread

    assert len(polls.seconds) <= 3


def test_without_timers_the_poll_has_no_end(polls):
    event = Event()
    thread = OSThread(lambda: (time.sleep(0.02), event.send("done")))
    assert event.wait() == "done"
    assert polls.seconds.count(None) <= 2
    thread.join()


def test_something_ready_means_polling_without_waiting(polls):
    for _ in range(200):
        sleep(0)
    assert set(polls.seconds) == {0}


def test_a_long_sleep_is_cut_short_by_an_earlier_timer(hub):
    sleeper = spawn(sleep, 1000)
    began = hub.clock()
    sleep(0.01)
    assert hub.clock() - began < 20
    sleeper.kill()


@pytest.mark.every_provider
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers")
def test_a_signal_is_handled_at_once_while_the_hub_is_idle(hub):
    event = Event()
    previous = signal.signal(signal.SIGALRM, lambda *_: event.send(time.monotonic()))
    try:
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        handled = event.wait()
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert 0.02 <= handled - began < 10


@pytest.mark.every_provider
@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no pthread_kill")
def test_a_signal_that_another_thread_receives_wakes_the_hub_too(hub):
    event = Event()
    previous = signal.signal(signal.SIGUSR1, lambda *_: event.send("handled"))
    try:

        def raise_it():
            time.sleep(0.02)
            # In this thread, so that no system call of the main one is interrupted.
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

        thread = OSThread(raise_it)
        began = time.monotonic()
        assert event.wait(SOME_SECONDS) == "handled"
        # The end of the wait would let the handler run, too.
        assert time.monotonic() - began < SOME_SECONDS / 2
        thread.join()
    finally:
        signal.signal(signal.SIGUSR1, previous)


@pytest.mark.every_provider
@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no SIGUSR1")
def test_a_signal_handler_may_use_what_green_threads_use(hub):
    from eventlet.queue import Queue
    from eventlet.semaphore import Semaphore

    queue, semaphore = Queue(), Semaphore(0)

    def handler(*_):
        queue.put("item")
        semaphore.release()
        spawn(queue.put, "from a green thread")

    previous = signal.signal(signal.SIGUSR1, handler)
    try:
        thread = OSThread(lambda: (time.sleep(0.02), os.kill(os.getpid(), signal.SIGUSR1)))
        assert queue.get() == "item"
        assert semaphore.acquire()
        assert queue.get() == "from a green thread"
        thread.join()
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_the_programs_own_wakeup_fd_is_left_alone(backend):
    from eventlet.hubs import _current, get_hub, use_hub

    left, right = socket.socketpair()
    with left, right:
        left.setblocking(False)
        previous = signal.set_wakeup_fd(left.fileno())
        try:
            use_hub(backend)
            sleep(0)
            get_hub().close()
            _current.thread.__dict__.clear()
            assert signal.set_wakeup_fd(previous) == left.fileno()
        finally:
            signal.set_wakeup_fd(previous)


def test_closing_a_hub_gives_the_wakeup_fd_back(backend):
    from eventlet.hubs import _current, get_hub, use_hub

    use_hub(backend)
    sleep(0)
    get_hub().close()
    _current.thread.__dict__.clear()
    assert signal.set_wakeup_fd(-1) == -1
