"""TLS over green sockets, against the standard library's own and against itself."""

import socket as standard_socket
import ssl as standard
from pathlib import Path

import pytest

import eventlet
from eventlet.green import socket, ssl
from tests.helpers import OSThread, settle
from tests.helpers.tls import CERT, KEY


class TestSockets:
    def test_are_standard_ones_too(self, tls_pair):
        client, server = tls_pair
        assert type(client) is ssl.GreenSSLSocket is ssl.SSLSocket
        assert isinstance(client, standard.SSLSocket)
        assert isinstance(client, socket.socket)
        assert isinstance(client.context, standard.SSLContext)
        assert client.version() == server.version()
        assert client.cipher() == server.cipher()
        assert client.getpeercert()["subject"]
        assert server.getpeercert() is None

    def test_every_way_to_send_and_receive(self, tls_pair):
        client, server = tls_pair
        client.sendall(b"1")
        client.send(memoryview(b"2"))
        client.write(b"3")
        settle()
        received = b""
        while len(received) < 3:
            received += server.recv(1)
        assert received == b"123"
        client.sendall(b"buffer!")
        buffer = bytearray(6)
        assert server.recv_into(buffer) == 6
        assert buffer == b"buffer"
        assert server.read() == b"!"
        with pytest.raises(ValueError, match="not allowed"):
            client.sendto(b"x", ("127.0.0.1", 1))
        with pytest.raises(ValueError, match="not allowed"):
            client.recvfrom(1)
        with pytest.raises(NotImplementedError):
            client.sendmsg([b"x"])
        with pytest.raises(NotImplementedError):
            client.dup()
        with pytest.raises(ValueError, match="flags"):
            client.recv(1, 1)
        with pytest.raises(ValueError, match="flags"):
            client.sendall(b"x", 1)

    def test_much_data_both_ways_at_once(self, tls_pair, spawn):
        client, server = tls_pair
        size = 3_000_000

        def receive(sock):
            received = 0
            while received < size:
                received += len(sock.recv(100_000))
            return received

        threads = [spawn(sock.sendall, b"x" * size) for sock in tls_pair]
        threads += [spawn(receive, sock) for sock in tls_pair]
        assert [thread.wait() for thread in threads] == [None, None, size, size]

    def test_makefile(self, tls_pair, spawn):
        client, server = tls_pair
        with server.makefile("rw") as stream, client.makefile("rw") as other:
            spawn(lambda: (other.write("line\n"), other.flush()))
            assert stream.readline() == "line\n"

    def test_timeout_is_a_budget_for_the_call(self, tls_pair):
        client, server = tls_pair
        client.settimeout(0.01)
        with pytest.raises(OSError, match="read operation timed out"):
            client.recv(1)
        with pytest.raises(OSError, match="write operation timed out"):
            client.sendall(b"x" * 10_000_000)

    def test_non_blocking(self, tls_pair):
        client, server = tls_pair
        client.setblocking(False)
        with pytest.raises(ssl.SSLWantReadError):
            client.recv(1)
        server.sendall(b"x")
        assert client.recv(1) == b"x"

    def test_before_it_is_connected_it_is_a_plain_one(self, contexts):
        with contexts[0].wrap_socket(socket.socket(), server_hostname="localhost") as client:
            for attempt in (
                lambda: client.recv(1),
                lambda: client.recv_into(bytearray(1)),
                lambda: client.recvfrom(1),
                lambda: client.send(b"x"),
                lambda: client.sendall(b"x"),
                lambda: client.sendto(b"x", ("0.0.0.0", 0)),
                client.do_handshake,
                client.getpeercert,
            ):
                with pytest.raises(OSError, match="connected|pipe|address"):
                    attempt()
            assert client.version() is client.session is None

    def test_good_bye(self, tls_pair, spawn):
        client, server = tls_pair
        other = spawn(server.unwrap)
        plain = client.unwrap()
        assert other.wait() is server
        plain.sendall(b"clear text")
        assert server.recv(100) == b"clear text"
        assert server.version() is None

    def test_an_end_without_good_bye_is_an_end(self, tls_pair):
        """As `suppress_ragged_eofs` promises. (Since OpenSSL 3.6 the standard one may raise BrokenPipeError.)"""
        client, server = tls_pair
        server.sendall(b"x")
        assert client.recv(1) == b"x"  # and all there was before: what is left unread makes closing a reset
        client.close()
        assert server.recv(1) == b""

    def test_closing_wakes_the_reader_with_an_error(self, tls_pair, spawn):
        client, server = tls_pair
        reading = spawn(client.recv, 1)
        settle()
        client.close()
        with pytest.raises(OSError, match="descriptor|closed"):
            reading.wait()

    def test_killing_a_reader_loses_nothing(self, tls_pair, spawn):
        client, server = tls_pair
        reading = spawn(client.recv, 1)
        settle()
        reading.kill()
        server.sendall(b"x")
        assert client.recv(1) == b"x"


class TestHandshake:
    def test_a_silent_client_does_not_keep_the_acceptor(self, tls_listener, contexts, spawn):
        with socket.create_connection(tls_listener.getsockname()):
            first, _ = tls_listener.accept()
            second = spawn(tls_listener.accept)
            with socket.create_connection(tls_listener.getsockname()) as client:
                wrapping = spawn(contexts[0].wrap_socket, client, server_hostname="localhost")
                connection, _ = second.wait()
                with connection, first:
                    assert connection.version().startswith("TLS")
                    with wrapping.wait() as wrapped:
                        wrapped.sendall(b"x")
                        assert connection.recv(1) == b"x"

    def test_first_use_of_an_accepted_connection_is_the_handshake(self, tls_listener, contexts, spawn):
        accepting = spawn(tls_listener.accept)
        with socket.create_connection(tls_listener.getsockname()) as client:
            wrapping = spawn(contexts[0].wrap_socket, client, server_hostname="localhost")
            with accepting.wait()[0] as connection:
                connection.sendall(b"hello")
                with wrapping.wait() as wrapped:
                    assert wrapped.recv(5) == b"hello"
                    assert connection.cipher()

    def test_of_garbage_fails_at_the_first_use(self, tls_listener):
        with socket.create_connection(tls_listener.getsockname()) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            connection, _ = tls_listener.accept()
            with connection, pytest.raises(ssl.SSLError):
                connection.recv(1)

    def test_wrong_name(self, contexts, spawn):
        left, right = socket.socketpair()
        with left, right:
            serving = spawn(contexts[1].wrap_socket, right, server_side=True)
            with pytest.raises(ssl.SSLCertVerificationError):
                contexts[0].wrap_socket(left, server_hostname="example.org")
            with pytest.raises((ssl.SSLError, OSError)):
                serving.wait()

    def test_timeout(self, contexts):
        left, right = socket.socketpair()
        with right:
            left.settimeout(0.01)
            with pytest.raises(OSError, match="handshake operation timed out"):
                contexts[0].wrap_socket(left, server_hostname="localhost")

    def test_later(self, contexts, spawn):
        left, right = socket.socketpair()
        client = contexts[0].wrap_socket(left, server_hostname="localhost", do_handshake_on_connect=False)
        server = contexts[1].wrap_socket(right, server_side=True, do_handshake_on_connect=False)
        with client, server:
            spawn(server.do_handshake)
            client.do_handshake()
            assert client.version()

    def test_non_blocking_by_hand(self, contexts, spawn):
        left, right = socket.socketpair()
        left.setblocking(False)
        with pytest.raises(ValueError, match="non-blocking"):
            contexts[0].wrap_socket(left, server_hostname="localhost")
        left, right2 = socket.socketpair()
        left.setblocking(False)
        right.close()
        client = contexts[0].wrap_socket(left, server_hostname="localhost", do_handshake_on_connect=False)
        server = contexts[1].wrap_socket(right2, server_side=True, do_handshake_on_connect=False)
        with client, server:
            with pytest.raises(ssl.SSLWantReadError):
                client.do_handshake()
            serving = spawn(server.do_handshake)
            client.do_handshake(block=True)
            serving.wait()
            assert client.gettimeout() == 0

    def test_connect_after_wrapping(self, tls_listener, contexts, spawn):
        accepting = spawn(tls_listener.accept)
        client = contexts[0].wrap_socket(socket.socket(), server_hostname="localhost")
        serving = spawn(lambda: accepting.wait()[0].recv(1))
        with client:
            client.connect(tls_listener.getsockname())
            client.sendall(b"x")
            assert serving.wait() == b"x"
        accepting.wait()[0].close()


class TestWrapSocket:
    def test_both_sides(self, hub, spawn):
        left, right = socket.socketpair()
        serving = spawn(ssl.wrap_socket, right, keyfile=KEY, certfile=CERT, server_side=True)
        with ssl.wrap_socket(left, cert_reqs=ssl.CERT_REQUIRED, ca_certs=CERT) as client, serving.wait() as server:
            client.sendall(b"x")
            assert server.recv(1) == b"x"

    def test_upstream_s_constructor(self, hub, spawn):
        left, right = socket.socketpair()
        serving = spawn(ssl.GreenSSLSocket, right, KEY, CERT, server_side=True)
        with ssl.GreenSSLSocket(left) as client, serving.wait() as server:
            client.sendall(b"x")
            assert server.recv(1) == b"x"
        with pytest.raises(TypeError):
            ssl.GreenSSLSocket()

    def test_wrong_arguments(self, hub):
        with socket.socket() as sock:
            with pytest.raises(ValueError, match="certfile"):
                ssl.wrap_socket(sock, server_side=True)
            with pytest.raises(ValueError, match="certfile"):
                ssl.wrap_socket(sock, keyfile=KEY)
        with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(NotImplementedError):
            ssl.wrap_socket(sock)

    def test_convenience(self, hub, spawn):
        listener = eventlet.wrap_ssl(eventlet.listen(("127.0.0.1", 0)), certfile=CERT, keyfile=KEY, server_side=True)
        with listener:
            serving = spawn(
                eventlet.serve, listener, lambda connection, address: connection.sendall(connection.recv(9))
            )
            with eventlet.wrap_ssl(eventlet.connect(listener.getsockname())) as client:
                client.sendall(b"echo")
                assert client.recv(9) == b"echo"
            serving.kill()


class TestWithOthers:
    def test_a_standard_client_in_a_thread(self, tls_listener, spawn):
        def client():
            context = standard.create_default_context(cafile=CERT)

            with standard_socket.create_connection(tls_listener.getsockname()) as sock:
                with context.wrap_socket(sock, server_hostname="localhost") as wrapped:
                    wrapped.sendall(b"ping")
                    return wrapped.recv(4)

        thread = OSThread(client)
        connection, _ = tls_listener.accept()
        with connection:
            assert connection.recv(4) == b"ping"
            connection.sendall(b"pong")
            assert thread.join() == b"pong"

    def test_get_server_certificate(self, tls_listener, spawn):
        def serve():
            with tls_listener.accept()[0] as connection:
                connection.version()

        serving = spawn(serve)
        pem = ssl.get_server_certificate(tls_listener.getsockname(), timeout=20)
        serving.wait()
        assert ssl.PEM_cert_to_DER_cert(pem) == ssl.PEM_cert_to_DER_cert(Path(CERT).read_text())

    def test_contexts_are_green(self, hub):
        for make in (ssl.create_default_context, ssl._create_unverified_context, ssl._create_default_https_context):
            context = make()
            assert type(context) is ssl.GreenSSLContext is ssl.SSLContext
            assert context.options
            assert context.minimum_version
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.verify_flags |= 0
        assert standard.create_default_context().sslsocket_class is standard.SSLSocket
