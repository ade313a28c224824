"""File descriptors closed behind the hub's back, whose numbers are used again; and many that come and go."""

from __future__ import annotations

import os
import socket

import pytest

from eventlet.greenio import GreenSocket
from eventlet.greenthread import spawn
from eventlet.hubs import IOClosed, trampoline
from tests.helpers import settle
from tests.helpers.sockets import connected_pair

pytestmark = pytest.mark.every_provider


@pytest.fixture
def stolen(hub, closing):
    """(green socket whose fd now is another socket, the peer of that other one, the reader parked before)."""
    left, right = connected_pair("socketpair")
    closing(right)
    reader = spawn(left.recv, 100)
    settle()
    fd = left.fileno()
    os.close(fd)
    plain, other = socket.socketpair()
    plain.setblocking(False)
    if plain.fileno() != fd:
        os.dup2(plain.fileno(), fd)
        plain.close()
        plain = socket.socket(fileno=fd)
        plain.setblocking(False)
    closing(other)
    closing(plain)
    yield left, plain, other, reader
    if not reader.dead:
        reader.kill()
    left.detach()


def test_the_old_waiter_never_gets_the_new_files_data(hub, stolen):
    left, plain, other, reader = stolen
    other.send(b"not for you")
    settle()
    settle()
    assert plain.recv(100) == b"not for you"
    if reader.dead:
        with pytest.raises(IOClosed):
            reader.wait()


def test_the_new_owner_can_wait(hub, stolen):
    left, plain, other, reader = stolen
    with GreenSocket(plain) as green:
        green.settimeout(20)
        waiter = spawn(green.recv, 100)
        settle()
        other.send(b"for the new one")
        assert waiter.wait() == b"for the new one"
    with pytest.raises(IOClosed):
        reader.wait()


def test_a_trampoline_on_the_number_is_for_the_new_file(hub, stolen):
    left, plain, other, reader = stolen
    waiter = spawn(trampoline, plain, read=True)
    settle()
    assert not waiter.dead
    other.send(b"x")
    waiter.wait()
    assert plain.recv(9) == b"x"
    with pytest.raises(IOClosed):
        reader.wait()


def test_the_old_waiter_is_told_if_the_number_is_not_used_again(hub, closing):
    if hub.knows_files:
        pytest.skip("epoll, kqueue and what is built on them do not tell that an fd was closed")
    left, right = connected_pair("socketpair")
    closing(right)
    reader = spawn(left.recv, 100)
    settle()
    os.close(left.fileno())
    with pytest.raises(OSError, match="descriptor"):
        reader.wait()
    left.detach()


def test_a_leftover_registration_does_not_disturb_the_new_owner(hub, closing):
    # A duplicate keeps the old file alive, and so in the epoll set.
    left, right = connected_pair("socketpair")
    closing(right)
    left.settimeout(0.001)
    with pytest.raises(socket.timeout):
        left.recv(1)
    keeper = closing(socket.socket(fileno=os.dup(left.fileno())))
    fd = left.fileno()
    os.close(fd)
    twin, other = map(closing, connected_pair("socketpair"))
    assert fd in (twin.fileno(), other.fileno())
    right.send(b"for the old one")
    for sock, peer in ((twin, other), (other, twin)):
        sock.settimeout(20)
        waiter = spawn(sock.recv, 100)
        settle()
        assert not waiter.dead
        peer.send(b"new")
        assert waiter.wait() == b"new"
    assert keeper.recv(100) == b"for the old one"
    left.detach()


def test_records_and_fds_stay_flat(hub):
    def connect_and_talk():
        left, right = connected_pair("socketpair")
        with left, right:
            reader = spawn(left.recv, 10)
            settle()
            right.send(b"x")
            reader.wait()

    connect_and_talk()
    records, masks = len(hub._records), len(getattr(hub, "_masks", ()))
    for _ in range(100):
        connect_and_talk()
    assert len(hub._records) == records
    assert len(getattr(hub, "_masks", ())) == masks
