"""Timeouts, non-blocking mode, and what ends a wait early: close, kill, Timeout, another fd under the same number."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import socket
import tempfile
from decimal import Decimal
from fractions import Fraction

import pytest

from eventlet.greenio import GreenSocket
from eventlet.greenthread import sleep
from eventlet.hubs import IOClosed, get_hub, use_hub
from eventlet.hubs.hub import BaseHub
from eventlet.timeout import Timeout
from tests.helpers import fill_send_buffer, settle
from tests.helpers.sockets import connected_pair, datagram_pair, receive_all, shrink_buffers

BIG = bytes(8_000_000)


def fill(sock):
    """Make further sends wait."""
    timeout = sock.gettimeout()
    sock.setblocking(False)
    fill_send_buffer(sock)
    sock.settimeout(timeout)


WAITS = {
    "recv": lambda sock: sock.recv(1),
    "recv_into": lambda sock: sock.recv_into(bytearray(1)),
    "recvfrom": lambda sock: sock.recvfrom(1),
    "recvfrom_into": lambda sock: sock.recvfrom_into(bytearray(1)),
    "recvmsg": lambda sock: sock.recvmsg(1),
    "recvmsg_into": lambda sock: sock.recvmsg_into([bytearray(1)]),
    "send": lambda sock: sock.send(b"x"),
    "sendall": lambda sock: sock.sendall(BIG),
    "sendto": lambda sock: sock.sendmsg([b"x"]),
    "readline": lambda sock: use_file(sock, "rb", lambda file: file.readline()),
    "read": lambda sock: use_file(sock, "rb", lambda file: file.read(1), 0),
    "write": lambda sock: use_file(sock, "wb", lambda file: file.write(BIG), 0),
    "accept": lambda sock: sock.accept(),
    "sendfile": lambda sock: send_file(sock),
}


def use_file(sock, mode, use, buffering=-1):
    with sock.makefile(mode, buffering) as file:
        return use(file)


def send_file(sock):
    with tempfile.TemporaryFile() as file:
        file.write(BIG)
        file.flush()
        sock.sendfile(file)


@pytest.fixture(params=sorted(WAITS))
def waiting(request, closing):
    """(socket, what waits on it): each way to wait."""
    if request.param == "accept":
        sock = closing(GreenSocket())
        sock.bind(("127.0.0.1", 0))
        sock.listen()
    else:
        left, right = map(closing, connected_pair("socketpair"))
        sock = left
        sock.peer = right
        fill(sock)
    return sock, WAITS[request.param]


def check_usable(sock):
    """Fail unless `sock` works in both directions, and listens if it is a listener."""
    if sock.family == socket.AF_INET:
        with socket.create_connection(sock.getsockname()):
            sock.accept()[0].close()
        return
    sock.peer.settimeout(20)
    sock.settimeout(20)
    sock.shutdown(socket.SHUT_WR)
    receive_all(sock.peer)
    sock.peer.send(b"still")
    assert sock.recv(5) == b"still"


# ---- timeouts


def test_a_timeout_ends_every_wait_and_harms_nothing(autojump_hub, waiting):
    sock, wait = waiting
    sock.settimeout(3)
    with pytest.raises(socket.timeout, match="timed out") as caught:
        wait(sock)
    assert isinstance(caught.value, OSError)
    assert autojump_hub.clock() == 3
    check_usable(sock)


def test_a_nonblocking_socket_raises_at_once(autojump_hub, waiting):
    sock, wait = waiting
    sock.setblocking(False)
    try:
        result = wait(sock)
    except BlockingIOError:
        pass
    except ValueError as error:
        assert "non-blocking" in str(error)  # sendfile()
    else:
        assert result in (None, b"")  # files
    assert autojump_hub.clock() == 0
    check_usable(sock)


def test_the_timeout_of_sendall_is_one_budget(autojump_hub, green_pair, spawn):
    left, right = green_pair
    shrink_buffers(left, right)
    left.settimeout(5)

    def read_slowly():
        while True:
            sleep(1)
            right.recv(1000)

    spawn(read_slowly)
    with pytest.raises(socket.timeout):
        left.sendall(BIG)
    assert autojump_hub.clock() == 5


def test_the_timeout_of_sendfile_is_one_budget(autojump_hub, green_pair, spawn):
    left, right = green_pair
    shrink_buffers(left, right)
    left.settimeout(5)

    def read_slowly():
        while True:
            sleep(1)
            right.recv(1000)

    spawn(read_slowly)
    with pytest.raises(socket.timeout):
        send_file(left)
    assert autojump_hub.clock() == 5


def test_each_recv_has_a_budget_of_its_own(autojump_hub, green_pair, spawn):
    left, right = green_pair
    left.settimeout(5)

    def write_slowly():
        for _ in range(4):
            sleep(4)
            right.send(b"x")

    spawn(write_slowly)
    for i in range(4):
        assert left.recv(10) == b"x"
        assert autojump_hub.clock() == 4 * (i + 1)
    with pytest.raises(socket.timeout):
        left.recv(10)
    assert autojump_hub.clock() == 21


def test_reader_and_writer_have_a_deadline_each(autojump_hub, green_pair, spawn):
    left, _ = green_pair
    fill(left)
    ends = []

    def wait(seconds, call):
        left.settimeout(seconds)
        try:
            call()
        except socket.timeout:
            ends.append((seconds, autojump_hub.clock()))

    for seconds, call in ((7, lambda: left.recv(1)), (3, lambda: left.send(b"x"))):
        spawn(wait, seconds, call)
        settle()
    sleep(8)
    wait(2, lambda: left.recv(1))
    wait(4, lambda: left.send(b"x"))
    assert ends == [(3, 3), (7, 7), (2, 10), (4, 14)]


def test_a_new_timeout_is_for_later_calls(autojump_hub, green_pair, spawn):
    left, right = green_pair
    left.settimeout(5)
    reader = spawn(left.recv, 1)
    settle()
    left.settimeout(None)
    with pytest.raises(socket.timeout):
        reader.wait()
    assert autojump_hub.clock() == 5


def test_timeouts_are_kept_as_in_the_stdlib(hub, closing):
    for sock in (closing(GreenSocket()), closing(socket.socket())):
        for value in (0, 0.0, 1, 2.5, True, None):
            sock.settimeout(value)
            expected = None if value is None else float(value)
            assert sock.gettimeout() == sock.timeout == expected
            assert type(sock.gettimeout()) is type(expected)
            assert sock.getblocking() is (expected != 0.0)
        sock.setblocking(False)
        assert (sock.gettimeout(), sock.getblocking()) == (0.0, False)
        sock.setblocking(True)
        assert (sock.gettimeout(), sock.getblocking()) == (None, True)


def test_timeouts_may_be_any_number_and_the_stdlibs_default(hub, closing):
    sock = closing(GreenSocket())
    for value in (Decimal("1.5"), Fraction(3, 2)):
        sock.settimeout(value)
        assert sock.gettimeout() == 1.5
    sock.settimeout(socket._GLOBAL_DEFAULT_TIMEOUT)  # as upstream: code passes its default on
    assert sock.gettimeout() is None


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("5", TypeError), (b"5", TypeError), ([], TypeError), (object(), TypeError), (1j, TypeError),
        (-1, ValueError), (-0.001, ValueError), (float("nan"), ValueError), (float("-inf"), ValueError),
    ],
)  # fmt: skip
def test_bad_timeouts_are_errors_and_change_nothing(hub, closing, value, error):
    sock = closing(GreenSocket())
    sock.settimeout(7)
    with pytest.raises(error):
        sock.settimeout(value)
    assert sock.gettimeout() == 7
    with pytest.raises(AttributeError):
        sock.timeout = 3


def test_the_os_socket_stays_nonblocking(hub, closing):
    sock = closing(GreenSocket())
    for change in (lambda: sock.settimeout(5), lambda: sock.setblocking(True), lambda: sock.settimeout(None)):
        change()
        assert not os.get_blocking(sock.fileno())


def test_datagrams_time_out_too(autojump_hub, closing):
    left, right = map(closing, datagram_pair())
    left.settimeout(3)
    for call in (lambda: left.recvfrom(10), lambda: left.recv(10), lambda: left.recv_into(bytearray(1))):
        with pytest.raises(socket.timeout):
            call()
    assert autojump_hub.clock() == 9
    right.sendto(b"x", left.getsockname())
    assert left.recv(10) == b"x"


# ---- thrown out


@pytest.mark.parametrize("how", ["kill", "Timeout", "error"])
def test_whoever_is_thrown_out_leaves_nothing(autojump_hub, waiting, spawn, how):
    sock, wait = waiting

    def outer():
        if how == "Timeout":
            with pytest.raises(Timeout), Timeout(3):
                wait(sock)
        else:
            wait(sock)

    waiter = spawn(outer)
    settle()
    assert not waiter.dead
    assert autojump_hub.get_readers() + autojump_hub.get_writers()
    if how == "kill":
        waiter.kill()
    elif how == "error":
        waiter.kill(KeyError, "out")
        with pytest.raises(KeyError):
            waiter.wait()
    else:
        waiter.wait()
    assert autojump_hub.get_readers() == autojump_hub.get_writers() == []
    check_usable(sock)


def test_a_killed_reader_takes_no_byte_with_it(hub, streams, spawn):
    left, right = streams
    for _ in range(3):
        reader = spawn(left.recv, 10)
        settle()
        right.send(b"data")
        reader.kill()
        assert left.recv(10) == b"data"


# ---- closed meanwhile


def test_close_wakes_whoever_waits(hub, waiting, spawn):
    sock, wait = waiting
    waiter = spawn(wait, sock)
    settle()
    sock._real_close()  # a file made of it would keep it open
    with pytest.raises(IOClosed) as caught:
        waiter.wait()
    assert caught.value.errno == errno.EBADF
    assert isinstance(caught.value, OSError)


def test_close_wakes_reader_and_writer(hub, green_pair, spawn):
    left, _ = green_pair
    fill(left)
    waiters = [spawn(left.recv, 1), spawn(left.send, b"x")]
    settle()
    left.close()
    for waiter in waiters:
        with pytest.raises(IOClosed):
            waiter.wait()


def test_detach_wakes_the_reader(hub, green_pair, spawn):
    left, right = green_pair
    reader = spawn(left.recv, 1)
    settle()
    fd = left.detach()
    with pytest.raises(IOClosed):
        reader.wait()
    os.close(fd)


def test_close_and_data_at_once(hub, streams, spawn):
    left, right = streams
    reader = spawn(left.recv, 1)
    settle()
    right.send(b"x")
    left.close()
    with pytest.raises(IOClosed):
        reader.wait()


def test_close_and_kill_at_once(hub, streams, spawn):
    left, right = streams
    reader = spawn(left.recv, 1)
    settle()
    left.close()
    reader.kill()
    settle()
    assert reader.dead


def test_the_number_of_a_closed_socket_is_free_for_the_next(hub, spawn):
    for _ in range(20):
        left, right = connected_pair("socketpair")
        with left, right:
            reader = spawn(left.recv, 10)
            settle()
            fd = left.fileno()
            left.close()
            twin, other = socket.socketpair()
            with GreenSocket(twin) as twin, other:
                assert fd in (twin.fileno(), other.fileno())
                other.send(b"new")
                assert twin.recv(10) == b"new"
            with pytest.raises(IOClosed):
                reader.wait()


# ---- several


def test_a_second_reader_is_an_error_that_names_both(hub, streams, spawn):
    left, right = streams
    first = spawn(left.recv, 10)
    settle()
    second = spawn(left.recv, 10)
    with pytest.raises(RuntimeError, match="second simultaneous read") as caught:
        second.wait()
    message = str(caught.value)
    assert repr(first) in message
    assert f"fd {left.fileno()}" in message
    assert message.count("GreenThread") == 2
    right.send(b"x")
    assert first.wait() == b"x"


def test_a_second_writer_is_an_error(hub, green_pair, spawn):
    left, right = green_pair
    fill(left)
    first = spawn(left.send, b"x")
    settle()
    with pytest.raises(RuntimeError, match="second simultaneous write"):
        left.send(b"y")
    first.kill()


def test_several_acceptors_when_that_is_allowed(hub, listener, spawn, monkeypatch):
    monkeypatch.setattr(BaseHub, "prevent_multiple_readers", False)
    acceptors = [spawn(listener.accept) for _ in range(5)]
    settle()
    clients = [socket.create_connection(listener.getsockname()) for _ in range(5)]
    peers = [acceptor.wait() for acceptor in acceptors]
    assert {address for _, address in peers} == {client.getsockname() for client in clients}
    for sock in clients + [connection for connection, _ in peers]:
        sock.close()


def test_several_readers_with_timeouts_when_that_is_allowed(autojump_hub, green_pair, spawn, monkeypatch):
    monkeypatch.setattr(BaseHub, "prevent_multiple_readers", False)
    left, right = green_pair
    left.settimeout(3)
    readers = [spawn(left.recv, 1) for _ in range(3)]
    settle()
    right.send(b"x")
    outcomes = []
    for reader in readers:
        try:
            outcomes.append(reader.wait())
        except socket.timeout:
            outcomes.append("late")
    assert sorted(map(str, outcomes)) == ["b'x'", "late", "late"]


# ---- from one hub to the next


def next_hub(hub):
    use_hub(type(hub))
    assert get_hub() is not hub
    return get_hub()


@pytest.fixture
def hubs_of_the_test(hub):
    """The kind of hub to use; whatever hub is current in the end is closed."""
    yield hub
    last = get_hub()
    if last is not hub:
        if last.running:
            last.abort(wait=True)
        last.close()


def test_a_socket_outlives_its_hub(hubs_of_the_test, green_pair):
    hub = hubs_of_the_test
    left, right = green_pair
    left.settimeout(20)
    hub.call_later(0.001, lambda: right.send(b"one"))
    assert left.recv(10) == b"one"
    second = next_hub(hub)
    second.call_later(0.001, lambda: right.send(b"two"))
    assert left.recv(10) == b"two"
    right.send(b"three")
    next_hub(second)
    assert left.recv(10) == b"three"


def test_timeouts_work_after_a_change_of_hubs(hubs_of_the_test, green_pair):
    hub = hubs_of_the_test
    left, right = green_pair
    for seconds in (0.02, 0.2, 2, 20):  # longer where the machine is busy
        hub.call_soon(lambda: right.send(b"one"))
        left.settimeout(seconds)
        try:
            assert left.recv(10) == b"one"  # and leaves a timer in the old hub
            break
        except socket.timeout:
            left.settimeout(20)
            assert left.recv(10) == b"one"
    next_hub(hub)
    left.settimeout(seconds + 0.01)
    with pytest.raises(socket.timeout):
        left.recv(10)


def test_whoever_was_parked_in_the_old_hub_is_not_in_the_way(hubs_of_the_test, green_pair, spawn):
    hub = hubs_of_the_test
    left, right = green_pair
    left.settimeout(20)
    lost = spawn(left.recv, 10)
    settle()
    second = next_hub(hub)
    second.call_later(0.001, lambda: right.send(b"data"))
    assert left.recv(10) == b"data"
    assert not lost.dead


# ---- select's limit


@pytest.fixture
def high_fd(closing):
    """(a green socket whose number is past 1024, its peer, which is not)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1200:
        pytest.skip(f"the hard limit of open files is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    left, right = map(closing, connected_pair("socketpair"))
    yield closing(GreenSocket(fileno=fcntl.fcntl(left.fileno(), fcntl.F_DUPFD_CLOEXEC, 1100))), right
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_number_past_selects_limit_is_an_error_at_the_call(hub, high_fd):
    high, right = high_fd
    if hub.name != "selects":
        hub.call_later(0.001, lambda: right.send(b"x"))
        assert high.recv(1) == b"x"
        return
    for _ in range(2):
        with pytest.raises(ValueError, match=f"fd {high.fileno()} is more than select"):
            high.recv(1)
        with pytest.raises(ValueError, match="another hub"):
            high.sendall(BIG)
    assert hub.get_readers() == hub.get_writers() == []
    right.send(b"x")
    assert high.recv(1) == b"x"  # what needs no waiting works
    right.settimeout(0.001)
    receive_what_was_sent(right)
    high.send(b"y")
    assert right.recv(1) == b"y"


def receive_what_was_sent(sock):
    with pytest.raises(socket.timeout):
        while sock.recv(1_000_000):
            pass
