"""What every hub does with fds, callbacks, errors and other threads' calls; on each backend."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import threading
import time

import pytest
from greenlet import getcurrent

from eventlet import hubs
from eventlet.event import Event
from eventlet.greenthread import kill, sleep, spawn
from eventlet.hubs import IOClosed, _waker, trampoline
from eventlet.hubs._current import find_hub_class
from eventlet.hubs.hub import BaseHub
from eventlet.testing import hub_contract
from eventlet.timeout import Timeout
from tests.helpers import OSThread, fill_send_buffer, one_turn, settle

#: Hubs that can be had in several ways are checked in each; `backend` is the first of them.
WAYS = ["libuv:c", "libuv:ctypes", "libev:c", "libev:ctypes", "libev:poll", "libev:select", "libev:ctypes:poll"]


@pytest.mark.parametrize("check", hub_contract.CHECKS)
def test_what_a_backend_owes_to_the_hub(backend, check):
    check(backend.Hub)


@pytest.mark.parametrize("check", hub_contract.CHECKS)
@pytest.mark.parametrize("way", WAYS)
def test_what_each_provider_owes_to_the_hub(way, check):
    try:
        hub_class = find_hub_class(way)
    except hubs.HubError as error:
        pytest.skip(str(error))
    check(hub_class)


@pytest.fixture
def many_readers(monkeypatch):
    monkeypatch.setattr(BaseHub, "prevent_multiple_readers", False)


# ---- trampoline


def test_trampoline_returns_when_there_is_something_to_read(hub, pair):
    left, right = pair
    spawn(right.send, b"x")
    trampoline(left, read=True)
    assert left.recv(9) == b"x"


def test_trampoline_takes_numbers_and_objects(hub, pair):
    left, right = pair
    right.send(b"x")
    trampoline(left.fileno(), read=True)
    trampoline(left, read=True)


def test_trampoline_returns_when_there_is_room_to_write(hub, pair):
    left, right = pair
    fill_send_buffer(left)
    writer = spawn(trampoline, left, write=True)
    settle()
    assert not writer.dead
    while True:
        try:
            right.recv(65536)
        except BlockingIOError:
            break
    writer.wait()


def test_what_is_ready_already_is_seen_every_time(hub, pair):
    left, right = pair
    right.send(b"xyz")
    for _ in range(3):
        trampoline(left, read=True)
        left.recv(1)
        trampoline(left, write=True)


def test_a_hang_up_makes_readable_and_writable(hub, pair):
    left, right = pair
    reader = spawn(trampoline, left, read=True)
    settle()
    right.close()
    reader.wait()
    assert left.recv(9) == b""
    trampoline(left, write=True)


def test_a_reader_and_a_writer_share_an_fd(hub, pair):
    left, right = pair
    fill_send_buffer(left)
    reader = spawn(trampoline, left, read=True)
    writer = spawn(trampoline, left, write=True)
    settle()
    right.send(b"x")
    reader.wait()
    assert not writer.dead
    while True:
        try:
            right.recv(65536)
        except BlockingIOError:
            break
    writer.wait()


def test_a_timeout_raises_timeout(autojump_hub, pair):
    with pytest.raises(Timeout):
        trampoline(pair[0], read=True, timeout=3)
    assert autojump_hub.clock() == 3


@pytest.mark.parametrize("exception", [KeyError, KeyError("late"), socket.timeout])
def test_a_timeout_raises_what_is_asked_for(autojump_hub, pair, exception):
    with pytest.raises(exception if isinstance(exception, type) else KeyError):
        trampoline(pair[0], read=True, timeout=3, timeout_exc=exception)


@pytest.mark.parametrize(("read", "write"), [(None, None), (True, True), (False, False)])
def test_trampoline_wants_one_direction(hub, pair, read, write):
    with pytest.raises((AssertionError, RuntimeError)):
        trampoline(pair[0], read=read, write=write)


@pytest.mark.parametrize(("timeout", "error"), [("1", TypeError), (float("nan"), ValueError)])
def test_trampoline_refuses_a_wrong_timeout_at_the_call(hub, pair, timeout, error):
    with pytest.raises(error, match="timeout"):
        trampoline(pair[0], read=True, timeout=timeout)


def test_trampoline_in_the_hub_is_an_error(hub, pair, reported):
    hub.call_soon(lambda: trampoline(pair[0], read=True))
    settle()
    assert [type(error) for error in reported] == [RuntimeError]
    assert "hub's own greenlet" in str(reported[0])


def test_waiting_for_a_closed_fd_is_an_error_at_the_call(hub):
    left, right = socket.socketpair()
    fd = left.fileno()
    left.close()
    right.close()
    for direction in ("read", "write"):
        with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
            trampoline(fd, **{direction: True})
    with pytest.raises((OSError, ValueError)):
        trampoline(left, read=True)  # its fileno() is -1
    assert hub.get_readers() == hub.get_writers() == []


@pytest.mark.parametrize("throw", [KeyError, KeyError("out")])
def test_throwing_into_a_waiter_leaves_nothing_behind(hub, pair, throw):
    left, right = pair

    def wait():
        with pytest.raises(KeyError):
            trampoline(left, read=True, timeout=1000)
        return "out"

    waiter = spawn(wait)
    settle()
    waiter.kill(throw)
    assert waiter.wait() == "out"
    assert hub.get_readers() == []
    assert hub.get_timers_count() == 0
    right.send(b"x")
    trampoline(left, read=True)  # and somebody else can wait


def test_killing_a_waiter_that_is_about_to_wake(hub, pair):
    left, right = pair
    waiter = spawn(trampoline, left, read=True)
    settle()
    right.send(b"x")
    waiter.kill()
    settle()
    assert waiter.dead
    trampoline(left, read=True)


@pytest.mark.parametrize("wait", ["foreign", "owner"])
def test_a_stray_switch_does_not_end_a_wait(hub, pair, wait):
    # As it happens when another OS thread wakes somebody who was just killed or timed out.
    from eventlet.hubs._readiness import FdRecord

    left, right = pair
    record = FdRecord(left.fileno())
    if wait == "owner":
        waiter = spawn(hub.wait_readable, record, None)
    else:
        waiter = spawn(hub.wait_once, "read", left.fileno(), None)
    settle()
    hub.call_soon(waiter.switch)
    settle()
    assert not waiter.dead
    right.send(b"x")
    assert waiter.wait() is True
    hub.notify_close(left.fileno())


# ---- a second reader


def test_a_second_reader_is_an_error_that_names_both(hub, pair, spawn):
    left, right = pair
    first = spawn(trampoline, left, read=True)
    settle()

    def wait():
        with pytest.raises(RuntimeError) as caught:
            trampoline(left, read=True)
        return str(caught.value)

    second = spawn(wait)
    message = second.wait()

    assert f"second simultaneous read on fd {left.fileno()}" in message
    assert repr(first).split(" (")[0] in message  # up to where a greenlet's repr says what it is doing
    assert repr(second).split(" (")[0] in message
    assert not first.dead
    right.send(b"x")
    first.wait()


def test_a_second_writer_is_an_error(hub, pair, spawn):
    left, _ = pair
    fill_send_buffer(left)
    spawn(trampoline, left, write=True)
    settle()
    with pytest.raises(RuntimeError, match="second simultaneous write"):
        trampoline(left, write=True)


def test_a_second_listener_is_an_error(hub, pair, spawn):
    left, right = pair
    spawn(trampoline, left, read=True)
    settle()
    with pytest.raises(RuntimeError, match="second simultaneous read"):
        hub.add(hub.READ, left.fileno(), print, print, None)
    assert len(hub.get_readers()) == 1


def test_without_the_check_both_readers_wake(hub, pair, many_readers):
    left, right = pair
    readers = [spawn(trampoline, left, read=True) for _ in range(3)]
    settle()
    assert len(hub.get_readers()) == 3
    right.send(b"x")
    for reader in readers:
        reader.wait()


def test_without_the_check_one_of_many_readers_can_leave(hub, pair, many_readers):
    left, right = pair
    readers = [spawn(trampoline, left, read=True, timeout=1000) for _ in range(3)]
    settle()
    readers[1].kill()
    assert len(hub.get_readers()) == 2
    right.send(b"x")
    for reader in (readers[0], readers[2]):
        reader.wait()


def test_only_the_reader_whose_time_is_over_times_out(autojump_hub, pair, many_readers):
    from eventlet.hubs._readiness import FdRecord

    left, right = pair
    record = FdRecord(left.fileno())
    impatient = spawn(autojump_hub.wait_readable, record, 1.0)
    settle()
    patient = spawn(trampoline, left, read=True, timeout=100)
    settle()

    sleep(2)
    assert impatient.dead
    assert impatient.wait() is False
    assert not patient.dead

    right.send(b"x")
    patient.wait()
    autojump_hub.notify_close(left.fileno())


# ---- listeners


def test_a_listener_is_called_each_time_until_removed(hub, pair):
    left, right = pair
    calls = []
    listener = hub.add(hub.READ, left.fileno(), lambda fd: calls.append((fd, left.recv(1))), pytest.fail, None)
    assert hub.get_readers() == [listener]
    assert hub.get_writers() == []

    right.send(b"ab")
    settle()
    sleep(0)
    assert calls == [(left.fileno(), b"a"), (left.fileno(), b"b")]

    hub.remove(listener)
    hub.remove(listener)
    right.send(b"c")
    settle()
    assert len(calls) == 2
    assert hub.get_readers() == []


def test_upstreams_name_for_the_last_argument(hub, pair):
    name = "mac" if hub.name in ("epolls", "poll", "kqueue") else "mark_as_closed"
    calls = []
    hub.add(hub.READ, pair[0].fileno(), pytest.fail, lambda error: None, **{name: lambda: calls.append("marked")})
    hub.notify_close(pair[0].fileno())
    settle()
    assert calls == ["marked"]


def test_a_listener_that_reads_nothing_is_called_again(hub, pair):
    left, right = pair
    calls = []
    listener = hub.add(hub.READ, left.fileno(), calls.append, pytest.fail, None)
    right.send(b"x")
    for _ in range(5):
        one_turn()
    hub.remove(listener)
    assert len(calls) >= 3


def test_a_listener_may_remove_itself(hub, pair):
    left, right = pair
    calls = []

    def once(fd):
        calls.append(fd)
        hub.remove(listener)

    listener = hub.add(hub.READ, left.fileno(), once, pytest.fail, None)
    right.send(b"x")
    settle()
    assert calls == [left.fileno()]


def test_a_listener_that_fails_is_reported_and_the_hub_goes_on(hub, pair, reported):
    left, right = pair

    def fail(fd):
        left.recv(1)
        raise KeyError(fd)

    listener = hub.add(hub.READ, left.fileno(), fail, pytest.fail, None)
    right.send(b"x")
    settle()
    assert [type(error) for error in reported] == [KeyError]
    hub.remove(listener)


def test_write_listeners(hub, pair):
    calls = []
    listener = hub.add(hub.WRITE, pair[0].fileno(), calls.append, pytest.fail, None)
    assert hub.get_writers() == [listener]
    settle()
    hub.remove(listener)
    assert calls


def test_a_wrong_event_type_is_refused(hub, pair):
    with pytest.raises(ValueError, match="'read' or 'write'"):
        hub.add("both", pair[0].fileno(), print, print, None)


def test_a_closed_fd_is_refused_and_nothing_stays(hub, pair):
    fd = os.dup(pair[0].fileno())
    os.close(fd)
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        hub.add(hub.READ, fd, print, print, None)
    assert hub.get_readers() == []


def test_debug_listeners_know_where_they_were_made(hub, pair):
    hub.set_debug_listeners(True)
    listener = hub.add(hub.READ, pair[0].fileno(), print, print, None)
    assert "test_debug_listeners_know_where_they_were_made" in repr(listener)
    hub.remove(listener)
    hub.set_debug_listeners(False)


def test_one_can_see_who_waits(hub, pair, spawn):
    left, right = pair
    fill_send_buffer(left)
    reader, writer = spawn(trampoline, left, read=True), spawn(trampoline, left, write=True)
    settle()
    assert [listener.greenlet for listener in hub.get_readers()] == [reader]
    assert [listener.greenlet for listener in hub.get_writers()] == [writer]
    assert "running" in repr(hub)


def test_an_fd_over_selects_limit_is_an_error_at_the_call(hub, pair):
    resource = pytest.importorskip("resource")
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 1200:
        pytest.skip("the soft limit on fds is too low")
    import fcntl

    left, right = pair
    high = fcntl.fcntl(left.fileno(), fcntl.F_DUPFD, 1100)
    try:
        right.send(b"x")
        if hub.name == "selects":
            with pytest.raises(ValueError, match=f"fd {high} is more than select"):
                trampoline(high, read=True)
            assert hub.get_readers() == []
        else:
            trampoline(high, read=True)
        trampoline(left, read=True)  # unharmed
    finally:
        os.close(high)


def test_waiting_on_a_regular_file_returns_at_once(hub, tmp_path):
    with open(tmp_path / "file", "w+b") as file:
        for _ in range(3):
            trampoline(file, read=True, timeout=20)
            trampoline(file, write=True, timeout=20)


# ---- closing, and numbers used again


def closed_waiter(fd, calls):
    def wait():
        try:
            trampoline(fd, read=True, mark_as_closed=lambda: calls.append("marked"))
        except IOClosed as error:
            assert error.errno == errno.EBADF
            calls.append("closed")
        else:
            calls.append("ready")

    return spawn(wait)


def test_notify_close_raises_in_the_waiters(hub, pair):
    left, right = pair
    fill_send_buffer(left)
    calls = []
    reader = closed_waiter(left.fileno(), calls)
    writer = spawn(trampoline, left, write=True)
    settle()
    hubs.notify_close(left.fileno())
    reader.wait()
    with pytest.raises(IOClosed):
        writer.wait()
    assert calls == ["marked", "closed"]


def test_notify_close_tells_a_listener(hub, pair):
    calls = []
    hub.add(hub.READ, pair[0].fileno(), pytest.fail, calls.append, lambda: calls.append("marked"))
    hubs.notify_close(pair[0].fileno())
    settle()
    assert calls[0] == "marked"
    assert isinstance(calls[1], IOClosed)
    assert hub.get_readers() == []


def test_notify_opened_raises_in_who_waits_on_the_older_file(hub, pair):
    calls = []
    waiter = closed_waiter(pair[0].fileno(), calls)
    settle()
    hubs.notify_opened(pair[0].fileno())
    waiter.wait()
    assert calls == ["marked", "closed"]


def test_notifications_without_waiters_are_harmless(hub, pair):
    hubs.notify_close(pair[0].fileno())
    hubs.notify_opened(pair[0].fileno())
    hub.remove_descriptor(pair[0].fileno())


def test_remove_descriptor_drops_the_waiters_without_a_word(hub, pair):
    listener = hub.add(hub.READ, pair[0].fileno(), pytest.fail, pytest.fail, pytest.fail)
    hub.remove_descriptor(pair[0].fileno())
    pair[1].send(b"x")
    settle()
    assert hub.get_readers() == []
    hub.remove(listener)


def replace_by_pipe(fd):
    """Make `fd` the read end of a new pipe; return the write end."""
    os.close(fd)
    read_end, write_end = os.pipe()
    if write_end == fd:
        write_end = os.dup(write_end)
    if read_end != fd:
        os.dup2(read_end, fd)
        os.close(read_end)
    return write_end


@pytest.mark.every_provider
def test_a_number_used_again_never_wakes_the_old_waiter(hub, pair):
    left, right = pair
    old, calls = os.dup(left.fileno()), []
    old_waiter = closed_waiter(old, calls)
    settle()
    ours = replace_by_pipe(old)  # behind the hub's back
    try:
        new_waiter = spawn(trampoline, old, read=True)  # is no second reader
        settle()
        assert calls == ["marked", "closed"]
        assert not new_waiter.dead
        right.send(b"x")  # for the old file
        settle()
        assert not new_waiter.dead
        os.write(ours, b"x")
        new_waiter.wait()
        old_waiter.wait()
    finally:
        os.close(old)
        os.close(ours)


@pytest.mark.every_provider
def test_a_number_used_again_by_nobody_green_does_not_wake_the_old_waiter(hub, pair):
    left, right = pair
    old, calls = os.dup(left.fileno()), []
    old_waiter = closed_waiter(old, calls)
    settle()
    ours = replace_by_pipe(old)
    try:
        os.write(ours, b"not for the old waiter")
        settle()
        assert "ready" not in calls
    finally:
        hubs.notify_close(old)
        old_waiter.wait()
        os.close(old)
        os.close(ours)


@pytest.mark.every_provider
def test_a_file_that_lives_on_under_another_number_does_not_keep_the_hub_busy(hub, pair, monkeypatch):
    left, right = pair
    fd = os.dup(left.fileno())
    waiter = closed_waiter(fd, [])
    settle()
    os.close(fd)
    right.send(b"x")  # epoll reports it, under the old number, for as long as `left` is open
    sleep(0.001)
    hubs.notify_close(fd)
    waiter.wait()
    settle()
    polls = []
    original = hub.do_poll
    monkeypatch.setattr(hub, "do_poll", lambda seconds: (polls.append(seconds), original(seconds))[1])
    sleep(0.02)
    assert len(polls) <= 3
    trampoline(left, read=True)


@pytest.mark.every_provider
def test_an_fd_closed_behind_the_hubs_back_does_no_harm(hub, pair):
    left, right = pair
    fd = os.dup(left.fileno())
    waiter = spawn(trampoline, fd, read=True)
    settle()
    os.close(fd)
    right.send(b"x")
    trampoline(left, read=True)  # the hub goes on, whatever it polls
    settle()
    hubs.notify_close(fd)
    with contextlib.suppress(IOClosed):
        waiter.wait()
    assert hub.get_readers() == []


@pytest.mark.every_provider
def test_closing_while_events_are_handed_out(hub):
    # Both are ready in the same turn; the first to run closes and replaces the other's file.
    one, other = socket.socketpair(), socket.socketpair()
    calls = []

    def reader(me, them):
        try:
            trampoline(me, read=True)
        except IOClosed:
            calls.append("closed")
            return
        calls.append("ready")
        if len(calls) == 1:
            fd = them.fileno()
            hubs.notify_close(fd)
            them.close()

    threads = [spawn(reader, one[0], other[0]), spawn(reader, other[0], one[0])]
    settle()
    one[1].send(b"x")
    other[1].send(b"x")
    for thread in threads:
        thread.wait()
    assert calls == ["ready", "closed"]
    for sock in (*one, *other):
        sock.close()


# ---- the owner of a record waits


@pytest.fixture
def record(hub, pair):
    from eventlet.hubs._readiness import FdRecord

    record = FdRecord(pair[0].fileno())
    yield record
    hub.notify_close(record.fd)


def test_the_owner_waits(hub, pair, record):
    left, right = pair
    for _ in range(3):
        reader = spawn(hub.wait_readable, record, None)
        settle()
        assert not reader.dead
        right.send(b"x")
        assert reader.wait() is True
        left.recv(9)
    fill_send_buffer(left)
    writer = spawn(hub.wait_writable, record, None)
    settle()
    while not writer.dead:
        right.recv(65536)
        settle()
    assert writer.wait() is True


def test_the_owner_and_a_stranger_wait(hub, pair, record, many_readers):
    left, right = pair
    stranger = spawn(trampoline, left, read=True)
    settle()
    owner = spawn(hub.wait_readable, record, None)
    settle()
    later = spawn(trampoline, left, read=True)
    settle()
    assert len(hub.get_readers()) == 3
    right.send(b"x")
    for waiter in (stranger, owner, later):
        waiter.wait()


def test_a_stranger_sees_readiness_that_the_owner_left(hub, pair, record):
    left, right = pair
    owner = spawn(hub.wait_readable, record, None)
    settle()
    right.send(b"xx")
    owner.wait()
    left.recv(1)
    trampoline(left, read=True, timeout=20)


def test_the_owners_second_reader_is_an_error_too(hub, pair, record, spawn):
    spawn(hub.wait_readable, record, None)
    settle()
    with pytest.raises(RuntimeError, match="second simultaneous read"):
        hub.wait_readable(record, None)


def test_who_only_watches_does_not_bar_the_owner(hub, pair, record):
    # As select() does: a shared listener consumes nothing, whoever came first.
    from eventlet.hubs.listener import FdListener

    left, right = pair
    calls = []
    for first in ("watcher", "owner"):
        watcher = FdListener("read", left.fileno(), calls.append, calls.append, None, shared=True)
        if first == "watcher":
            hub.add_listener(watcher)
        owner = spawn(hub.wait_readable, record, None)
        settle()
        if first == "owner":
            hub.add_listener(watcher)
        right.send(b"x")
        assert owner.wait() is True
        settle()
        assert calls
        calls.clear()
        hub.remove(watcher)
        left.recv(9)


def test_deadlines_of_the_owner(autojump_hub, pair):
    from eventlet.hubs._readiness import FdRecord

    left, right = pair
    fill_send_buffer(left)
    record = FdRecord(left.fileno())
    times = {}

    def wait(name, method, deadline):
        assert method(record, deadline) is False
        times[name] = autojump_hub.clock()

    reader = spawn(wait, "read", autojump_hub.wait_readable, 5.0)
    writer = spawn(wait, "write", autojump_hub.wait_writable, 3.0)
    reader.wait()
    writer.wait()
    assert times == {"read": 5.0, "write": 3.0}

    # In time, then a later deadline: the timer of the first wait must not end the second.
    autojump_hub.call_later(1, lambda: right.send(b"x"))
    assert autojump_hub.wait_readable(record, 10.0) is True
    left.recv(1)
    assert autojump_hub.wait_readable(record, 20.0) is False
    assert autojump_hub.clock() == 20.0
    # An earlier one than the timer is set for.
    autojump_hub.call_later(1, lambda: right.send(b"x"))
    assert autojump_hub.wait_readable(record, 1000.0) is True
    left.recv(1)
    assert autojump_hub.wait_readable(record, 25.0) is False
    assert autojump_hub.clock() == 25.0
    autojump_hub.notify_close(left.fileno())


def test_the_owner_gets_ioclosed(hub, pair, record):
    reader = spawn(hub.wait_readable, record, None)
    settle()
    hubs.notify_close(record.fd)
    with pytest.raises(IOClosed):
        reader.wait()


def test_killing_the_owner_leaves_the_record_usable(hub, pair, record):
    left, right = pair
    reader = spawn(hub.wait_readable, record, hub.clock() + 1000)
    settle()
    reader.kill()
    right.send(b"x")
    assert hub.wait_readable(record, None) is True


# ---- the turn


def test_what_is_ready_runs_in_order(hub):
    order = []
    for number in range(5):
        hub.call_soon(lambda number=number: order.append(number))
    spawn(order.append, 5)
    settle()
    assert order == [0, 1, 2, 3, 4, 5]


def test_ready_work_starves_neither_timers_nor_io(hub, pair):
    left, right = pair
    running = True

    def busy():
        while running:
            sleep(0)

    thread = spawn(busy)
    right.send(b"x")
    trampoline(left, read=True)
    sleep(0.001)
    running = False
    thread.wait()


def test_switching_in_the_hub_is_an_error(hub, reported):
    hub.call_soon(hub.switch)
    hub.call_soon(lambda: sleep(1))
    hub.call_soon(lambda: sleep(0))
    hub.call_soon(Event().wait)
    settle()
    assert [type(error) for error in reported] == [RuntimeError] * 4


def test_hub_switch_parks_until_switched_back(hub):
    me = getcurrent()
    hub.schedule_call_global(0, me.switch, "value")
    assert hub.switch() == "value"


def test_running_it_twice_is_an_error(hub, reported):
    hub.call_soon(hub.run)
    settle()
    assert "already running" in str(reported[0])


def test_errors_in_callbacks_are_reported_and_not_fatal(hub, reported):
    done = []
    hub.call_soon(lambda: 1 / 0)
    hub.call_soon(lambda: {}["x"])
    hub.call_soon(lambda: done.append(1))
    settle()
    assert [type(error) for error in reported] == [ZeroDivisionError, KeyError]
    assert done == [1]


def test_errors_are_printed_to_stderr_unless_turned_off(hub, capfd):
    hub.call_soon(lambda: 1 / 0)
    settle()
    said = capfd.readouterr().err
    assert "Traceback" in said
    assert "ZeroDivisionError" in said
    hub.set_timer_exceptions(False)
    assert hub.debug_exceptions is False
    hub.call_soon(lambda: 1 / 0)
    settle()
    assert capfd.readouterr().err == ""


def test_upstreams_ways_to_report(hub, reported):
    error = ValueError("x")
    info = (ValueError, error, None)
    hub.squelch_generic_exception(info)
    hub.squelch_timer_exception(None, info)
    hub.squelch_exception(12345, info)
    assert reported == [error] * 3


@pytest.mark.every_provider
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("where", ["callback", "timer", "green thread", "listener", "observer"])
def test_the_end_of_the_program_reaches_the_main_greenlet(hub, pair, kind, where):
    left, right = pair

    def end(*_):
        raise kind("the end")

    cleanup = contextlib.ExitStack()
    if where == "callback":
        hub.call_soon(end)
    elif where == "timer":
        hub.schedule_call_global(0.001, end)
    elif where == "green thread":
        spawn(end)
    elif where == "observer":
        cleanup.callback(hub.remove_observer, hub.add_observer(end))
    else:
        right.send(b"x")
        cleanup.callback(hub.remove, hub.add(hub.READ, left.fileno(), end, end, None))
    with cleanup:
        with pytest.raises(kind, match="the end"):
            Event().wait(20)
    assert spawn(lambda: 5).wait() == 5  # whoever catches it can go on


@pytest.mark.every_provider
@pytest.mark.parametrize("kind", [KeyboardInterrupt, ZeroDivisionError])
def test_what_a_signal_handler_raises_reaches_the_main_greenlet(hub, kind):
    import signal

    if not hasattr(signal, "setitimer"):
        pytest.skip("no interval timers")

    def handler(*_):
        raise kind

    previous = signal.signal(signal.SIGALRM, handler)
    try:
        with pytest.raises(kind):
            signal.setitimer(signal.ITIMER_REAL, 0.01)
            sleep(20)
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert spawn(lambda: 5).wait() == 5


@pytest.mark.parametrize("step", ["watch_signals", "listener"])
def test_a_hub_that_is_interrupted_while_it_starts_can_start_again(hub, monkeypatch, step):
    def interrupted(self):
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(_waker.Waker, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        sleep(20)
    assert spawn(lambda: 5).wait() == 5
    woken = Event()
    thread = OSThread(woken.send, "from another thread")
    assert woken.wait(20) == "from another thread"
    thread.join_green()


def test_observers_are_told_once_a_turn(hub):
    seen = []
    handle = hub.add_observer(seen.append)
    one_turn()
    before = len(seen)
    one_turn()
    one_turn()
    assert len(seen) - before == 2
    assert set(seen) == {hub}
    hub.remove_observer(handle)
    hub.remove_observer(handle)
    before = len(seen)
    one_turn()
    assert len(seen) == before


def test_an_observer_that_fails_is_reported(hub, reported):
    handle = hub.add_observer(lambda hub: 1 / 0)
    settle()
    hub.remove_observer(handle)
    assert isinstance(reported[0], ZeroDivisionError)


def test_abort_stops_the_loop_and_the_next_wait_starts_it_again(hub):
    sleep(0)
    assert hub.running
    hub.abort(wait=True)
    assert not hub.running
    assert spawn(lambda: 5).wait() == 5
    assert hub.running


def test_abort_from_a_callback(hub):
    done = []
    hub.call_soon(lambda: (hub.abort(), done.append(1)))
    sleep(0.001)
    assert done == [1]
    assert spawn(lambda: 5).wait() == 5


def test_abort_and_wait_in_the_hub_is_an_error(hub, reported):
    hub.call_soon(lambda: hub.abort(wait=True))
    settle()
    assert isinstance(reported[0], RuntimeError)


def test_ensure_greenlet_replaces_a_dead_one(hub):
    sleep(0)
    hub.abort(wait=True)
    hub.ensure_greenlet()
    assert not hub.greenlet.dead


def test_a_closed_hub_is_closed(hub):
    sleep(0)
    hub.abort(wait=True)
    hub.close()
    hub.close()
    assert hub.is_closed()


def test_unschedule_takes_one_call_out(hub):
    from functools import partial

    calls = []
    hub.call_soon(calls.append)
    hub.call_soon(partial(calls.append, 1))
    hub.unschedule(calls.append)
    hub.unschedule(calls.append)
    hub.unschedule(calls.append)
    settle()
    assert calls == []


# ---- other threads


def test_other_threads_wake_an_idle_hub(hub):
    event = Event()
    main = threading.get_ident()
    seen = []

    def call():
        seen.append(threading.get_ident())
        event.send()

    for schedule in (hub.call_soon, lambda call: hub.call_later(0.001, call), lambda call: hub.call_at(0, call)):
        thread = OSThread(lambda schedule=schedule: (time.sleep(0.005), schedule(call)))
        assert event.wait(20) is None
        assert event.ready()
        event.reset()
        thread.join()
    assert seen == [main] * 3


def test_wakeup_from_another_thread_is_harmless(hub):
    thread = OSThread(lambda: [hub.wakeup() for _ in range(100_000)])  # more than a pipe holds
    sleep(0.001)
    thread.join()
    settle()


def test_calls_from_many_threads_are_all_made_once(hub):
    counts = [0] * 4

    def call(number):
        counts[number] += 1

    def schedule(number):
        for _ in range(1000):
            hub.call_soon(lambda: call(number))

    threads = [OSThread(schedule, number) for number in range(4)]
    for thread in threads:
        thread.join_green()
    settle()
    assert counts == [1000] * 4


def test_kill_from_a_callback_and_from_main(hub):
    victims = [spawn(sleep, 1000) for _ in range(2)]
    settle()
    hub.call_soon(lambda: kill(victims[0]))
    kill(victims[1])
    settle()
    assert all(victim.dead for victim in victims)
