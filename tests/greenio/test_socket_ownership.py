"""Who owns the fd: adopted sockets, and sockets that several OS threads use."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
import warnings

import pytest

from eventlet.greenio import GreenSocket
from eventlet.greenthread import sleep, spawn
from eventlet.hubs import IOClosed, get_hub, trampoline
from tests.helpers import OSThread, fill_send_buffer, settle
from tests.helpers.sockets import connected_pair, receive_all


def is_open(fd):
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


# ---- adoption


def test_an_adopted_socket_goes_on_under_its_number(hub, closing, spawn):
    plain, other = map(closing, socket.socketpair())
    plain.settimeout(7)
    with GreenSocket(plain) as green:
        assert green.fd is plain
        assert green.fileno() == plain.fileno()
        assert green.gettimeout() == 7
        assert (green.family, green.type, green.proto) == (plain.family, plain.type, plain.proto)
        reader = spawn(green.recv, 10)
        settle()
        other.send(b"x")
        assert reader.wait() == b"x"
    assert other.recv(1) == b""


def test_closing_the_view_closes_the_adopted_socket(hub, closing):
    plain, other = map(closing, socket.socketpair())
    fd = plain.fileno()
    green = GreenSocket(plain)
    green.close()
    assert plain.fileno() == green.fileno() == -1
    assert not is_open(fd)
    reused = os.dup(other.fileno())
    assert reused == fd
    plain.close()
    green.close()
    del green, plain
    gc.collect()
    assert is_open(reused)  # nobody has closed it a second time
    os.close(reused)


def test_closing_the_adopted_socket_first_closes_once(hub, closing):
    plain, other = map(closing, socket.socketpair())
    fd = plain.fileno()
    green = GreenSocket(plain)
    plain.close()
    reused = os.dup(other.fileno())
    assert reused == fd
    green.close()
    del green
    gc.collect()
    assert is_open(reused)
    os.close(reused)


def test_collecting_the_view_leaves_the_adopted_socket_open(hub, closing):
    plain, other = map(closing, socket.socketpair())
    green = GreenSocket(plain)
    green.settimeout(0.001)
    with pytest.raises(socket.timeout):
        green.recv(1)
    fd = green.fileno()
    assert fd in hub._records
    del green
    gc.collect()
    assert is_open(fd)
    assert fd not in hub._records
    other.send(b"x")
    assert plain.recv(1) == b"x"


def test_the_view_keeps_the_adopted_socket_alive(hub, closing):
    plain, other = socket.socketpair()
    closing(other)
    green = closing(GreenSocket(plain))
    del plain
    gc.collect()
    other.send(b"x")
    assert green.recv(1) == b"x"


def test_collecting_both_closes_with_the_stdlibs_warning(hub, closing):
    plain, other = socket.socketpair()
    closing(other)
    green = GreenSocket(plain)
    fd = plain.fileno()
    box = [plain, green]
    del plain, green
    with pytest.warns(ResourceWarning, match="unclosed <socket"):
        box.clear()
    assert not is_open(fd)


def test_detaching_the_view_detaches_the_adopted_socket(hub, closing):
    plain, other = map(closing, socket.socketpair())
    green = GreenSocket(plain)
    fd = green.detach()
    assert plain.fileno() == green.fileno() == -1
    assert is_open(fd)
    os.close(fd)


def test_a_green_socket_may_be_adopted(hub, closing, spawn):
    inner, other = map(closing, connected_pair("socketpair"))
    outer = closing(GreenSocket(inner))
    reader = spawn(outer.recv, 10)
    settle()
    other.send(b"x")
    assert reader.wait() == b"x"


def test_what_only_looks_like_a_socket_is_adopted_too(hub, closing):
    class Wrapper:
        family, type, proto = socket.AF_UNIX, socket.SOCK_STREAM, 0

        def __init__(self, sock):
            self.sock = sock
            self.closed = 0

        def fileno(self):
            return self.sock.fileno()

        def close(self):
            self.closed += 1
            self.sock.close()

    plain, other = map(closing, socket.socketpair())
    wrapper = Wrapper(plain)
    with GreenSocket(wrapper) as green:
        assert green.gettimeout() is None
        other.send(b"x")
        assert green.recv(1) == b"x"
    assert wrapper.closed == 1


# ---- several OS threads


def test_a_socket_made_here_is_used_there(hub, closing):
    left, right = map(closing, connected_pair("socketpair"))

    def echo():
        left.settimeout(20)
        for _ in range(3):
            left.sendall(left.recv(10))
        left.close()

    thread = OSThread(echo)
    right.settimeout(20)
    for i in range(3):
        right.send(b"%d" % i)
        assert right.recv(10) == b"%d" % i
    assert right.recv(1) == b""
    thread.join_green()


def test_a_socket_that_waited_here_is_used_there_and_here_again(hub, closing):
    left, right = map(closing, connected_pair("socketpair"))
    left.settimeout(20)

    def send_later(data):
        hub.call_later(0.002, lambda: right.send(data))

    def read_there():
        return left.recv(10)

    for _ in range(3):
        send_later(b"here")
        assert left.recv(10) == b"here"
        send_later(b"there")
        assert OSThread(read_there).join_green() == b"there"


def test_one_thread_reads_and_another_writes(hub, closing):
    left, right = map(closing, connected_pair("socketpair"))
    for sock in (left, right):
        sock.settimeout(20)
    data = os.urandom(2_000_000)
    reader = spawn(receive_all, left)  # left belongs to this hub

    def talk():
        with GreenSocket(fileno=os.dup(right.fileno())) as twin:
            twin.settimeout(20)
            twin.sendall(data)
            twin.shutdown(socket.SHUT_WR)
        left.sendall(data)  # from another thread than the one that reads it
        left.shutdown(socket.SHUT_WR)

    settle()
    thread = OSThread(talk)
    assert receive_all(right) == data
    assert reader.wait() == data
    thread.join_green()


def test_close_in_another_thread_wakes_the_waiter(hub, closing):
    left, right = map(closing, connected_pair("socketpair"))
    reader = spawn(left.recv, 1)
    settle()
    thread = OSThread(left.close)
    with pytest.raises(IOClosed):
        reader.wait()
    thread.join()
    assert right.recv(1) == b""


def test_close_here_wakes_the_waiter_there(hub, closing):
    left, right = map(closing, connected_pair("socketpair"))
    assert waits_there(left, left.close)
    assert right.recv(1) == b""


def test_close_here_wakes_the_waiter_there_although_it_waited_here_before(hub, closing):
    left, right = map(closing, connected_pair("socketpair"))
    left.settimeout(0.001)
    with pytest.raises(socket.timeout):
        left.recv(1)
    left.settimeout(None)
    assert waits_there(left, left.close)
    assert right.recv(1) == b""


def test_close_there_wakes_writers_of_both_threads(hub, closing):
    left, right = map(closing, connected_pair("socketpair"))
    left.setblocking(False)
    fill_send_buffer(left)
    left.setblocking(True)
    writer = spawn(left.send, b"x")
    settle()
    assert waits_there(left, left.close)
    with pytest.raises(IOClosed):
        writer.wait()


def waits_there(sock, act):
    """Read from `sock` in another thread and `act` meanwhile; return whether the reader learns that it was closed."""
    seen = []

    def read():
        reader = spawn(sock.recv, 1)
        settle()
        seen.append(get_hub())
        try:
            reader.wait()
        except IOClosed:
            return True
        return False

    thread = OSThread(read)
    while not seen:
        sleep(0.001)
    act()
    return thread.join_green()


def test_close_in_another_thread_reaches_the_peer_at_once(hub, closing):
    # select(2) and poll(2) hold on to the files they watch: until they return, it is not closed.
    left, right = map(closing, connected_pair("socketpair"))
    left.settimeout(0.001)
    with pytest.raises(socket.timeout):
        left.recv(1)  # the hub goes on watching it

    done, finish = map(closing, socket.socketpair())

    def close_and_look():
        while not hub._polling:
            time.sleep(0.001)
        left.close()
        try:
            with socket.socket(fileno=os.dup(right.fileno())) as twin:
                twin.settimeout(2)
                return twin.recv(1)
        finally:
            finish.send(b"x")

    thread = OSThread(close_and_look)
    trampoline(done, read=True)  # no timer ends the hub's poll
    assert thread.join() == b""


def test_threads_with_a_hub_each_talk(hub, closing):
    listener = closing(GreenSocket())
    listener.bind(("127.0.0.1", 0))
    listener.listen(50)

    def serve():
        for _ in range(5):
            connection, _ = listener.accept()
            with connection:
                connection.sendall(connection.recv(100).upper())

    def client(number):
        with GreenSocket() as sock:
            sock.settimeout(20)
            sock.connect(listener.getsockname())
            sock.sendall(b"client %d" % number)
            return sock.recv(100)

    server = OSThread(serve)
    clients = [OSThread(client, number) for number in range(4)]
    assert client(9) == b"CLIENT 9"
    assert [thread.join_green() for thread in clients] == [b"CLIENT %d" % number for number in range(4)]
    server.join_green()


def test_collected_in_another_thread(hub, closing):
    left, right = connected_pair("socketpair")
    closing(right)
    left.settimeout(0.001)
    with pytest.raises(socket.timeout):
        left.recv(1)
    fd = left.fileno()
    box = [left]
    del left
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        thread = threading.Thread(target=box.clear)
        thread.start()
        thread.join()
        gc.collect()
    assert fd not in hub._records
    assert right.recv(1) == b""
