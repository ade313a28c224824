"""Several green threads on one TLS connection."""

import ssl as standard
import sys

import pytest

import eventlet
from eventlet.green import select, socket, ssl
from tests.helpers import settle
from tests.helpers.tls import client_context, read_exactly, server_context

BIG = 700_001


@pytest.mark.parametrize("send", ["sendall", "send", "write"])
def test_what_is_given_to_one_call_goes_out_in_one_piece(tls_pair, spawn, send):
    client, server = tls_pair
    writers = [spawn(getattr(client, send), letter * BIG) for letter in (b"a", b"b", b"c")]
    assert read_exactly(server, 3 * BIG) == b"a" * BIG + b"b" * BIG + b"c" * BIG
    assert [writer.wait() for writer in writers] == [None if send == "sendall" else BIG] * 3


def test_everybody_reads_and_writes_at_once(tls_pair, spawn):
    writers = [spawn(sock.sendall, letter * BIG) for sock in tls_pair for letter in (b"a", b"b")]
    readers = [spawn(read_exactly, sock, 2 * BIG) for sock in tls_pair]
    assert [reader.wait() for reader in readers] == [b"a" * BIG + b"b" * BIG] * 2
    assert [writer.wait() for writer in writers] == [None] * 4


def test_two_readers_are_an_error(tls_pair, spawn):
    client, server = tls_pair
    first = spawn(client.recv, 10)
    settle()
    with pytest.raises(RuntimeError, match="second simultaneous read"):
        client.recv(10)
    server.sendall(b"x")
    assert first.wait() == b"x"


def test_two_readers_share_when_the_check_is_off(tls_pair, spawn, monkeypatch):
    from eventlet.hubs.hub import BaseHub

    monkeypatch.setattr(BaseHub, "prevent_multiple_readers", False)
    client, server = tls_pair
    readers = [spawn(client.recv, 1) for _ in range(3)]
    settle()
    server.sendall(b"1")
    settle()
    server.sendall(b"23")
    assert sorted(reader.wait() for reader in readers) == [b"1", b"2", b"3"]


@pytest.mark.parametrize("end", ["kill", "timeout"])
def test_a_writer_that_is_interrupted_leaves_a_stream_that_goes_on(tls_pair, spawn, end):
    client, server = tls_pair
    writer = spawn(client.sendall, b"a" * 30_000_000)
    settle()
    waiting = spawn(client.sendall, b"(next)")
    settle()
    if end == "kill":
        writer.kill()
    else:
        client.settimeout(0.001)
        with pytest.raises(OSError, match="write operation timed out"):
            client.sendall(b"never gets its turn")
        client.settimeout(None)
        writer.kill(ssl.SSLError("interrupted"))
        with pytest.raises(ssl.SSLError, match="interrupted"):
            writer.wait()
    got = bytearray()
    while not got.endswith(b"(next)"):
        got += server.recv(65536)
    assert got == b"a" * (len(got) - 6) + b"(next)"
    waiting.wait()


def test_a_write_that_timed_out_can_be_made_again(tls_pair, spawn):
    client, server = tls_pair
    client.settimeout(0.01)
    data = bytes(range(256)) * 10_000
    attempts = 0
    reading = None
    while True:
        attempts += 1
        try:
            assert client.send(data) == len(data)
            break
        except socket.timeout:
            reading = reading or spawn(read_exactly, server, len(data))
    assert attempts > 1
    client.sendall(b"")
    assert reading.wait() == data


def test_without_waiting_a_write_is_made_again_until_it_succeeds(tls_pair, spawn):
    client, server = tls_pair
    client.setblocking(False)
    data = b"".join(b"%07d." % number for number in range(300_000))
    reading = spawn(read_exactly, server, len(data))
    sent = would_block = 0
    while sent < len(data):
        try:
            sent += client.send(data[sent : sent + 50_000])
        except ssl.SSLWantWriteError:
            would_block += 1
            eventlet.sleep(0)
    assert would_block
    assert reading.wait() == data


def test_while_another_one_writes_who_may_not_wait_gets_an_error(tls_pair, spawn):
    client, server = tls_pair
    writer = spawn(client.sendall, b"x" * 30_000_000)
    settle()
    client.setblocking(False)
    with pytest.raises(ssl.SSLWantWriteError):
        client.send(b"x")
    writer.kill()


def test_closing_ends_all_writers(tls_pair, spawn):
    client, server = tls_pair
    writers = [spawn(client.sendall, b"x" * 30_000_000) for _ in range(3)]
    settle()
    client.close()
    for writer in writers:
        with pytest.raises(OSError, match="descriptor|closed"):
            writer.wait()


def test_a_handshake_that_is_due_is_done_once_for_a_reader_and_writers(tls_listener, contexts, spawn):
    accepting = spawn(tls_listener.accept)
    with socket.create_connection(tls_listener.getsockname()) as client:
        with accepting.wait()[0] as connection:
            reader = spawn(connection.recv, 10)
            writers = [spawn(connection.sendall, letter * BIG) for letter in (b"a", b"b")]
            asking = spawn(connection.version)
            settle()
            with contexts[0].wrap_socket(client, server_hostname="localhost") as wrapped:
                assert asking.wait() == wrapped.version()
                got = read_exactly(wrapped, 2 * BIG)
                assert got in (b"a" * BIG + b"b" * BIG, b"b" * BIG + b"a" * BIG)
                wrapped.sendall(b"x")
                assert reader.wait() == b"x"
                assert [writer.wait() for writer in writers] == [None, None]


def test_a_reader_and_a_good_bye_at_once(tls_pair, spawn):
    client, server = tls_pair

    def read():
        with pytest.raises(ssl.SSLZeroReturnError):  # what OpenSSL says when both have said good-bye
            client.recv(10)

    reader = spawn(read)
    settle()
    good_bye = spawn(client.unwrap)
    settle()
    assert server.recv(10) == b""
    assert server.unwrap() is server
    reader.wait()
    assert good_bye.wait() is client
    server.sendall(b"clear text")
    assert client.recv(10) == b"clear text"


def test_select_tells_of_everything_that_the_last_recv_left(tls_pair, spawn):
    client, server = tls_pair
    messages = [b"%03d" % number * (1 + number % 50) for number in range(500)]
    spawn(lambda: [client.sendall(message) for message in messages])
    expected = b"".join(messages)
    got = bytearray()
    while len(got) < len(expected):
        assert server.pending() or select.select([server], [], [], 20)[0]
        got += server.recv(1 + len(got) % 700)
    assert got == expected


@pytest.mark.parametrize("asked", [65536, 16384, 16383, 700])
def test_long_records_and_short_ones_in_any_order(tls_pair, spawn, asked):
    client, server = tls_pair
    lengths = [16384, 16384, 16384, 5000, 5000, 1, 16384, 16384, 0, 16384, 4096, 4097, 4097, 4096, 16000, 15999, 2] * 3
    pieces = [bytes([number]) * length for number, length in enumerate(lengths)]

    def send():
        for piece in pieces:
            client.sendall(piece)
        client.sendall(b"".join(pieces))  # in records of 16 KiB, but for the last
        client.unwrap()

    sender = spawn(send)
    got = bytearray()
    expected_long = False
    while data := server.recv(asked):
        assert len(data) <= asked
        got += data
        expected_long |= bool(server._expected)
    assert got == b"".join(pieces) * 2
    assert expected_long or asked < 16384  # the short way was taken
    assert server.recv(asked) == b""
    server.unwrap()
    sender.wait()


@pytest.mark.parametrize("size", [10, 10_000])
def test_a_record_that_comes_in_pieces_has_one_timeout(autojump_hub, spawn, size):
    incoming, outgoing = standard.MemoryBIO(), standard.MemoryBIO()
    memory = client_context(standard).wrap_bio(incoming, outgoing, server_hostname="localhost")
    left, right = socket.socketpair()
    serving = spawn(server_context().wrap_socket, right, server_side=True)
    while not serving.dead:
        try:
            memory.do_handshake()
        except ssl.SSLWantReadError:
            left.sendall(outgoing.read())
            incoming.write(left.recv(65536))
        else:
            left.sendall(outgoing.read())
            eventlet.sleep(0.1)
    with left, serving.wait() as server:
        for _ in range(2):
            memory.write(b"x" * size)
            left.sendall(outgoing.read())
            assert server.recv(65536) == b"x" * size
        memory.write(b"y" * size)
        record = outgoing.read()
        server.settimeout(5)
        server._record.readable = False  # as it is over TCP when one has read all
        start = autojump_hub.clock()
        spawn(lambda: [(eventlet.sleep(4), left.sendall(piece)) for piece in (record[:20], record[20:])])
        with pytest.raises(socket.timeout):
            server.recv(65536)
        assert autojump_hub.clock() == start + 5
        assert server.recv(65536) == b"y" * size


def test_a_connection_that_breaks_amid_long_records(contexts, spawn):
    """What came before is received, then the error of a connection that ends without good-bye."""
    left, right = socket.socketpair()
    serving = spawn(contexts[1].wrap_socket, right, server_side=True, suppress_ragged_eofs=False)
    client = contexts[0].wrap_socket(left, server_hostname="localhost")
    with client, serving.wait() as server:
        client.sendall(b"x" * 60000)
        raw = socket.socket(fileno=client.detach())
        raw.shutdown(socket.SHUT_WR)
        got, error = b"", None
        try:
            while data := server.recv(65536):
                got += data
        except ssl.SSLEOFError as raised:
            error = raised
        assert got == b"x" * 60000
        assert error is not None or sys.version_info < (3, 10)  # whose contexts ignore it, with OpenSSL 3
        raw.close()


def test_a_good_bye_behind_data_is_left_for_select_to_tell_of(tls_pair, spawn):
    """As in ftplib: the client waits for the answer to its good-bye, so that nothing else would ever come."""
    client, server = tls_pair
    server.setblocking(False)
    client.sendall(b"data")
    good_bye = spawn(client.unwrap)
    settle()  # both are in the server's buffer now
    assert select.select([server], [], [], 20)[0]
    assert server.recv(1000) == b"data"
    assert select.select([server], [], [], 20)[0]
    assert server.recv(1000) == b""
    server.unwrap()
    assert good_bye.wait() is client


def test_clear_text_that_follows_the_good_bye_at_once_is_not_lost(contexts, spawn):
    left, right = socket.socketpair()
    serving = spawn(contexts[1].wrap_socket, right, server_side=True)
    client = contexts[0].wrap_socket(left, server_hostname="localhost")
    with client, serving.wait() as server:
        server.sendall(b"x")
        assert client.recv(1) == b"x"
        client.setblocking(False)
        with pytest.raises(ssl.SSLWantReadError):
            client.unwrap()
        raw = socket.socket(fileno=client.detach())
        with raw:
            raw.sendall(b"clear text")
            assert server.recv(4096) == b""
            server.unwrap()
            assert server.recv(5) == b"clear"
            buffer = bytearray(10)
            assert server.recv_into(buffer) == 5
            assert buffer[:5] == b" text"
            raw.sendall(b"more")
            assert server.recv(5) == b"more"
