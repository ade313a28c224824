"""eventlet.green.OpenSSL over real sockets, against itself and against the standard library's TLS."""

from __future__ import annotations

import contextlib
import importlib
import socket as standard_socket
import ssl as standard_ssl
from pathlib import Path

import pytest

import eventlet
import tests.helpers
from eventlet.green import socket
from tests.helpers import SOME_SECONDS, OSThread, check_python, settle

pytest.importorskip("OpenSSL", reason="pyOpenSSL is not installed (the extra eventlet[openssl])")
SSL = importlib.import_module("eventlet.green.OpenSSL.SSL")

CERTIFICATES = Path(tests.helpers.__file__).parent / "certificates"
CERT, KEY = str(CERTIFICATES / "cert.pem"), str(CERTIFICATES / "key.pem")


def server_context():
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_file(CERT)
    context.use_privatekey_file(KEY)
    return context


def client_context():
    context = SSL.Context(SSL.TLS_METHOD)
    context.load_verify_locations(CERT)
    context.set_verify(SSL.VERIFY_PEER, lambda *args: args[-1])
    return context


def shaken_hands(connection):
    try:
        connection.do_handshake()
    except BaseException:
        connection.close()
        raise
    return connection


@pytest.fixture
def listener(hub):
    listener = SSL.Connection(server_context(), socket.create_server(("127.0.0.1", 0)))
    yield listener
    listener.close()


@pytest.fixture
def connected(listener, spawn):
    """A client and a server side, connected; handshake done."""
    accepting = spawn(lambda: shaken_hands(listener.accept()[0]))
    client = SSL.Connection(client_context(), socket.socket())
    client.connect(listener.getsockname())
    client.set_tlsext_host_name(b"localhost")
    client.do_handshake()
    server = accepting.wait()
    yield client, server
    client.close()
    server.close()


def read_all(connection, size):
    got = bytearray()
    while len(got) < size:
        got += connection.recv(100_000)
    return bytes(got)


def test_connections_are_pyOpenSSLs_over_green_sockets(connected):
    import OpenSSL

    client, server = connected
    assert isinstance(client, OpenSSL.SSL.Connection)
    assert type(server) is SSL.Connection
    assert client.get_peer_certificate()
    assert client.get_protocol_version_name() == server.get_protocol_version_name()
    assert client.getpeername() == server.getsockname()
    assert client.gettimeout() is None
    assert SSL.Error is OpenSSL.SSL.Error


def test_modules():
    import OpenSSL.crypto
    import OpenSSL.version

    from eventlet.green import OpenSSL as green
    from eventlet.green.OpenSSL import crypto, tsafe, version

    assert crypto is OpenSSL.crypto is green.crypto
    assert version is OpenSSL.version
    assert tsafe.Connection is SSL.Connection is green.SSL.Connection
    assert {"SSL", "crypto"} <= set(dir(green))
    assert {"Connection", "Context"} <= set(dir(SSL))


def test_every_way_to_send_and_receive(connected, spawn):
    client, server = connected
    assert client.send(b"1") == 1
    assert client.write(memoryview(b"2")) == 1
    assert client.sendall(bytearray(b"3")) == 1
    assert client.sendall(b"") == 0
    assert read_all(server, 3) == b"123"
    client.sendall(b"buffer!")
    buffer = bytearray(6)
    assert server.recv_into(buffer) == 6
    assert buffer == b"buffer"
    assert server.pending() == 1
    assert server.read(10) == b"!"
    late = spawn(server.recv, 10)
    eventlet.sleep(0)
    client.sendall(b"late")
    assert late.wait() == b"late"
    client.sendall(b"peek")
    assert server.recv(4, standard_socket.MSG_PEEK) == server.recv(4) == b"peek"
    for thing in (server.makefile, server.dup):
        with pytest.raises(NotImplementedError):
            thing()


def test_much_data_both_ways_at_once(connected, spawn):
    size = 3_000_000
    senders = [spawn(connection.sendall, b"x" * size) for connection in connected]
    readers = [spawn(read_all, connection, size) for connection in connected]
    assert [reader.wait() for reader in readers] == [b"x" * size] * 2
    assert [sender.wait() for sender in senders] == [size] * 2


def test_several_send_at_once_and_nothing_is_mixed(connected, spawn):
    client, server = connected
    size = 400_000
    senders = [spawn(client.sendall, letter * size) for letter in (b"a", b"b", b"c")]
    assert read_all(server, 3 * size) == b"a" * size + b"b" * size + b"c" * size
    assert [sender.wait() for sender in senders] == [size] * 3


def test_a_timeout_holds_for_each_call(connected, spawn):
    client, server = connected
    server.settimeout(0.01)
    with pytest.raises(socket.timeout):
        server.recv(1)
    with pytest.raises(socket.timeout):
        server.sendall(b"x" * 30_000_000)
    client.sendall(b"1")
    server.settimeout(SOME_SECONDS)
    assert server.recv(1) == b"1"


def test_a_timeout_holds_while_another_one_sends(connected, spawn):
    client, server = connected
    sender = spawn(client.sendall, b"x" * 30_000_000)
    settle()
    client.settimeout(0.01)
    with pytest.raises(socket.timeout):
        client.send(b"x")
    client.setblocking(False)
    with pytest.raises(SSL.WantWriteError):
        client.send(b"x")
    sender.kill()


def test_without_blocking_the_original_errors(connected):
    client, server = connected
    client.setblocking(False)
    settle()
    with pytest.raises(SSL.WantReadError):
        client.recv(1)
    with pytest.raises(SSL.WantWriteError):
        while True:
            client.send(b"x" * 100_000)


def test_shutdown(connected, spawn):
    client, server = connected
    assert client.shutdown() is False
    waiting = spawn(client.shutdown)
    eventlet.sleep(0)
    assert not waiting.dead
    with pytest.raises(SSL.ZeroReturnError):
        server.recv(1)
    assert server.shutdown() is True
    assert waiting.wait() is True


def outcomes_of_reading_after_the_peer_is_gone(client, server):
    """Return what three calls raise; `server` has sent nothing but what the session needs."""
    server.sendall(b"x")
    assert client.recv(1) == b"x"  # and all there was before: what is left unread makes closing a reset
    client.close()
    outcomes = []
    for read in (lambda: server.recv(10), lambda: server.recv(10), lambda: server.recv_into(bytearray(10))):
        with pytest.raises(SSL.Error) as caught:
            read()
        outcomes.append((caught.type, caught.value.args))
    return outcomes


def plain_pair():
    """`connected` of pyOpenSSL itself; the handshake takes turns, as nothing waits."""
    import OpenSSL

    context = OpenSSL.SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_file(CERT)
    context.use_privatekey_file(KEY)
    left, right = standard_socket.socketpair()
    left.setblocking(False)
    right.setblocking(False)
    client = OpenSSL.SSL.Connection(OpenSSL.SSL.Context(SSL.TLS_METHOD), left)
    server = OpenSSL.SSL.Connection(context, right)
    client.set_connect_state()
    server.set_accept_state()
    for _ in range(3):
        for side in (client, server):
            with contextlib.suppress(SSL.WantReadError):
                side.do_handshake()
    return client, server


def test_a_peer_that_is_gone_without_good_bye_is_what_it_is_for_pyopenssl(connected):
    client, server = plain_pair()
    expected = outcomes_of_reading_after_the_peer_is_gone(client, server)
    server.close()
    assert outcomes_of_reading_after_the_peer_is_gone(*connected) == expected
    assert expected[0] == (SSL.SysCallError, (-1, "Unexpected EOF"))


@pytest.mark.parametrize("what", ["recv", "sendall"])
def test_closing_wakes_who_waits(connected, spawn, what):
    client, server = connected
    call = {"recv": lambda: client.recv(1), "sendall": lambda: client.sendall(b"x" * 30_000_000)}[what]
    waiting = spawn(call)
    settle()
    client.close()
    with pytest.raises(OSError, match="Bad file descriptor|closed"):
        waiting.wait()


def test_a_slow_client_does_not_keep_the_acceptor(listener, spawn):
    served = []

    def serve(connection):
        with_hands_shaken = shaken_hands(connection)
        served.append(with_hands_shaken.recv(10))
        connection.close()

    def accept():
        while True:
            spawn(serve, listener.accept()[0])

    spawn(accept)
    slow = socket.create_connection(listener.getsockname())
    quick = SSL.Connection(client_context(), socket.create_connection(listener.getsockname()))
    quick.set_connect_state()
    quick.do_handshake()
    quick.sendall(b"quick")
    with pytest.raises((SSL.ZeroReturnError, SSL.SysCallError)), eventlet.Timeout(SOME_SECONDS):
        if quick.recv(1) == b"":
            raise SSL.ZeroReturnError
    assert served == [b"quick"]
    slow.close()
    quick.close()


def test_an_untrusted_certificate_is_an_error_on_both_sides(listener, spawn):
    accepting = spawn(lambda: shaken_hands(listener.accept()[0]))
    context = SSL.Context(SSL.TLSv1_2_METHOD)
    context.set_verify(SSL.VERIFY_PEER, lambda *args: args[-1])
    client = SSL.Connection(context, socket.create_connection(listener.getsockname()))
    client.set_connect_state()
    with pytest.raises(SSL.Error):
        client.do_handshake()
    with pytest.raises(SSL.Error):
        accepting.wait()
    client.close()


def test_a_plain_socket_becomes_green(listener, spawn):
    accepting = spawn(lambda: shaken_hands(listener.accept()[0]))
    with standard_socket.create_connection(listener.getsockname()) as plain:
        client = SSL.Connection(client_context(), plain)
        client.set_connect_state()
        client.do_handshake()
        server = accepting.wait()
        waiting = spawn(client.recv, 5)
        eventlet.sleep(0)
        server.sendall(b"hello")
        assert waiting.wait() == b"hello"
        client.close()
        server.close()


def test_with_the_standard_library_on_the_other_side(listener):
    def client():
        context = standard_ssl.create_default_context(cafile=CERT)
        with standard_socket.create_connection(listener.getsockname()) as sock:
            with context.wrap_socket(sock, server_hostname="localhost") as connection:
                connection.sendall(b"y" * 200_000)
                return connection.recv(10)

    thread = OSThread(client)
    server = shaken_hands(listener.accept()[0])
    assert read_all(server, 200_000) == b"y" * 200_000
    server.sendall(b"got it")
    assert thread.join_green() == b"got it"
    server.close()


def test_without_a_socket_it_is_the_original(hub):
    client, server = SSL.Connection(client_context()), SSL.Connection(server_context())
    client.set_connect_state()
    server.set_accept_state()
    done = set()
    while len(done) < 2:
        for connection, other in ((client, server), (server, client)):
            try:
                connection.do_handshake()
                done.add(connection)
            except SSL.WantReadError:
                pass
            try:
                other.bio_write(connection.bio_read(65536))
            except SSL.WantReadError:
                pass
    client.sendall(b"in memory")
    server.bio_write(client.bio_read(65536))
    assert server.recv(20) == b"in memory"
    with pytest.raises(SSL.WantReadError):
        server.recv(20)


def test_without_pyopenssl_the_error_names_the_extra():
    script = """
        import sys
        sys.modules["OpenSSL"] = None
        try:
            from eventlet.green.OpenSSL import SSL
        except ModuleNotFoundError as error:
            print(error.name, error)
    """
    said = "OpenSSL eventlet.green.OpenSSL needs pyOpenSSL: pip install 'eventlet[openssl]'\n"
    assert check_python(script) == said
