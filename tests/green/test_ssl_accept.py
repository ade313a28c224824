"""The handshake of accepted connections: due at the first use, and no business of the acceptor's."""

import contextlib
import sys

import pytest

import eventlet
from eventlet.green import select, socket, ssl
from tests.helpers import settle
from tests.helpers.sockets import reset
from tests.helpers.tls import TLS_1_2, client_context


def send_this_file(connection):
    with open(__file__, "rb") as file:
        return connection.sendfile(file)


# Python 3.9 has OpenSSL 3 take an end for a good-bye.
GONE = ssl.SSLEOFError if sys.version_info >= (3, 10) else (ssl.SSLEOFError, ssl.SSLZeroReturnError)

FIRST_USES = {
    "cipher": lambda connection: connection.cipher()[0],
    "compression": lambda connection: connection.compression() is None,
    "do_handshake": lambda connection: connection.do_handshake() is None,
    "get_channel_binding": lambda connection: len(connection.get_channel_binding()) > 10,
    "getpeercert": lambda connection: connection.getpeercert() is None,
    "read": lambda connection: connection.read(2) == b"hi",
    "recv": lambda connection: connection.recv(2) == b"hi",
    "recv_into": lambda connection: connection.recv_into(bytearray(2)) == 2,
    "makefile": lambda connection: connection.makefile("rb", buffering=0).read(2) == b"hi",
    "send": lambda connection: connection.send(b"x") == 1,
    "write": lambda connection: connection.write(b"x") == 1,
    "sendall": lambda connection: connection.sendall(b"x") is None,
    "sendfile": lambda connection: send_this_file(connection) > 100,
    "session": lambda connection: connection.session is not None,
    "session_reused": lambda connection: connection.session_reused is False,
    "selected_alpn_protocol": lambda connection: connection.selected_alpn_protocol() == "second",
    "shared_ciphers": lambda connection: connection.shared_ciphers(),
    "version": lambda connection: connection.version() == "TLSv1.2",
}


@contextlib.contextmanager
def accepted(listener, timeout=None):
    """A connection whose client has not begun its handshake; and the client's plain socket."""
    with socket.create_connection(listener.getsockname()) as client:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(timeout)
            yield connection, client


@pytest.mark.parametrize("use", FIRST_USES)
def test_the_first_use_does_the_handshake(tls_listener, contexts, spawn, use):
    tls_listener.context.set_alpn_protocols(["first", "second"])
    contexts[0].set_alpn_protocols(["second"])
    contexts[0].maximum_version = TLS_1_2  # where there are channel bindings, and the server has a session at once

    def say_hi(sock):
        with contexts[0].wrap_socket(sock, server_hostname="localhost") as client:
            client.sendall(b"hi")
            while client.recv(10_000):
                pass

    with accepted(tls_listener) as (connection, client):
        saying = spawn(say_hi, client)
        using = spawn(FIRST_USES[use], connection)
        assert using.wait()
        assert connection.version()
        connection.shutdown(socket.SHUT_WR)
        saying.wait()


def test_nobody_keeps_the_acceptor(tls_listener, contexts, spawn):
    with contextlib.ExitStack() as stack:
        for begin in (b"", b"\x16", b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\x00\x10"):
            sock = stack.enter_context(socket.create_connection(tls_listener.getsockname()))
            sock.sendall(begin)
            stack.enter_context(tls_listener.accept()[0])
        gone = socket.create_connection(tls_listener.getsockname())
        gone.sendall(b"\x16\x03")
        gone.shutdown(socket.SHUT_RDWR)
        gone.close()
        stack.enter_context(tls_listener.accept()[0])

        def serve():
            with tls_listener.accept()[0] as connection:
                return connection.recv(2)

        serving = spawn(serve)
        with socket.create_connection(tls_listener.getsockname()) as sock:
            with contexts[0].wrap_socket(sock, server_hostname="localhost") as client:
                client.sendall(b"hi")
                assert serving.wait() == b"hi"


@pytest.mark.parametrize("use", ["recv", "sendall", "version", "session"])
def test_garbage_is_an_ssl_error_and_closes(tls_listener, use):
    with accepted(tls_listener) as (connection, client):
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with pytest.raises(ssl.SSLError) as caught:
            FIRST_USES[use](connection)
        assert caught.value.reason in ("HTTP_REQUEST", "WRONG_VERSION_NUMBER")
        assert connection.fileno() == -1
        with pytest.raises(OSError, match="descriptor"):
            connection.recv(1)
        assert select.select([client], [], [], 20)[0]


def test_the_client_hears_why(tls_listener, contexts, spawn):
    contexts[1].minimum_version = ssl.TLSVersion.TLSv1_3
    contexts[0].maximum_version = TLS_1_2
    with accepted(tls_listener) as (connection, client):

        def use():
            with pytest.raises(ssl.SSLError, match="(?i)unsupported.protocol|version"):
                connection.recv(1)

        using = spawn(use)
        with pytest.raises(ssl.SSLError, match="(?i)alert.protocol.version"):
            contexts[0].wrap_socket(client, server_hostname="localhost")
        using.wait()


def test_a_client_that_goes_away(tls_listener):
    with accepted(tls_listener) as (connection, client):
        client.close()
        with pytest.raises(GONE):
            connection.do_handshake()
    with accepted(tls_listener) as (connection, client):
        reset(client)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
        assert connection.fileno() == -1


def test_everybody_who_waits_for_it_gets_the_error(tls_listener, spawn):
    outcomes = []

    def use(what):
        try:
            FIRST_USES[what](connection)
        except OSError as error:
            outcomes.append(error)

    with accepted(tls_listener) as (connection, client):
        users = [spawn(use, what) for what in ("recv", "sendall", "version")]
        settle()
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        for user in users:
            user.wait()
    assert len(outcomes) == 3
    assert all(isinstance(error, ssl.SSLError) for error in outcomes), outcomes


def test_an_error_that_a_file_has_seen_is_seen_again(tls_listener):
    with accepted(tls_listener) as (connection, client):
        with connection.makefile("rb") as stream:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            for _ in range(2):
                with pytest.raises(ssl.SSLError):
                    stream.read(1)


def test_the_timeout_is_one_budget_with_the_handshake(tls_listener, contexts, spawn, monkeypatch):
    deadlines = []
    original = type(tls_listener)._fetch

    def fetch(self, limit, deadline, *args, **kw):
        if self is connection:
            deadlines.append(deadline)
        return original(self, limit, deadline, *args, **kw)

    monkeypatch.setattr(type(tls_listener), "_fetch", fetch)
    with accepted(tls_listener, timeout=30) as (connection, client):
        reading = spawn(connection.recv, 1)
        settle()
        with contexts[0].wrap_socket(client, server_hostname="localhost") as client:
            settle()
            client.sendall(b"x")
            assert reading.wait() == b"x"
    assert len(deadlines) > 3
    assert len(set(deadlines)) == 1


def test_a_handshake_that_timed_out_goes_on_at_the_next_use(tls_listener, contexts, spawn):
    with accepted(tls_listener, timeout=0.01) as (connection, client):
        with pytest.raises(socket.timeout, match="handshake operation timed out"):
            connection.recv(1)
        connection.settimeout(None)
        wrapping = spawn(contexts[0].wrap_socket, client, server_hostname="localhost")
        connection.sendall(b"x")
        with wrapping.wait() as client:
            assert client.recv(1) == b"x"


def test_a_handshake_whose_thread_was_killed_goes_on_at_the_next_use(tls_listener, contexts, spawn):
    with accepted(tls_listener) as (connection, client):
        reading = spawn(connection.recv, 1)
        settle()
        waiting = spawn(connection.version)
        settle()
        reading.kill()
        with contexts[0].wrap_socket(client, server_hostname="localhost") as client:
            assert waiting.wait() == client.version()


def test_without_waiting_the_first_use_says_what_it_wants(tls_listener, contexts, spawn):
    with accepted(tls_listener, timeout=0) as (connection, client):
        with pytest.raises(ssl.SSLWantReadError):
            connection.recv(1)
        with pytest.raises(ssl.SSLWantReadError):
            connection.send(b"x")
        wrapping = spawn(contexts[0].wrap_socket, client, server_hostname="localhost")
        while True:
            try:
                connection.do_handshake()
                break
            except ssl.SSLWantReadError:
                assert select.select([connection], [], [], 20)[0]
        with wrapping.wait() as client:
            assert client.version() == connection.version()


def test_a_listener_without_handshakes(contexts, spawn):
    listening = socket.create_server(("127.0.0.1", 0))
    listener = contexts[1].wrap_socket(listening, server_side=True, do_handshake_on_connect=False)
    with listener, accepted(listener) as (connection, client):
        assert connection.version() is None
        with pytest.raises(ValueError, match="handshake not done yet"):
            connection.getpeercert()
        serving = spawn(connection.do_handshake)
        with contexts[0].wrap_socket(client, server_hostname="localhost"):
            serving.wait()
            assert connection.version()


def test_connect_has_one_budget_for_all(hub, spawn):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with client_context().wrap_socket(socket.socket(), server_hostname="localhost") as client:
            client.settimeout(0.05)
            with pytest.raises(socket.timeout):
                client.connect(silent.getsockname())


def test_wrapping_that_fails_closes_the_socket(contexts, spawn):
    left, right = socket.socketpair()
    with right:
        right.sendall(b"HTTP/1.0 400 Bad Request\r\n")
        with pytest.raises(ssl.SSLError), eventlet.Timeout(20):
            contexts[0].wrap_socket(left, server_hostname="localhost")
        assert left.fileno() == -1
        with contextlib.suppress(ConnectionResetError):  # it has not read all of that
            while right.recv(1000):
                pass
