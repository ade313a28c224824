"""connect and connect_ex: success, every failure, timeouts, names; compared with plain blocking sockets."""

from __future__ import annotations

import errno
import socket

import pytest

from eventlet.greenio import GreenSocket
from eventlet.greenio.base import CONNECT_ERR, socket_accept, socket_checkerr, socket_connect
from eventlet.greenthread import sleep, spawn
from eventlet.hubs import IOClosed, trampoline
from eventlet.timeout import Timeout
from tests.helpers import OSThread, settle
from tests.helpers.sockets import has_ipv6


@pytest.fixture
def refused():
    """An address where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()


@pytest.fixture
def full(closing):
    """The address of a listener whose queue is full, so that TCP connects take for ever; and the listener."""
    server = closing(socket.socket())
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    for _ in range(10):
        filler = closing(socket.socket())
        filler.setblocking(False)
        filler.connect_ex(server.getsockname())
    return server.getsockname(), server


@pytest.fixture
def full_unix(closing, tmp_path):
    """The path of a Unix listener whose queue is full; and the listener."""
    server = closing(socket.socket(socket.AF_UNIX))
    server.bind(str(tmp_path / "s"))
    server.listen(0)
    while True:
        filler = closing(socket.socket(socket.AF_UNIX))
        filler.setblocking(False)
        if filler.connect_ex(server.getsockname()):
            return server.getsockname(), server


def test_connect_and_connect_ex(hub, listener, closing):
    sock = closing(GreenSocket())
    assert sock.connect(listener.getsockname()) is None
    other = closing(GreenSocket())
    assert other.connect_ex(listener.getsockname()) == 0
    for client in (sock, other):
        server, address = listener.accept()
        assert address == client.getsockname()
        client.send(b"x")
        assert server.recv(9) == b"x"
        server.close()


def test_connecting_lets_others_run(hub, listener, closing):
    ran = []
    sock = closing(GreenSocket())
    spawn(ran.append, 1)
    sleep(0)
    assert ran == [1]
    sock.connect(listener.getsockname())


def outcomes(factory, address, family=socket.AF_INET, timeout=20, calls=("connect", "connect_ex")):
    """What each of `calls` does on a fresh socket: (type, errno) of what it raises, or what it returns."""
    found = []
    for call in calls:
        with factory(family, socket.SOCK_STREAM) as sock:
            sock.settimeout(timeout)
            try:
                found.append(getattr(sock, call)(address))
            except OSError as error:
                found.append((type(error), error.errno))
            except (TypeError, ValueError, OverflowError) as error:
                found.append(type(error))
    return found


def test_refusal_is_as_in_the_stdlib(hub, refused, tmp_path):
    for family, address in [
        (socket.AF_INET, refused),
        (socket.AF_UNIX, str(tmp_path / "missing")),
        (socket.AF_UNIX, str(tmp_path)),
        (socket.AF_INET, ("255.255.255.255", 1)),
    ]:
        plain = OSThread(outcomes, socket.socket, address, family).join()
        assert outcomes(GreenSocket, address, family) == plain
        assert isinstance(plain[1], int)
        assert plain[1] != 0


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", None, (), ("127.0.0.1",), ("127.0.0.1", "80"), ("127.0.0.1", 70_000), ("127.0.0.1", -1),
        (None, 80), (5, 80), ["127.0.0.1", 80],
    ],
)  # fmt: skip
def test_bad_addresses_are_as_in_the_stdlib(hub, address):
    plain = outcomes(socket.socket, address)
    assert outcomes(GreenSocket, address) == plain
    assert all(isinstance(error, type) for error in plain)


def test_bad_addresses_with_names_are_errors(hub):
    for address in (("localhost",), ("localhost", 70_000), ("localhost", None), ("no.such.name.invalid", 80), ("", -1)):
        with pytest.raises((TypeError, OverflowError, OSError)), GreenSocket() as sock:
            sock.connect(address)


def test_a_second_connect_is_as_in_the_stdlib(hub, listener):
    def second(factory):
        with factory(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.connect(listener.getsockname())
            code = sock.connect_ex(listener.getsockname())
            with pytest.raises(OSError, match="already connected"):
                sock.connect(listener.getsockname())
            return code

    assert second(GreenSocket) == second(socket.socket) == errno.EISCONN


def test_a_nonblocking_connect_is_in_progress(hub, listener, closing):
    sock = closing(GreenSocket())
    sock.setblocking(False)
    with pytest.raises(BlockingIOError) as caught:
        sock.connect(listener.getsockname())
    assert caught.value.errno == errno.EINPROGRESS
    trampoline(sock, write=True, timeout=20)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    assert sock.connect_ex(listener.getsockname()) in (0, errno.EISCONN)
    other = closing(GreenSocket())
    other.setblocking(False)
    assert other.connect_ex(listener.getsockname()) == errno.EINPROGRESS


def test_a_timeout_ends_connect_to_a_full_listener(autojump_hub, full, closing):
    address, _ = full
    sock = closing(GreenSocket())
    sock.settimeout(3)
    with pytest.raises(socket.timeout):
        sock.connect(address)
    assert autojump_hub.clock() == 3
    other = closing(GreenSocket())
    other.settimeout(4)
    assert other.connect_ex(address) == errno.EAGAIN  # as the stdlib's
    assert autojump_hub.clock() == 7


def test_connect_ex_with_a_timeout_is_as_in_the_stdlib(hub, full):
    address, _ = full
    assert (
        outcomes(GreenSocket, address, timeout=0.01)
        == OSThread(outcomes, socket.socket, address, socket.AF_INET, 0.01).join()
    )


@pytest.mark.parametrize("how", ["kill", "Timeout", "close"])
@pytest.mark.parametrize("unix", [False, True])
def test_whoever_is_thrown_out_of_connect_leaves_nothing(autojump_hub, request, closing, spawn, how, unix):
    address, _ = request.getfixturevalue("full_unix" if unix else "full")
    sock = closing(GreenSocket(socket.AF_UNIX if unix else socket.AF_INET))

    def connect():
        if how == "Timeout":
            with pytest.raises(Timeout), Timeout(3):
                sock.connect(address)
        else:
            sock.connect(address)

    connecting = spawn(connect)
    settle()
    assert not connecting.dead
    if how == "kill":
        connecting.kill()
    elif how == "close":
        sock.close()
        with pytest.raises(OSError, match="descriptor") as caught:
            connecting.wait()
        assert caught.value.errno == errno.EBADF
        assert unix or isinstance(caught.value, IOClosed)
    else:
        connecting.wait()
        assert autojump_hub.clock() >= 3
    assert connecting.dead
    assert autojump_hub.get_readers() == autojump_hub.get_writers() == []


def test_unix_connect_waits_for_a_place_in_the_queue(autojump_hub, full_unix, closing, spawn):
    path, server = full_unix
    sock = closing(GreenSocket(socket.AF_UNIX))
    connecting = spawn(sock.connect, path)
    sleep(1)
    assert not connecting.dead
    server.accept()[0].close()
    connecting.wait()
    sock.send(b"x")


def test_a_timeout_ends_unix_connect_to_a_full_listener(autojump_hub, full_unix, closing):
    path, _ = full_unix
    sock = closing(GreenSocket(socket.AF_UNIX))
    sock.settimeout(3)
    with pytest.raises(socket.timeout):
        sock.connect(path)
    assert sock.connect_ex(path) == errno.EAGAIN
    assert autojump_hub.clock() == pytest.approx(6, abs=0.1)
    sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        sock.connect(path)


def test_reconnect_after_a_failure(hub, refused, listener, closing, spawn):
    sock = closing(GreenSocket())
    sock.settimeout(20)
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            sock.connect(refused)
    sock.connect(listener.getsockname())
    peer = closing(listener.accept()[0])
    for _ in range(2):
        reader = spawn(sock.recv, 10)
        settle()
        peer.send(b"x")
        assert reader.wait() == b"x"


def test_a_socket_that_waited_before_it_was_connected(hub, listener, closing, spawn):
    # epoll reports an unconnected TCP socket as hung up.
    sock = closing(GreenSocket())
    sock.settimeout(20)
    trampoline(sock, write=True, timeout=20)
    hub.wait_writable(sock._record, None)
    settle()
    sock.connect(listener.getsockname())
    peer = closing(listener.accept()[0])
    reader = spawn(sock.recv, 10)
    settle()
    assert not reader.dead
    peer.send(b"x")
    assert reader.wait() == b"x"


def test_names_are_looked_up(hub, listener, closing):
    port = listener.getsockname()[1]
    for host in ("localhost", b"localhost", ""):
        sock = closing(GreenSocket())
        sock.connect((host, port))
        assert sock.getpeername() == ("127.0.0.1", port)
    assert closing(GreenSocket()).connect_ex(("localhost", port)) == 0


def test_a_name_that_does_not_exist(hub, closing):
    with pytest.raises(socket.gaierror):
        closing(GreenSocket()).connect(("no.such.name.invalid", 80))
    with pytest.raises(socket.gaierror):
        closing(GreenSocket()).connect_ex(("no.such.name.invalid", 80))


def test_ipv6(hub, closing):
    if not has_ipv6():
        pytest.skip("no IPv6 on the loopback interface")
    server = closing(GreenSocket(socket.AF_INET6))
    server.bind(("::1", 0))
    server.listen()
    port = server.getsockname()[1]
    for address in (("::1", port), ("::1", port, 0, 0)):
        sock = closing(GreenSocket(socket.AF_INET6))
        sock.connect(address)
        assert sock.getpeername() == ("::1", port, 0, 0)


def test_tcp_to_itself(hub, closing, spawn):
    # A TCP socket may be connected with itself.
    sock = closing(GreenSocket())
    sock.bind(("127.0.0.1", 0))
    sock.connect(sock.getsockname())
    reader = spawn(sock.recv, 10)
    settle()
    sock.send(b"echo")
    assert reader.wait() == b"echo"


def test_upstreams_helpers(hub, refused, listener, closing):
    sock = closing(GreenSocket())
    sock.setblocking(False)
    assert socket_accept(closing(idle())) is None
    if socket_connect(sock, listener.getsockname()) is None:
        trampoline(sock, write=True, timeout=20)
    socket_checkerr(sock)
    failing = closing(GreenSocket())
    with pytest.raises(ConnectionRefusedError):
        socket_connect(failing, refused)
    assert errno.EINPROGRESS in CONNECT_ERR


def idle():
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    sock.setblocking(False)
    return sock
