"""The fixtures themselves: that a leak fails the test that leaks, and that virtual time takes none."""

from __future__ import annotations

import os
import socket
import time

import pytest

from eventlet.event import Event
from eventlet.greenthread import sleep, spawn
from tests import conftest


def test_virtual_time_takes_no_time(autojump_hub):
    began = time.monotonic()

    sleep(100_000)

    assert autojump_hub.clock() == 100_000
    assert time.monotonic() - began < 30


def test_a_deadlock_on_virtual_time_is_an_error(autojump_hub):
    with pytest.raises(AssertionError, match="deadlock"):
        Event().wait()
    sleep(1)  # and the hub goes on


def test_a_deadlock_with_an_endless_timer_is_one_too(autojump_hub):
    with pytest.raises(AssertionError, match="deadlock"):
        sleep(float("inf"))


def test_io_goes_before_time(autojump_hub, pair):
    left, right = pair
    from eventlet.hubs import trampoline

    spawn(left.send, b"x")
    trampoline(right, read=True, timeout=1)

    assert autojump_hub.clock() == 0


def test_timers_listeners_and_ready_entries_are_seen(hub, pair):
    timer = hub.schedule_call_global(1000, print)
    listener = hub.add(hub.READ, pair[0].fileno(), print, print, None)

    assert [line.split(":")[0] for line in conftest._left_in(hub)] == [
        "waiting on a file",
        "known file descriptor",
        "timer",
    ]

    hub.remove(listener)
    timer.cancel()
    assert conftest._left_in(hub) == []


def test_leaked_fds_are_seen():
    before = conftest.open_fds()
    if before is None:
        pytest.skip("the system does not list a process's fds")
    with socket.socket() as leaked:
        assert list(conftest._new_fds(before)) == [leaked.fileno()]
    assert conftest._new_fds(before) == {}


def test_each_hub_is_its_own(backend, hub):
    assert isinstance(hub, backend.Hub)
    wanted = conftest._backends()
    wanted += [name.partition(":")[0] for name in wanted]  # libuv:pyuv is the hub libuv
    assert not os.environ.get("EVENTLET_TEST_HUBS") or hub.name in wanted
