"""Every public method of a green socket, on every kind of socket and every hub."""

from __future__ import annotations

import array
import errno
import gc
import io
import os
import pickle
import random
import socket
import threading
import warnings

import pytest

from eventlet.greenio import GreenSocket, set_nonblocking, shutdown_safe
from eventlet.greenthread import sleep, spawn
from tests.helpers import OSThread, fill_send_buffer, open_fds, settle
from tests.helpers.sockets import KINDS, connected_pair, datagram_pair, receive_all, reset


def error_of(call, *arguments):
    """Return the errno that `call` fails with."""
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the errno is what is looked at
        call(*arguments)
    return caught.value.errno


def parked(thread):
    """Let everything run; fail unless `thread` waits still. Return it."""
    settle()
    assert not thread.dead
    return thread


# ---- reading and writing


def test_recv_waits_for_data(hub, streams, spawn):
    left, right = streams
    reader = parked(spawn(left.recv, 10))
    right.send(b"hello")
    assert reader.wait() == b"hello"


def test_recv_returns_what_is_there_without_waiting(hub, streams):
    left, right = streams
    right.sendall(b"hello")
    assert left.recv(2) == b"he"
    assert left.recv(2) == b"ll"
    assert left.recv(2) == b"o"


def test_recv_of_nothing_is_empty_at_once(hub, streams):
    left, right = streams
    right.send(b"x")
    assert left.recv(9) == b"x"  # now it is known that nothing is there
    assert left.recv(0) == b""
    assert left.recv_into(bytearray(0)) == 0
    assert left.recv_into(bytearray(0), 0) == 0


BAD_ARGUMENTS = [
    ("recv", (-1,), ValueError),
    ("recv", ("1",), TypeError),
    ("recv", (), TypeError),
    ("recv_into", (b"read only",), TypeError),
    ("recv_into", (bytearray(2), 3), ValueError),
    ("recv_into", (bytearray(2), -1), ValueError),
    ("recvfrom", (-1,), ValueError),
    ("recvfrom_into", (bytearray(2), 3), ValueError),
    ("recvmsg", (-1,), ValueError),
    ("recvmsg_into", ([b"read only"],), (TypeError, BufferError)),
    ("send", ("text",), TypeError),
    ("sendall", ("text",), TypeError),
    ("sendall", (None,), TypeError),
    ("sendto", (b"data",), TypeError),
    ("sendmsg", (5,), TypeError),
]


def test_bad_arguments_are_errors_at_the_call(hub, green_pair):
    left, right = green_pair
    for method, arguments, error in BAD_ARGUMENTS:
        right.send(b"x")
        assert left.recv(9) == b"x"
        with pytest.raises(error):
            getattr(left, method)(*arguments)
    right.send(b"fine")
    assert left.recv(9) == b"fine"


def test_recv_into_fills_any_buffer(hub, streams, spawn):
    left, right = streams
    for buffer in (bytearray(10), array.array("B", bytes(10)), memoryview(bytearray(12))[1:11]):
        reader = parked(spawn(left.recv_into, buffer))
        right.send(b"hello")
        assert reader.wait() == 5
        assert bytes(buffer)[:5] == b"hello"
        right.send(b"world")
        assert left.recv_into(buffer, 3) == 3
        assert left.recv_into(buffer, 3) == 2
        assert bytes(buffer)[:5] == b"ldrlo"


def test_recvfrom_and_recvfrom_into_on_streams(hub, streams, spawn):
    left, right = streams
    reader = parked(spawn(left.recvfrom, 10))
    right.send(b"hello")
    data, address = reader.wait()
    assert data == b"hello"
    buffer = bytearray(10)
    reader = parked(spawn(left.recvfrom_into, buffer, 4))
    right.send(b"world")
    assert reader.wait()[0] == 4
    assert buffer[:4] == b"worl"


def test_recvmsg_and_recvmsg_into(hub, streams, spawn):
    left, right = streams
    reader = parked(spawn(left.recvmsg, 10))
    right.send(b"hello")
    assert reader.wait()[:2] == (b"hello", [])
    buffers = [bytearray(2), bytearray(5)]
    reader = parked(spawn(left.recvmsg_into, iter(buffers)))
    right.send(b"world")
    assert reader.wait()[0] == 5
    assert buffers == [b"wo", b"rld\0\0"]


def test_peek_leaves_the_data(hub, streams, spawn):
    left, right = streams
    reader = parked(spawn(left.recv, 10, socket.MSG_PEEK))
    right.send(b"hello")
    assert reader.wait() == b"hello"
    assert left.recv(2, socket.MSG_PEEK) == b"he"
    assert left.recv(10, socket.MSG_PEEK) == b"hello"
    assert left.recv(10) == b"hello"


def test_dontwait_does_not_wait(hub, streams):
    # The usual way to see whether a connection is still good.
    left, right = streams
    for _ in range(2):
        with pytest.raises(BlockingIOError):
            left.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK)
        with pytest.raises(BlockingIOError):
            left.recv_into(bytearray(1), 1, socket.MSG_DONTWAIT)
        with pytest.raises(BlockingIOError):
            left.recvfrom(1, socket.MSG_DONTWAIT)
        with pytest.raises(BlockingIOError):
            left.recvmsg(1, 0, socket.MSG_DONTWAIT)
        right.send(b"x")
        assert left.recv(10, socket.MSG_DONTWAIT) == b"x"
    with pytest.raises(BlockingIOError):
        while True:
            left.send(bytes(65536), socket.MSG_DONTWAIT)
    with pytest.raises(BlockingIOError):
        left.sendall(bytes(65536), socket.MSG_DONTWAIT)
    with pytest.raises(BlockingIOError):
        left.sendmsg([bytes(65536)], [], socket.MSG_DONTWAIT)


def test_waitall_waits_for_all(hub, streams, spawn):
    left, right = streams
    buffer = bytearray(6)

    def receive_into():
        return bytes(buffer[: left.recv_into(buffer, 0, socket.MSG_WAITALL)])

    for receive in (lambda: left.recv(6, socket.MSG_WAITALL), receive_into):
        reader = parked(spawn(receive))
        right.send(b"abc")
        parked(reader)
        right.send(b"defgh")
        assert reader.wait() == b"abcdef"
        assert left.recv(9) == b"gh"
    reader = parked(spawn(receive_into))
    right.send(b"end")
    parked(reader)
    right.close()
    assert reader.wait() == b"end"
    assert left.recv(6, socket.MSG_WAITALL) == b""


def test_send_returns_how_much_went_out(hub, streams):
    left, right = streams
    assert left.send(b"hello") == 5
    assert left.send(memoryview(b"hello")[1:]) == 4
    assert left.send(b"") == 0
    assert right.recv(100) == b"helloello"


def test_send_waits_for_room(hub, streams, spawn):
    left, right = streams
    left.setblocking(False)
    amount = fill_send_buffer(left)
    left.setblocking(True)
    sender = parked(spawn(left.send, b"more"))
    while amount:
        amount -= len(right.recv(min(amount, 65536)))
    assert sender.wait() == 4
    assert right.recv(9) == b"more"


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, lambda data: array.array("I", data)])
def test_sendall_sends_any_buffer_whole(hub, tcp, spawn, wrap):
    left, right = tcp
    data = random.Random(1).randbytes(1_500_000)
    reader = spawn(receive_all, right)
    assert left.sendall(wrap(data)) is None
    left.shutdown(socket.SHUT_WR)
    assert reader.wait() == data


def test_sendall_of_nothing(hub, streams):
    for nothing in (b"", bytearray(), memoryview(b""), array.array("I")):
        assert streams[0].sendall(nothing) is None


def test_sendmsg_gathers(hub, streams, spawn):
    left, right = streams
    assert left.sendmsg(iter([b"he", bytearray(b"ll"), memoryview(b"o")])) == 5
    assert right.recv(10) == b"hello"
    left.setblocking(False)
    amount = fill_send_buffer(left)
    left.setblocking(True)
    sender = parked(spawn(left.sendmsg, [b"m", b"ore"]))
    while amount:
        amount -= len(right.recv(min(amount, 65536)))
    assert sender.wait() == 4


@pytest.mark.parametrize(("offset", "count"), [(0, None), (5, None), (7, 100_000), (2_000_000, None), (0, 9_000_000)])
def test_sendfile(hub, green_pair, spawn, tmp_path, offset, count):
    left, right = green_pair
    data = random.Random(2).randbytes(1_000_000)
    (tmp_path / "data").write_bytes(data)
    expected = data[offset:] if count is None else data[offset : offset + count]
    reader = spawn(receive_all, right)
    with open(tmp_path / "data", "rb") as file:
        assert left.sendfile(file, offset, count) == len(expected)
        if expected:
            assert file.tell() == offset + len(expected)
    left.close()
    assert reader.wait() == expected


def test_sendfile_of_what_is_no_regular_file(hub, tcp, spawn):
    left, right = tcp
    reader = spawn(receive_all, right)
    assert left.sendfile(io.BytesIO(b"x" * 300_000), 1) == 299_999
    left.close()
    assert len(reader.wait()) == 299_999


def test_sendfile_refuses_what_the_stdlib_refuses(hub, tcp, tmp_path):
    left, right = tcp
    path = tmp_path / "data"
    path.write_text("text")
    with open(path) as text, pytest.raises(ValueError, match="binary"):
        left.sendfile(text)
    with open(path, "rb") as file:
        with pytest.raises(ValueError, match="count"):
            left.sendfile(file, count=0)
        with pytest.raises(TypeError):
            left.sendfile(file, count="x")
        left.setblocking(False)
        with pytest.raises(ValueError, match="non-blocking"):
            left.sendfile(file)


# ---- datagrams


def test_datagrams(hub, closing, spawn):
    left, right = map(closing, datagram_pair())
    reader = parked(spawn(left.recvfrom, 100))
    assert right.sendto(b"hello", left.getsockname()) == 5
    assert reader.wait() == (b"hello", right.getsockname())
    buffer = bytearray(100)
    reader = parked(spawn(left.recvfrom_into, buffer))
    right.sendto(b"world", 0, left.getsockname())
    assert reader.wait() == (5, right.getsockname())
    reader = parked(spawn(left.recvmsg, 100))
    right.sendmsg([b"a", b"b"], [], 0, left.getsockname())
    assert reader.wait() == (b"ab", [], 0, right.getsockname())
    right.connect(left.getsockname())
    right.send(b"last")
    assert left.recv(100) == b"last"


def test_an_empty_datagram_is_no_end(hub, closing, spawn):
    left, right = map(closing, datagram_pair())
    right.connect(left.getsockname())
    reader = parked(spawn(left.recv, 100))
    right.send(b"")
    assert reader.wait() == b""
    reader = parked(spawn(left.recv, 100))
    right.send(b"x")
    assert reader.wait() == b"x"


def test_several_datagrams_at_once_are_all_seen(hub, closing, spawn):
    left, right = map(closing, datagram_pair())
    right.connect(left.getsockname())
    reader = parked(spawn(lambda: [left.recv(100) for _ in range(5)]))
    for i in range(5):
        right.send(b"%d" % i)
    assert reader.wait() == [b"0", b"1", b"2", b"3", b"4"]


def test_a_datagram_to_nobody_is_reported(hub, closing):
    left, right = map(closing, datagram_pair())
    right.settimeout(20)
    right.connect(left.getsockname())
    left.close()
    right.send(b"x")
    with pytest.raises(ConnectionRefusedError):
        right.recv(10)


def test_sendto_looks_names_up(hub, closing):
    left, right = map(closing, datagram_pair())
    right.sendto(b"hello", ("localhost", left.getsockname()[1]))
    assert left.recv(10) == b"hello"


# ---- accept


def test_accept_waits_for_a_connection(hub, listener, closing, spawn):
    acceptor = parked(spawn(listener.accept))
    with socket.create_connection(listener.getsockname()) as client:
        connection, address = acceptor.wait()
        assert type(closing(connection)) is GreenSocket
        assert address == client.getsockname()
        assert connection.gettimeout() is None
        assert not os.get_inheritable(connection.fileno())


@pytest.mark.parametrize("default", [None, 7.0])
@pytest.mark.parametrize("timeout", [None, 0.0, 5.0])
def test_timeouts_of_accepted_sockets_are_as_in_the_stdlib(hub, closing, default, timeout):
    def accepted(factory):
        with factory(socket.AF_INET, socket.SOCK_STREAM) as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            server.settimeout(timeout)
            with socket.create_connection(server.getsockname()):
                connection, _ = server.accept()
                with connection:
                    return connection.gettimeout(), connection.getblocking()

    socket.setdefaulttimeout(default)
    try:
        assert accepted(GreenSocket) == accepted(socket.socket)
    finally:
        socket.setdefaulttimeout(None)


def test_the_default_timeout_is_that_of_the_stdlib(hub, closing):
    socket.setdefaulttimeout(3.5)
    try:
        assert closing(GreenSocket()).gettimeout() == 3.5
    finally:
        socket.setdefaulttimeout(None)
    assert closing(GreenSocket()).gettimeout() is None


def test_a_burst_of_connections_is_accepted(hub, listener, spawn):
    clients = [socket.create_connection(listener.getsockname()) for _ in range(20)]
    acceptor = spawn(lambda: [listener.accept() for _ in range(25)])
    settle()
    clients += [socket.create_connection(listener.getsockname()) for _ in range(5)]
    accepted = acceptor.wait()
    assert [address for _, address in accepted] == [client.getsockname() for client in clients]
    for sock in clients + [connection for connection, _ in accepted]:
        sock.close()


# ---- files


def test_makefile_in_text_and_binary(hub, streams, spawn):
    left, right = streams
    with right.makefile("w", encoding="utf-8", newline="\n") as writer:
        reader = spawn(lambda: left.makefile("r", encoding="utf-8").readline())
        print("grün", file=writer, flush=True)
        assert reader.wait() == "grün\n"
    with left.makefile("rwb") as file:
        file.write(b"one\ntwo\n")
        file.flush()
        assert right.recv(100) == b"one\ntwo\n"
        right.send(b"three\n")
        assert file.readline() == b"three\n"


def test_lines_of_a_file_come_as_they_are_sent(hub, streams, spawn):
    left, right = streams
    seen = []
    reader = parked(spawn(lambda: seen.extend(left.makefile("rb"))))
    right.sendall(b"one\ntw")
    settle()
    right.sendall(b"o\nthree")
    right.close()
    reader.wait()
    assert seen == [b"one\n", b"two\n", b"three"]


@pytest.mark.parametrize("buffering", [-1, 0, 7, 100_000])
def test_files_of_any_buffering(hub, green_pair, spawn, buffering):
    left, right = green_pair
    data = random.Random(3).randbytes(100_000)

    def write():
        with right.makefile("wb", buffering) as file:
            view = memoryview(data)
            while view:
                view = view[file.write(view[:1009]) :]
        right.close()

    spawn(write)
    with left.makefile("rb", buffering) as file:
        pieces = []
        while piece := file.read(777):
            pieces.append(piece)
    assert b"".join(pieces) == data


def test_the_file_keeps_the_socket_open(hub, green_pair):
    left, right = green_pair
    file = left.makefile("rb")
    left.close()
    assert left.fileno() >= 0
    right.send(b"x\n")
    assert file.readline() == b"x\n"
    file.close()
    assert left.fileno() == -1
    assert right.recv(1) == b""


def test_bad_modes_of_files(hub, green_pair):
    with pytest.raises(ValueError, match="mode"):
        green_pair[0].makefile("q")
    with pytest.raises(ValueError, match="unbuffered"):
        green_pair[0].makefile("r", buffering=0)


def test_a_timeout_in_a_file_is_an_error_every_time(autojump_hub, green_pair):
    left, right = green_pair
    left.settimeout(3)
    with left.makefile("rb") as file:
        with pytest.raises(socket.timeout):
            file.read(1)
        with pytest.raises(OSError, match="timed out"):
            file.read(1)
    assert autojump_hub.clock() == 3


def test_an_unready_file_of_a_nonblocking_socket_gives_none(hub, green_pair):
    left, right = green_pair
    left.setblocking(False)
    with left.makefile("rb", 0) as file:
        assert file.read(1) is None
        right.send(b"x")
        assert file.read(1) == b"x"


# ---- what it is


def test_it_is_a_socket(hub, green_pair):
    left, right = green_pair
    assert isinstance(left, socket.socket)
    assert (left.family, left.type, left.proto) == (socket.AF_UNIX, socket.SOCK_STREAM, 0)
    assert left.fd is left
    assert "GreenSocket" in repr(left)
    assert f"fd={left.fileno()}" in repr(left)
    with pytest.raises(TypeError):
        pickle.dumps(left)
    assert left.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM


def test_users_may_set_attributes(hub, green_pair):
    green_pair[0].anything = 5
    assert green_pair[0].anything == 5


def test_the_constructor_is_that_of_the_stdlib(hub, closing):
    default = closing(GreenSocket())
    assert (default.family, default.type) == (socket.AF_INET, socket.SOCK_STREAM)
    named = closing(GreenSocket(family=socket.AF_UNIX, type=socket.SOCK_DGRAM, proto=0))
    assert (named.family, named.type) == (socket.AF_UNIX, socket.SOCK_DGRAM)
    found = closing(GreenSocket(fileno=os.dup(named.fileno())))
    assert (found.family, found.type) == (socket.AF_UNIX, socket.SOCK_DGRAM)
    assert error_of(lambda: GreenSocket(fileno=99_999)) == errno.EBADF
    assert error_of(GreenSocket, socket.AF_INET, 77) == errno.EINVAL
    with pytest.raises(TypeError):
        GreenSocket("AF_INET")
    if hasattr(socket, "SOCK_NONBLOCK"):
        flagged = closing(GreenSocket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
        assert flagged.gettimeout() == 0.0
        assert flagged.type == socket.SOCK_STREAM


def test_with_closes(hub):
    with GreenSocket() as sock:
        assert sock.fileno() >= 0
    assert sock.fileno() == -1
    sock.close()


def test_dup_shares_the_connection(hub, streams, spawn):
    left, right = streams
    left.settimeout(5)
    left.note = 1
    with left.dup() as twin:
        assert type(twin) is GreenSocket
        assert twin.gettimeout() == 5
        assert twin.fileno() != left.fileno()
        assert not twin.get_inheritable()
        left.close()
        reader = parked(spawn(twin.recv, 9))
        right.send(b"x")
        assert reader.wait() == b"x"
    assert right.recv(9) == b""


def test_detach_leaves_the_fd_open(hub, streams):
    left, right = streams
    fd = left.fileno()
    assert left.detach() == fd
    assert left.fileno() == -1
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        left.recv(1)
    with GreenSocket(fileno=fd) as again:
        right.send(b"x")
        assert again.recv(1) == b"x"


def test_calls_on_a_closed_socket_fail(hub, closing):
    left, right = connected_pair("tcp4")
    right.send(b"x")
    assert left.recv(9) == b"x"
    left.close()
    right.close()
    for call in (
        lambda: left.recv(1),
        lambda: left.recv_into(bytearray(1)),
        lambda: left.recvfrom(1),
        lambda: left.recvmsg(1),
        lambda: left.send(b"x"),
        lambda: left.sendall(b"x"),
        lambda: left.sendmsg([b"x"]),
        lambda: left.accept(),
        lambda: left.connect(("127.0.0.1", 9)),
        lambda: left.shutdown(socket.SHUT_RDWR),
        lambda: left.dup(),
    ):
        assert error_of(call) == errno.EBADF
    assert left.connect_ex(("127.0.0.1", 9)) == errno.EBADF
    assert left.fileno() == -1
    assert left.detach() == -1


def test_calls_on_an_unconnected_socket_fail_as_in_the_stdlib(hub, closing):
    def errors(sock):
        calls = (
            lambda: sock.recv(1),
            lambda: sock.recv_into(bytearray(1)),
            lambda: sock.accept(),
            lambda: sock.getpeername(),
            lambda: sock.shutdown(socket.SHUT_RDWR),
            lambda: sock.send(b"x"),
            lambda: sock.sendall(b"x"),
        )
        return [error_of(call) for call in calls]

    assert errors(closing(GreenSocket())) == errors(closing(socket.socket()))


# ---- its end


def test_half_close(hub, streams, spawn):
    left, right = streams
    left.sendall(b"question")
    left.shutdown(socket.SHUT_WR)
    assert receive_all(right) == b"question"
    assert right.recv(1) == b""  # and again
    reader = parked(spawn(receive_all, left))
    right.sendall(b"ans")
    settle()
    right.sendall(b"wer")
    right.shutdown(socket.SHUT_WR)
    assert reader.wait() == b"answer"
    with pytest.raises(BrokenPipeError):
        left.send(b"x")


def test_data_before_the_end_is_not_lost(hub, streams, spawn):
    left, right = streams
    reader = parked(spawn(receive_all, left, 3))
    right.sendall(b"0123456789")
    right.close()
    assert reader.wait() == b"0123456789"


@pytest.mark.parametrize("waits", [True, False])
def test_a_reset_is_an_error_once_and_then_the_end(hub, tcp, spawn, waits):
    left, right = tcp
    left.settimeout(20)
    reader = spawn(left.recv, 9)
    if waits:
        settle()
    reset(right)
    with pytest.raises(ConnectionResetError):
        reader.wait()
    assert left.recv(9) == b""
    with pytest.raises(BrokenPipeError):
        left.send(b"x")


def test_a_reset_ends_sendall(hub, tcp, spawn):
    left, right = tcp
    left.settimeout(20)
    sender = parked(spawn(left.sendall, bytes(20_000_000)))
    reset(right)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        sender.wait()


def test_shutdown_safe(hub, streams):
    left, right = streams
    shutdown_safe(left)
    assert right.recv(1) == b""
    shutdown_safe(left)
    left.close()
    shutdown_safe(left)
    with GreenSocket() as unconnected:
        shutdown_safe(unconnected)

    class OfPyOpenSSL:
        def shutdown(self):
            self.called = True

    odd = OfPyOpenSSL()
    shutdown_safe(odd)
    assert odd.called


def test_shutdown_ends_our_own_reader(hub, streams, spawn):
    left, right = streams
    reader = parked(spawn(left.recv, 1))
    left.shutdown(socket.SHUT_RD)
    assert reader.wait() == b""


def test_set_nonblocking_takes_numbers_and_objects(hub, pair):
    for thing in (pair[0], pair[0].fileno()):
        os.set_blocking(pair[0].fileno(), True)
        set_nonblocking(thing)
        assert not os.get_blocking(pair[0].fileno())


# ---- urgent data


@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize("registered", [False, True])
def test_reads_that_stop_at_the_urgent_mark_go_on(hub, tcp, spawn, inline, registered):
    left, right = tcp
    left.settimeout(20)
    left.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, inline)
    if registered:
        reader = parked(spawn(left.recv, 100))
        right.send(b"first")
        assert reader.wait() == b"first"
    right.send(b"before")
    right.send(b"!", socket.MSG_OOB)
    right.send(b"after")
    for _ in range(3):
        settle()
    expected = b"before!after" if inline else b"beforeafter"
    got = b""
    while len(got) < len(expected):
        got += left.recv(100)  # shorter than asked for, though more is there
    assert got == expected
    reader = parked(spawn(left.recv, 100))
    right.send(b"x")
    right.send(b"?", socket.MSG_OOB)
    right.send(b"y")
    assert reader.wait() == b"x"
    got = b""
    while not got.endswith(b"y"):
        got += left.recv(100)
    assert got == (b"?y" if inline else b"y")


def test_asking_for_urgent_data_that_is_not_there(hub, tcp):
    left, right = tcp
    assert error_of(left.recv, 1, socket.MSG_OOB) == errno.EINVAL
    right.send(b"!", socket.MSG_OOB)
    settle()
    assert left.recv(1, socket.MSG_OOB) == b"!"


# ---- file descriptors over Unix sockets


def send_fds(sock, data, fds):
    return sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])


def received_fds(ancillary):
    fds = array.array("i")
    for level, what, data in ancillary:
        assert (level, what) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return list(fds)


def test_passing_fds(hub, green_pair, spawn):
    left, right = green_pair
    inside, outside = os.pipe()
    reader = parked(spawn(left.recvmsg, 100, socket.CMSG_SPACE(4)))
    send_fds(right, b"take", [outside])
    os.close(outside)
    data, ancillary, flags, _ = reader.wait()
    assert data == b"take"
    (copy,) = received_fds(ancillary)
    os.write(copy, b"through")
    os.close(copy)
    assert os.read(inside, 100) == b"through"
    os.close(inside)


def test_fds_end_a_read_early_without_a_hang(hub, green_pair, spawn):
    # The kernel does not merge what comes with descriptors with what follows: reads are
    # short although more is there.
    left, right = green_pair
    left.settimeout(20)
    reader = parked(spawn(left.recvmsg, 100, socket.CMSG_SPACE(4)))
    null = os.open(os.devnull, os.O_RDONLY)
    for data in (b"a", b"b", b"c"):
        send_fds(right, data, [null])
    right.send(b"plain")
    os.close(null)
    got, fds = b"", []
    data, ancillary, *_ = reader.wait()
    while True:
        got += data
        fds += received_fds(ancillary)
        if got == b"abcplain":
            break
        data, ancillary, *_ = left.recvmsg(100, socket.CMSG_SPACE(4))
    assert len(fds) == 3
    for fd in fds:
        os.close(fd)


def test_recv_after_short_reads_with_fds(hub, green_pair, spawn):
    left, right = green_pair
    left.settimeout(20)
    reader = parked(spawn(receive_all, left, 100))
    null = os.open(os.devnull, os.O_RDONLY)
    for data in (b"a", b"b", b"c"):
        send_fds(right, data, [null])  # the kernel closes those that recv() does not take
        right.send(data)
    os.close(null)
    right.shutdown(socket.SHUT_WR)
    assert reader.wait() == b"aabbcc"


@pytest.mark.skipif(not hasattr(socket, "send_fds"), reason="no socket.send_fds")
def test_the_stdlibs_helpers_for_fds(hub, green_pair):
    left, right = green_pair
    null = os.open(os.devnull, os.O_RDONLY)
    socket.send_fds(right, [b"x"], [null])
    os.close(null)
    data, fds, *_ = socket.recv_fds(left, 10, 4)
    assert data == b"x"
    assert len(fds) == 1
    os.close(fds[0])


# ---- garbage


def test_an_unclosed_socket_warns_as_the_stdlib_does(hub):
    sock = GreenSocket()
    box = [sock]
    del sock
    with pytest.warns(ResourceWarning, match="unclosed.*GreenSocket"):
        box.clear()


def test_a_collected_socket_leaves_no_record(hub):
    left, right = connected_pair("tcp4")
    fd = left.fileno()
    reader = parked(spawn(left.recv, 9))
    assert fd in hub._records
    right.send(b"x")
    assert reader.wait() == b"x"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        del left, reader
        gc.collect()
    assert fd not in hub._records
    assert right.recv(1) == b""
    right.close()


def test_thousands_of_sockets_leave_nothing(hub):
    def echo(sock):
        while data := sock.recv(10):
            sock.send(data)

    sleep(0)  # the hub opens what it needs
    records, fds = len(hub._records), open_fds()
    for _ in range(1000):
        left, right = connected_pair("socketpair")
        left.settimeout(5)
        with left, right:
            echoer = spawn(echo, right)
            left.send(b"x")
            assert left.recv(10) == b"x"
            left.close()
            echoer.wait()
    sleep(0)
    assert len(hub._records) == records
    assert hub.get_timers_count() < 500  # those that were cancelled go away in batches
    assert open_fds() == fds


# ---- the stdlib's behaviour, side by side


@pytest.mark.parametrize("kind_of_pair", KINDS)
def test_a_scenario_gives_what_plain_sockets_in_threads_give(hub, kind_of_pair):
    def scenario(factory, start):
        told = []
        left, right = connected_pair(kind_of_pair, factory)
        with left, right:
            left.settimeout(20)
            right.settimeout(20)

            def other():
                told.append(("got", right.recv(3)))
                told.append(("got", right.recv(100)))
                right.sendall(b"reply")
                right.shutdown(socket.SHUT_WR)
                told.append(("end", right.recv(1)))

            thread = start(other)
            left.sendall(b"request")
            answer = receive_all(left)
            left.close()
            thread.join()
            told.append(("answer", answer))
            for what in (lambda: left.send(b"x"), lambda: right.send(b"x"), lambda: right.recv(1)):
                try:
                    told.append(("after", what()))
                except OSError as error:
                    told.append(("error", error.errno, type(error)))
        return told

    def start_plain(function):
        thread = threading.Thread(target=function)
        thread.start()
        return thread

    def start_green(function):
        thread = spawn(function)
        thread.join = thread.wait
        return thread

    plain = OSThread(scenario, socket.socket, start_plain)
    assert scenario(GreenSocket, start_green) == plain.join_green()
