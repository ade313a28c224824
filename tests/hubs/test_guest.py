"""A hub that is driven from outside: `run_once`, `fileno`, `deadline`; on each backend that can be."""

from __future__ import annotations

import math
import os
import select
import socket

import pytest
from greenlet import greenlet

import eventlet
from eventlet.event import Event
from eventlet.greenthread import kill, sleep, spawn
from eventlet.hubs import HubError, trampoline
from eventlet.hubs.hub import BaseHub
from tests.helpers import SOME_SECONDS, OSThread
from tests.test_fork import in_child


@pytest.fixture
def guest(hub):
    if hub.name.startswith("asyncio"):
        pytest.skip("its loop drives it")
    return hub


@pytest.fixture
def pollable(guest):
    try:
        guest.fileno()
    except HubError:
        pytest.skip(f"the {guest.name} hub has no fileno")
    return guest


def drive(hub, condition):
    """Be a host: drive the hub until the condition holds."""
    deadline = hub.clock() + SOME_SECONDS
    while not condition():
        assert hub.clock() < deadline
        hub.run_once(0.1)


def test_a_turn_runs_what_is_ready_and_returns(guest):
    calls = []
    spawn(calls.append, 1)
    guest.run_once()
    assert calls == [1]
    guest.run_once()
    guest.run_once(0.001)
    assert calls == [1]


def test_green_threads_do_io_and_sleep_while_a_host_drives(guest, pair):
    left, right = pair

    def work():
        trampoline(left, read=True)
        sleep(0.001)
        return left.recv(9)

    thread = spawn(work)
    guest.run_once()
    assert not thread.dead
    right.send(b"x")
    drive(guest, lambda: thread.dead)
    assert thread.wait() == b"x"


def test_one_waits_no_longer_than_the_next_timer_or_what_is_ready(guest):
    thread = spawn(sleep, 0.001)
    guest.run_once()
    drive(guest, lambda: thread.dead)  # else it would wait for None
    spawn(sleep)
    guest.run_once(None)
    guest.call_later(0.001, lambda: None)
    guest.run_once(None)


def test_another_thread_wakes_the_wait(guest):
    event = Event()
    thread = spawn(event.wait)
    guest.run_once()
    other = OSThread(event.send, "sent")
    while not thread.dead:
        guest.run_once(None)
    other.join()
    assert thread.wait() == "sent"


@pytest.mark.parametrize(
    ("timeout", "error"), [(-1, ValueError), (math.nan, ValueError), ("1", TypeError), ([], TypeError)]
)
def test_a_wrong_timeout_is_refused(guest, timeout, error):
    with pytest.raises(error, match="timeout"):
        guest.run_once(timeout)


def test_the_hub_cannot_drive_itself(guest, reported):
    guest.call_soon(guest.run_once)
    guest.run_once()
    guest.run_once()
    assert [type(error) for error in reported] == [RuntimeError]


def test_an_asyncio_hub_is_driven_by_its_loop(hub):
    if not hub.name.startswith("asyncio"):
        pytest.skip("another hub")
    with pytest.raises(RuntimeError, match="driven by its asyncio loop"):
        hub.run_once()


def test_a_green_thread_drives_the_hub_as_modal_dialogs_do(guest):
    """Its loop is within a green thread, within the host's turn."""
    order = []
    closed = Event()

    def dialog():
        order.append("opened")
        while not closed.ready():
            guest.run_once(0.1)
        order.append("closed")
        sleep(0.001)
        order.append("end")

    thread = spawn(dialog)
    guest.call_later(0.002, closed.send)
    drive(guest, lambda: thread.dead)
    assert order == ["opened", "closed", "end"]


def test_any_greenlet_may_be_the_host(guest):
    calls = []
    host = greenlet(lambda: [guest.run_once() for _ in range(3)])
    spawn(calls.append, 1)
    host.switch()
    assert host.dead
    assert calls == [1]


def test_between_two_calls_the_host_may_wait_itself(guest):
    guest.run_once()
    assert spawn(lambda: sleep(0.001) or 5).wait() == 5
    victim = spawn(Event().wait)
    guest.run_once()
    kill(victim)
    assert victim.dead
    guest.run_once()


def test_what_interrupts_a_turn_leaves_the_hub_usable(guest):
    def interrupt():
        raise KeyboardInterrupt

    guest.call_soon(interrupt)
    with pytest.raises(KeyboardInterrupt):
        guest.run_once()
    guest.run_once()
    thread = spawn(lambda: 5)
    drive(guest, lambda: thread.dead)
    assert thread.wait() == 5


def test_the_deadline_tells_when_there_is_something_to_do(guest):
    assert guest.deadline() is None
    guest.run_once()
    assert guest.deadline() is None
    timer = guest.call_later(1000, lambda: None)
    assert guest.deadline() == pytest.approx(guest.clock() + 1000, abs=SOME_SECONDS)
    thread = spawn(lambda: None)
    assert guest.deadline() <= guest.clock()
    guest.cancel(timer)
    thread.kill()
    guest.run_once()
    assert guest.deadline() is None


def test_the_fileno_is_readable_when_there_are_events(pollable, pair):
    left, right = pair
    thread = spawn(trampoline, left, read=True)
    pollable.run_once()
    pollable.run_once()
    assert select.select([pollable.fileno()], [], [], 0)[0] == []
    right.send(b"x")
    assert select.select([pollable.fileno()], [], [], SOME_SECONDS)[0]
    drive(pollable, lambda: thread.dead)
    pollable.run_once()
    assert select.select([pollable.fileno()], [], [], 0)[0] == []


def test_the_fileno_is_readable_when_the_host_has_scheduled_something(pollable):
    pollable.run_once()
    for schedule in (
        lambda: spawn(lambda: None),
        lambda: eventlet.GreenPool().spawn_n(lambda: None),
        lambda: pollable.call_soon(lambda: None),
        lambda: pollable.call_later(0, lambda: None),
    ):
        pollable.run_once()
        pollable.run_once()
        assert select.select([pollable.fileno()], [], [], 0)[0] == []
        schedule()
        assert select.select([pollable.fileno()], [], [], 0)[0] == [pollable.fileno()]
    pollable.run_once()
    pollable.run_once()


def test_one_is_told_when_the_fileno_means_another_file(pollable):
    if pollable.name not in ("epolls", "libuv"):
        pytest.skip("only sets of epoll are replaced")
    pollable.run_once()
    before = pollable.fileno_changes
    left, right = socket.socketpair()
    with left, right:
        fd = os.dup(left.fileno())
        thread = spawn(trampoline, fd, read=True)
        pollable.run_once()
        pollable.run_once()  # libuv tells the kernel in the poll after that
        os.close(fd)
        right.send(b"x")
        pollable.run_once()
        pollable.notify_close(fd)
        drive(pollable, lambda: thread.dead)
        drive(pollable, lambda: pollable.fileno_changes > before)  # epoll goes on to report the file
    assert pollable.fileno_changes > before


def test_a_host_need_not_wait_for_more_than_fileno_and_deadline(pollable):
    # A hub may put off telling the kernel of what green threads begin to wait for at the end of a turn, if it says so.
    peers = []

    def read_from_new_sockets():
        for _ in range(20):
            left, right = socket.socketpair()
            with left, right:
                peers.append(right)
                trampoline(left, read=True)

    thread = spawn(read_from_new_sockets)
    rounds = 0
    while not thread.dead:
        deadline = pollable.deadline()
        seconds = SOME_SECONDS if deadline is None else max(0.0, deadline - pollable.clock())
        readable = select.select([pollable.fileno()], [], [], seconds)[0]
        assert readable or deadline is not None, f"nothing happens after {rounds} rounds"
        pollable.run_once(0)
        if peers:
            peers.pop().send(b"x")
            rounds += 1
    assert rounds == 20


def test_hubs_without_a_fileno_say_what_is_needed(hub):
    if type(hub).fileno is not BaseHub.fileno:
        pytest.skip("this hub has one")
    with pytest.raises(HubError, match="EVENTLET_HUB=epolls"):
        hub.fileno()
    with pytest.raises(HubError, match="EVENTLET_HUB=epolls"):
        eventlet.hubs.embed(object())


def test_in_a_forked_child_the_hub_waits_by_itself(guest):
    guest.run_once()
    spawn(in_child, lambda: sleep(0.001))
    thread = spawn(in_child, lambda: sleep(0.001))
    drive(guest, lambda: thread.dead)
