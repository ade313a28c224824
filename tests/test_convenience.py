"""connect, listen, serve, StopServe, wrap_ssl's place: on every hub, with real sockets."""

from __future__ import annotations

import errno
import os
import socket
import warnings

import pytest

import eventlet
from eventlet import convenience
from eventlet.convenience import ReusePortUnavailableWarning, ReuseRandomPortWarning, StopServe
from eventlet.event import Event
from eventlet.greenio import GreenSocket
from eventlet.greenthread import kill, sleep
from eventlet.timeout import Timeout
from tests.helpers import open_fds, settle
from tests.helpers.sockets import has_ipv6, receive_all


@pytest.fixture
def listener(request):
    """A green socket that listens on a port of its own."""
    request.getfixturevalue("autojump_hub" if "autojump_hub" in request.fixturenames else "hub")
    with eventlet.listen(("127.0.0.1", 0)) as sock:
        yield sock


def client_of(sock):
    """Return a plain socket connected to `sock`."""
    return socket.create_connection(sock.getsockname())


# ---- listen and connect


def test_listen_and_connect(hub):
    with eventlet.listen(("127.0.0.1", 0)) as server:
        assert type(server) is GreenSocket
        assert server.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
        with eventlet.connect(server.getsockname()) as client, server.accept()[0] as connection:
            assert type(client) is GreenSocket
            client.sendall(b"hello")
            assert connection.recv(9) == b"hello"


def test_listen_and_connect_on_ipv6(hub):
    if not has_ipv6():
        pytest.skip("no IPv6 on the loopback interface")
    with eventlet.listen(("::1", 0), socket.AF_INET6) as server:
        with eventlet.connect(server.getsockname(), socket.AF_INET6) as client, server.accept()[0] as connection:
            assert connection.getpeername() == client.getsockname()


def test_listen_and_connect_on_a_unix_socket(hub, tmp_path):
    path = str(tmp_path / "socket")
    with eventlet.listen(path, family=socket.AF_UNIX) as server:
        with eventlet.connect(path, family=socket.AF_UNIX) as client, server.accept()[0] as connection:
            client.sendall(b"hello")
            assert connection.recv(9) == b"hello"
    with pytest.raises(OSError, match="in use"):
        eventlet.listen(path, socket.AF_UNIX)


def test_connect_binds_first(hub, listener):
    with eventlet.connect(listener.getsockname(), bind=("127.0.0.1", 0)) as client:
        connection, address = listener.accept()
        assert address == client.getsockname()
        connection.close()


def test_connect_by_name(hub, listener):
    with eventlet.connect(("localhost", listener.getsockname()[1])) as client:
        assert client.getpeername() == listener.getsockname()


def test_backlog_and_reuse_addr(hub):
    with eventlet.listen(("127.0.0.1", 0), backlog=1, reuse_addr=False) as server:
        assert not server.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)


def test_errors_leave_no_fd_open(hub, listener, tmp_path):
    sleep(0)
    before = open_fds()
    address = listener.getsockname()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        refused = unused.getsockname()
        for call, error in [
            (lambda: eventlet.listen(address), OSError),
            (lambda: eventlet.listen(("192.0.2.1", 0)), OSError),
            (lambda: eventlet.listen("not a pair"), TypeError),
            (lambda: eventlet.listen(("127.0.0.1", "x")), TypeError),
            (lambda: eventlet.listen(("127.0.0.1", 99_999)), OverflowError),
            (lambda: eventlet.listen(str(tmp_path / "no" / "socket"), socket.AF_UNIX), OSError),
            (lambda: eventlet.connect(refused), ConnectionRefusedError),
            (lambda: eventlet.connect(address, bind=address), OSError),
            (lambda: eventlet.connect(str(tmp_path / "none"), socket.AF_UNIX), FileNotFoundError),
        ]:
            with pytest.raises(error):
                call()
    assert open_fds() == before


def test_a_timeout_of_connect_leaves_no_fd_open(autojump_hub, tmp_path):
    path = str(tmp_path / "socket")
    with eventlet.listen(path, socket.AF_UNIX, backlog=0), eventlet.connect(path, socket.AF_UNIX):
        sleep(0)
        before = open_fds()
        with pytest.raises(Timeout), Timeout(3):
            eventlet.connect(path, socket.AF_UNIX)
        assert open_fds() == before


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="this system has no SO_REUSEPORT")
def test_reuse_port_lets_two_listen(hub):
    with eventlet.listen(("127.0.0.1", 0)) as finder:
        address = finder.getsockname()
    with eventlet.listen(address, reuse_port=True) as one, eventlet.listen(address, reuse_port=True) as two:
        for server in (one, two):
            assert server.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="this system has no SO_REUSEPORT")
def test_a_chosen_port_may_be_shared_unless_told_otherwise(hub):
    with eventlet.listen(("127.0.0.1", 0)) as free:
        assert not free.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)
        address = free.getsockname()
    with eventlet.listen(address) as shared:
        assert shared.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)
    with eventlet.listen(address, reuse_port=False) as alone:
        assert not alone.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)


def test_reuse_port_warns_of_a_random_port(hub):
    with pytest.warns(ReuseRandomPortWarning) as caught, eventlet.listen(("127.0.0.1", 0), reuse_port=True):
        pass
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eventlet.listen(("127.0.0.1", 0)).close()
        eventlet.listen(("127.0.0.1", 0), reuse_port=False).close()


def test_reuse_port_warns_where_it_does_not_exist(hub, monkeypatch):
    monkeypatch.delattr(convenience.socket, "SO_REUSEPORT", raising=False)
    with eventlet.listen(("127.0.0.1", 0)) as finder:
        address = finder.getsockname()
    with pytest.warns(ReusePortUnavailableWarning) as caught, eventlet.listen(address, reuse_port=True):
        pass
    assert caught[0].filename == __file__


# ---- serve


def test_serve_handles_every_connection_and_closes_it(hub, listener, spawn):
    seen = []

    def handle(connection, address):
        assert type(connection) is GreenSocket
        seen.append(address)
        connection.sendall(connection.recv(9).upper())

    server = spawn(eventlet.serve, listener, handle)
    clients = [eventlet.connect(listener.getsockname()) for _ in range(5)]
    for client in clients:
        client.sendall(b"hello")
        assert receive_all(client) == b"HELLO"
    assert sorted(seen) == sorted(client.getsockname() for client in clients)
    for client in clients:
        client.close()
    kill(server)


def test_a_handler_may_close_the_connection_or_end_by_greenletexit(hub, listener, spawn):
    def handle(connection, address):
        connection.close()
        raise eventlet.greenlet.GreenletExit

    server = spawn(eventlet.serve, listener, handle)
    for _ in range(2):
        with client_of(listener) as client:
            client.setblocking(False)
            settle()
            settle()
            assert client.recv(1) == b""
    assert not server.dead


@pytest.mark.parametrize("stop", [StopServe, StopServe()])
def test_stopserve_in_a_handler_ends_it_quietly(hub, listener, spawn, stop, reported):
    def handle(connection, address):
        raise stop

    server = spawn(eventlet.serve, listener, handle)
    with client_of(listener) as client:
        assert server.wait() is None
        assert client.recv(1) == b""
    assert reported == []
    with client_of(listener):  # the listening socket is the caller's: it goes on
        listener.accept()[0].close()


def test_stopserve_from_outside_ends_it_quietly(hub, listener, spawn):
    for stop in (StopServe, StopServe()):
        server = spawn(eventlet.serve, listener, print)
        settle()
        kill(server, stop)
        assert server.wait() is None


def test_an_exception_in_a_handler_ends_it(hub, listener, spawn):
    def handle(connection, address):
        raise KeyError("handler")

    server = spawn(eventlet.serve, listener, handle)
    with client_of(listener) as client:
        with pytest.raises(KeyError, match="handler"):
            server.wait()
        assert client.recv(1) == b""


def test_a_timeout_in_a_handler_ends_it_too(autojump_hub, listener, spawn):
    def handle(connection, address):
        with Timeout(3):
            connection.recv(1)

    server = spawn(eventlet.serve, listener, handle)
    with client_of(listener):
        with pytest.raises(Timeout):
            server.wait()


def test_handlers_that_fail_at_once_do_not_reach_beyond_serve(hub, listener, spawn, reported):
    # Both end the same server: the second finds it gone, and whoever called it in other code.
    go = Event()

    def handle(connection, address):
        go.wait()
        raise StopServe

    clients = [client_of(listener) for _ in range(3)]
    spawn(lambda: (settle(), go.send()))
    eventlet.serve(listener, handle)
    for _ in range(3):
        sleep(0)
        settle()
    for client in clients:
        client.close()


def test_a_handler_that_fails_after_the_end_does_not_reach_beyond_serve(hub, listener, spawn, reported):
    go = Event()

    def handle(connection, address):
        if connection.recv(1) == b"s":
            raise StopServe
        go.wait()
        raise KeyError("late")

    with client_of(listener) as late, client_of(listener) as stopper:
        late.send(b"l")
        stopper.send(b"s")
        eventlet.serve(listener, handle)
        go.send()
        settle()
        sleep(0)
    assert [type(error) for error in reported] == [KeyError]


def test_handlers_go_on_after_the_end(hub, listener, spawn):
    def handle(connection, address):
        connection.sendall(connection.recv(9))

    server = spawn(eventlet.serve, listener, handle)
    with eventlet.connect(listener.getsockname()) as client:
        settle()
        kill(server, StopServe())
        client.sendall(b"still")
        assert receive_all(client) == b"still"


@pytest.mark.parametrize("concurrency", [1, 3])
def test_concurrency_is_a_limit(hub, listener, spawn, concurrency):
    running, peak = 0, 0

    def handle(connection, address):
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        settle()
        connection.recv(1)
        running -= 1

    server = spawn(eventlet.serve, listener, handle, concurrency)
    clients = [client_of(listener) for _ in range(7)]
    settle()
    for client in clients:
        client.send(b"x")
    for client in clients:
        with GreenSocket(client) as green:
            assert receive_all(green) == b""
    assert peak == concurrency
    assert not server.dead


def test_a_server_killed_while_it_waits_for_a_place_leaves_nothing(hub, listener, spawn):
    def handle(connection, address):
        connection.recv(1)

    server = spawn(eventlet.serve, listener, handle, 1)
    with client_of(listener) as first, client_of(listener) as second:
        settle()
        kill(server, StopServe())
        server.wait()
        first.send(b"x")
        settle()
        second.close()  # whether it was accepted already or not, no fd is left


def test_bad_arguments_of_serve(hub, listener):
    with pytest.raises(ValueError, match="-1"):
        eventlet.serve(listener, print, -1)
    with pytest.raises(TypeError):
        eventlet.serve(listener, print, "many")


def test_closing_the_listener_ends_serve(hub, listener, spawn):
    server = spawn(eventlet.serve, listener, print)
    settle()
    listener.close()
    with pytest.raises(OSError, match="descriptor") as caught:
        server.wait()
    assert caught.value.errno == errno.EBADF


def test_serve_survives_lost_connections_and_empty_resources(autojump_hub, spawn):
    class Listener:
        def __init__(self, *results):
            self.results = list(results)

        def accept(self):
            result = self.results.pop(0)
            if isinstance(result, int):
                raise OSError(result, os.strerror(result))
            raise result

    lost = [errno.ECONNABORTED, errno.EPROTO, errno.EPERM]
    out = [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM]
    eventlet.serve(Listener(*lost, *out, StopServe()), print)
    assert 0 < autojump_hub.clock() <= 2  # it backed off, and not for ever
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        eventlet.serve(Listener(errno.EBADF), print)


def test_serve_backs_off_when_it_is_out_of_fds_and_then_goes_on(hub, listener, spawn):
    import resource

    def handle(connection, address):
        connection.sendall(b"welcome")

    server = spawn(eventlet.serve, listener, handle)
    settle()
    client = GreenSocket()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = os.dup(client.fileno())
    os.close(spare)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (spare, hard))  # no number below that is free
        client.connect(listener.getsockname())
        settle()
        assert not server.dead
        assert client.fileno() < spare
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    client.settimeout(20)
    assert receive_all(client) == b"welcome"
    client.close()


def test_exports():
    for name in ("StopServe", "connect", "listen", "serve", "wrap_ssl"):
        assert getattr(eventlet, name) is getattr(convenience, name)
