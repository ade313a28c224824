"""What TLS can do beyond passing bytes: sessions, ALPN, SNI, client certificates; and SSLSocket's other methods."""

import contextlib
import io
import sys
import warnings

import pytest

import eventlet
from eventlet.green import socket, ssl
from tests.helpers import check_python
from tests.helpers.tls import (
    CERT,
    KEY,
    OTHER_CERT,
    OTHER_KEY,
    TLS_1_2,
    TLS_1_3,
    client_context,
    read_exactly,
    server_context,
)

PYTHON_3_9 = sys.version_info < (3, 10)  # has OpenSSL 3 take an end for a good-bye
VERSIONS = [TLS_1_2, TLS_1_3]


@pytest.fixture(params=VERSIONS, ids=lambda version: version.name)
def version(request):
    return request.param


@contextlib.contextmanager
def connected(client, server, spawn, hostname="localhost", **options):
    """A client and a server of these contexts, over TCP; the handshake is the server's first use of its side."""
    with server.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True) as listener:
        accepting = spawn(listener.accept)
        raw = socket.create_connection(listener.getsockname())
        with raw, accepting.wait()[0] as served:
            shaking = spawn(attempt, served.do_handshake)
            with client.wrap_socket(raw, server_hostname=hostname, **options) as wrapped:
                shaking.wait()
                yield wrapped, served


def attempt(function):
    """Call it, and return its error if that is one of TLS: the peer has got one too, and is who tells."""
    try:
        function()
    except OSError as error:
        return error
    return None


def test_a_session_is_resumed(contexts, spawn, version):
    client, server = contexts
    client.maximum_version = version
    with connected(client, server, spawn) as (wrapped, served):
        served.sendall(b"x")
        assert wrapped.recv(1) == b"x"  # and the session ticket, which comes after the handshake in TLS 1.3
        assert not wrapped.session_reused
        session = wrapped.session
        assert session.has_ticket
    with connected(client, server, spawn, session=session) as (wrapped, served):
        assert wrapped.session_reused
        assert served.session_reused
        assert wrapped.version() == version.name.replace("_", ".")
        wrapped.sendall(b"x")
        assert served.recv(1) == b"x"


def test_a_session_belongs_to_its_context(contexts, spawn, version):
    client, server = contexts
    client.maximum_version = version
    with connected(client, server, spawn) as (wrapped, served):
        served.sendall(b"x")
        wrapped.recv(1)
        session = wrapped.session
        with pytest.raises(TypeError):
            wrapped.session = "no session"
    for left in socket.socketpair():
        with left:
            with pytest.raises(ValueError, match="different SSLContext"):
                client_context().wrap_socket(left, server_hostname="localhost", session=session)
    for left in socket.socketpair():
        with left, pytest.raises(ValueError, match="client mode"):
            server.wrap_socket(left, server_side=True, session=session)


@pytest.mark.parametrize(
    ("offered", "accepted", "chosen"),
    [(["h2", "http/1.1"], ["http/1.1"], "http/1.1"), (["h2"], ["http/1.1"], None), (["h2"], [], None)],
)
def test_alpn(contexts, spawn, version, offered, accepted, chosen):
    client, server = contexts
    client.maximum_version = version
    client.set_alpn_protocols(offered)
    if accepted:
        server.set_alpn_protocols(accepted)
    with connected(client, server, spawn) as (wrapped, served):
        assert wrapped.selected_alpn_protocol() == served.selected_alpn_protocol() == chosen


def test_a_server_of_two_names(contexts, spawn, version):
    client, server = contexts
    client.maximum_version = version
    client.load_verify_locations(OTHER_CERT)
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    other.load_cert_chain(OTHER_CERT, OTHER_KEY)
    asked = []

    def choose(connection, name, context):
        asked.append((type(connection), name, context is server))
        if name == "other.example":
            connection.context = other

    server.sni_callback = choose
    for name in ("localhost", "other.example"):
        with connected(client, server, spawn, name) as (wrapped, served):
            assert wrapped.getpeercert()["subject"][0][0][1] == name
            assert wrapped.server_hostname == name
            assert served.context is (other if name == "other.example" else server)
            wrapped.sendall(b"x")
            assert served.recv(1) == b"x"
    assert asked == [(ssl.SSLSocket, "localhost", True), (ssl.SSLSocket, "other.example", True)]


def test_a_server_that_refuses_a_name(contexts, spawn):
    client, server = contexts
    server.sni_callback = lambda connection, name, context: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    with pytest.raises(ssl.SSLError, match="(?i)unrecognized.name"), connected(client, server, spawn):
        pass


class TestClientCertificates:
    @pytest.fixture
    def strict(self, contexts, version):
        client, server = contexts
        client.maximum_version = version
        server.verify_mode = ssl.CERT_REQUIRED
        server.load_verify_locations(CERT)
        return client, server

    def test_verified(self, strict, spawn):
        client, server = strict
        client.load_cert_chain(CERT, KEY)
        with connected(client, server, spawn) as (wrapped, served):
            assert served.getpeercert()["subject"] == wrapped.getpeercert()["subject"]
            assert served.getpeercert(True)

    @pytest.mark.parametrize("certificate", [None, (OTHER_CERT, OTHER_KEY)])
    def test_refused(self, strict, spawn, certificate):
        client, server = strict
        if certificate:
            client.load_cert_chain(*certificate)
        with server.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True) as listener:
            accepting = spawn(listener.accept)
            raw = socket.create_connection(listener.getsockname())
            with raw, accepting.wait()[0] as served:
                using = spawn(attempt, lambda: served.recv(1))
                # TLS 1.3 lets the client finish before the server has looked at its certificate.
                with pytest.raises(ssl.SSLError, match="(?i)alert"):
                    with client.wrap_socket(raw, server_hostname="localhost") as wrapped:
                        wrapped.recv(1)
                error = using.wait()
                assert isinstance(error, ssl.SSLError)
                assert error.reason in ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "CERTIFICATE_VERIFY_FAILED")
                assert served.fileno() == -1

    def test_asked_for_later(self, contexts, spawn):
        client, server = contexts
        client.load_cert_chain(CERT, KEY)
        client.post_handshake_auth = server.post_handshake_auth = True
        server.load_verify_locations(CERT)
        server.verify_mode = ssl.CERT_REQUIRED
        with connected(client, server, spawn) as (wrapped, served):
            if served.version() != "TLSv1.3":
                pytest.skip("this OpenSSL has no TLS 1.3")
            assert served.getpeercert() is None
            served.verify_client_post_handshake()
            served.sendall(b"who?")
            assert wrapped.recv(4) == b"who?"
            wrapped.sendall(b"me")
            assert served.recv(2) == b"me"
            assert served.getpeercert()["subject"]


class TestMethods:
    def test_read(self, tls_pair):
        client, server = tls_pair
        client.sendall(b"0123456789")
        buffer = bytearray(b"----")
        assert server.read(2) == b"01"
        assert server.pending() == 8
        assert server.read(3, buffer) == 3
        assert buffer == b"234-"
        assert server.recv_into(memoryview(buffer)[1:], 2) == 2
        assert buffer == b"256-"
        assert server.read(0) == server.recv(0) == b""
        assert server.read(100, buffer) == 3  # the room that there is
        assert buffer == b"789-"
        assert server.pending() == 0

    def test_read_into_much(self, tls_pair, spawn):
        client, server = tls_pair
        data = bytes(range(256)) * 4000
        sending = spawn(client.sendall, data)
        buffer = bytearray(len(data))
        with memoryview(buffer) as view:
            count = 0
            while count < len(data):
                count += server.recv_into(view[count:])
        assert buffer == data
        sending.wait()

    def test_small_records_that_come_together_are_read_together(self, tls_pair):
        client, server = tls_pair
        for digit in b"0123456789":
            client.sendall(bytes([digit]))
        assert read_exactly(server, 10) == b"0123456789"
        for digit in b"0123456789":
            client.sendall(bytes([digit]))
        buffer = bytearray(10)
        count = 0
        while count < 10:
            count += server.recv_into(memoryview(buffer)[count:])
        assert buffer == b"0123456789"

    def test_makefile_reads_lines_and_the_end(self, tls_pair, spawn):
        client, server = tls_pair

        def send():
            with client.makefile("w") as stream:
                stream.writelines(f"line {number}\n" for number in range(20_000))
            client.unwrap()

        sending = spawn(send)
        with server.makefile() as stream:
            assert list(stream) == [f"line {number}\n" for number in range(20_000)]
        server.unwrap()
        sending.wait()

    def test_sendfile(self, tls_pair, spawn, tmp_path):
        client, server = tls_pair
        data = b"0123456789" * 30_000
        path = tmp_path / "file"
        path.write_bytes(data)
        with path.open("rb") as file:
            sending = spawn(client.sendfile, file, 10, len(data) - 20)
            assert read_exactly(server, len(data) - 20) == data[10:-10]
            assert sending.wait() == len(data) - 20
            assert file.tell() == len(data) - 10
        assert client.sendfile(io.BytesIO(b"in memory")) == 9
        assert server.recv(100) == b"in memory"

    def test_every_kind_of_buffer(self, tls_pair):
        import array

        client, server = tls_pair
        for data in (bytearray(b"abcd"), memoryview(b"abcd"), memoryview(b"-a-b-c-d")[1::2].tobytes()):
            client.sendall(data)
            assert server.recv(10) == b"abcd"
        numbers = array.array("i", [1, 2, 3])
        client.sendall(numbers)
        assert server.recv(100) == numbers.tobytes()
        assert client.send(numbers) == len(numbers.tobytes())
        assert server.recv(100) == numbers.tobytes()
        for method in (client.send, client.sendall, client.write):
            with pytest.raises(TypeError):
                method("text")
        client.sendall(b"goes on")
        assert server.recv(100) == b"goes on"

    def test_shutdown(self, tls_pair):
        client, server = tls_pair
        client.shutdown(socket.SHUT_WR)
        assert server.recv(10) == b""
        with pytest.raises(ValueError, match="No SSL wrapper"):
            client.unwrap()
        with pytest.raises(ValueError, match="closed or unwrapped"):
            client.read(10)
        with pytest.raises(ValueError, match="closed or unwrapped"):
            client.write(b"x")

    @pytest.mark.parametrize("suppress", [True, False])
    def test_ragged_end(self, contexts, spawn, suppress):
        with connected(*contexts, spawn, suppress_ragged_eofs=suppress) as (client, server):
            server.sendall(b"x")
            assert client.recv(1) == b"x"
            socket.socket(fileno=server.detach()).close()
            for _ in range(2):
                if suppress or PYTHON_3_9:
                    assert client.recv(1) == b""
                    assert client.recv_into(bytearray(1)) == 0
                else:
                    with pytest.raises(ssl.SSLError):
                        client.recv(1)

    def test_after_the_good_bye_of_the_other_side_there_is_nothing_to_read(self, tls_pair, spawn):
        client, server = tls_pair
        client.sendall(b"last words")
        saying = spawn(client.unwrap)
        eventlet.sleep(0)
        assert server.recv(100) == b"last words"
        for _ in range(3):
            assert server.recv(100) == b""
            assert server.recv_into(bytearray(10)) == 0
        server.sendall(b"but one can still write")
        with pytest.raises(ssl.SSLError, match="(?i)application.data.after.close.notify"):
            saying.wait()


class TestWrapSocket:
    def test_every_parameter(self, hub, spawn):
        left, right = socket.socketpair()
        options = {"ssl_version": ssl.PROTOCOL_TLS, "suppress_ragged_eofs": True, "do_handshake_on_connect": False}
        server = ssl.wrap_socket(
            right, keyfile=KEY, certfile=CERT, server_side=True, cert_reqs=ssl.CERT_OPTIONAL, ca_certs=CERT, **options
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the version has been out of fashion since Python 3.10
            client = ssl.wrap_socket(
                left, KEY, CERT, False, ssl.CERT_REQUIRED, ssl.PROTOCOL_TLSv1_2, CERT, False, True, "ECDHE+AESGCM"
            )
        with server, client:
            serving = spawn(server.do_handshake)
            client.do_handshake()
            serving.wait()
            assert client.version() == "TLSv1.2"
            assert client.cipher()[0].startswith("ECDHE")
            assert client.getpeercert() == server.getpeercert() != {}

    def test_a_certificate_that_is_not_trusted(self, hub, spawn):
        left, right = socket.socketpair()
        serving = spawn(attempt, lambda: ssl.wrap_socket(right, OTHER_KEY, OTHER_CERT, server_side=True))
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.wrap_socket(left, cert_reqs=ssl.CERT_REQUIRED, ca_certs=CERT)
        assert isinstance(serving.wait(), ssl.SSLError)


def test_contexts_for_both_purposes(hub, spawn):
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(CERT, KEY)
    assert server.sslsocket_class is ssl.GreenSSLSocket
    with connected(ssl.create_default_context(cafile=CERT), server, spawn) as (client, served):
        assert type(client) is type(served) is ssl.GreenSSLSocket


def test_contexts_make_the_class_that_they_are_told_to(contexts, spawn):
    class Mine(ssl.SSLSocket):
        pass

    client, server = contexts
    client.sslsocket_class = server.sslsocket_class = Mine
    with connected(client, server, spawn) as (wrapped, served):
        assert type(wrapped) is type(served) is Mine
        wrapped.sendall(b"x")
        assert served.recv(1) == b"x"


def test_objects_in_memory_are_the_standard_ones(hub):
    import ssl as standard

    assert ssl.MemoryBIO is standard.MemoryBIO
    assert ssl.SSLObject is standard.SSLObject
    bios = [ssl.MemoryBIO() for _ in range(4)]
    client = client_context().wrap_bio(bios[0], bios[1], server_hostname="localhost")
    server = server_context().wrap_bio(bios[2], bios[3], server_side=True)
    assert type(client) is standard.SSLObject
    for _ in range(3):
        for side in (client, server):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
            bios[2].write(bios[1].read())
            bios[0].write(bios[3].read())
    client.write(b"x")
    bios[2].write(bios[1].read())
    assert server.read(1) == b"x"


ASYNCIO = """
    import eventlet
    eventlet.monkey_patch()
    import asyncio, ssl, threading
    from tests.helpers.tls import CERT, KEY

    async def main():
        server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server_context.load_cert_chain(CERT, KEY)

        async def serve(reader, writer):
            writer.write(await reader.readexactly(1_000_000))
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_context)
        port = server.sockets[0].getsockname()[1]
        context = ssl.create_default_context(cafile=CERT)

        async def ask(byte):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
            writer.write(byte * 1_000_000)
            answer = await reader.readexactly(1_000_000)
            writer.close()
            return answer == byte * 1_000_000

        # A blocking client in a green thread of the same process.
        def ask_green():
            import socket
            with socket.create_connection(("127.0.0.1", port)) as raw:
                with context.wrap_socket(raw, server_hostname="localhost") as sock:
                    sending = eventlet.spawn(sock.sendall, b"g" * 1_000_000)
                    got = 0
                    while got < 1_000_000:
                        got += len(sock.recv(65536))
                    sending.wait()
                    return got

        green = asyncio.get_running_loop().run_in_executor(None, ask_green)
        print(await asyncio.gather(*(ask(byte) for byte in (b"a", b"b", b"c"))), await green)
        server.close()

    asyncio.run(main())
"""


def test_asyncio_when_patched(backend):
    assert check_python(ASYNCIO, environment={"EVENTLET_HUB": backend.Hub.name}) == "[True, True, True] 1000000\n"
