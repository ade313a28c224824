"""No byte is lost or misplaced, however it is cut up; much at once, both ways, over every kind of stream."""

from __future__ import annotations

import hashlib
import random
import socket
import threading

import pytest

from eventlet.greenthread import sleep, spawn
from tests.helpers.sockets import connected_pair, shrink_buffers

SEEDS = range(6)
SIZES = (1, 2, 3, 7, 100, 1000, 1023, 4096, 65536)


def write_in_pieces(sock, data, choose):
    """Send `data` in pieces of odd sizes, by every method there is, pausing now and then."""
    rest = memoryview(data)
    while rest:
        piece = rest[: choose.choice(SIZES)]
        how = choose.randrange(4)
        if how == 0:
            done = sock.send(piece)
        elif how == 1:
            sock.sendall(piece)
            done = len(piece)
        elif how == 2:
            done = sock.sendmsg([piece[: len(piece) // 2], piece[len(piece) // 2 :]])
        else:
            with sock.makefile("wb", 0) as file:
                done = file.write(piece)
        rest = rest[done:]
        if choose.random() < 0.2:
            sleep(0)
    sock.shutdown(socket.SHUT_WR)


def read_in_pieces(sock, choose):
    """Read to the end in pieces of other sizes, by every method there is."""
    digest, total = hashlib.sha256(), 0
    while True:
        size = choose.choice(SIZES)
        how = choose.randrange(7)
        if how == 0:
            buffer = bytearray(size)
            data = buffer[: sock.recv_into(buffer)]
        elif how == 1:
            data = sock.recvfrom(size)[0]
        elif how == 2:
            data = sock.recvmsg(size)[0]
        elif how == 3:
            buffers = [bytearray(size), bytearray(3)]
            count = sock.recvmsg_into(buffers)[0]
            data = b"".join(buffers)[:count]
        elif how == 4:
            buffer = bytearray(size)
            data = buffer[: sock.recvfrom_into(buffer)[0]]
        elif how == 5 and total % 2:
            ahead = sock.recv(size, socket.MSG_PEEK)
            data = sock.recv(size)
            assert data.startswith(ahead)
        else:
            data = sock.recv(size)
        if not data:
            return total, digest.hexdigest()
        digest.update(data)
        total += len(data)
        if choose.random() < 0.2:
            sleep(0)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_pieces_arrive_in_order(hub, closing, seed):
    choose = random.Random(seed)
    kind = ("tcp4", "unix", "socketpair")[seed % 3]
    left, right = map(closing, connected_pair(kind))
    if kind != "tcp4" and choose.random() < 0.5:  # TCP with small buffers waits for its own timers
        shrink_buffers(left, right)
    for sock in (left, right):
        sock.settimeout(choose.choice((None, 20)))
    there, back = choose.randbytes(200_000), choose.randbytes(300_000)
    threads = [
        spawn(write_in_pieces, left, there, random.Random(seed + 1)),
        spawn(write_in_pieces, right, back, random.Random(seed + 2)),
    ]
    readers = [
        spawn(read_in_pieces, right, random.Random(seed + 3)),
        spawn(read_in_pieces, left, random.Random(seed + 4)),
    ]
    assert readers[0].wait() == (len(there), hashlib.sha256(there).hexdigest())
    assert readers[1].wait() == (len(back), hashlib.sha256(back).hexdigest())
    for thread in threads:
        thread.wait()


def test_much_both_ways_at_once(hub, streams):
    left, right = streams
    data = [random.Random(i).randbytes(3_000_000) for i in (1, 2)]

    def write(sock, what):
        sock.sendall(what)
        sock.shutdown(socket.SHUT_WR)

    def read(sock):
        digest = hashlib.sha256()
        while piece := sock.recv(70_000):
            digest.update(piece)
        return digest.digest()

    spawn(write, left, data[0])
    spawn(write, right, data[1])
    readers = [spawn(read, right), spawn(read, left)]
    assert [reader.wait() for reader in readers] == [hashlib.sha256(what).digest() for what in data]


def test_against_a_plain_socket_in_a_thread(hub, closing):
    left, right = connected_pair("tcp4")
    closing(left)
    plain = closing(socket.socket(fileno=right.detach()))
    plain.settimeout(20)
    data = random.Random(5).randbytes(2_000_000)

    def echo():
        while piece := plain.recv(50_000):
            plain.sendall(piece)
        plain.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=echo)
    thread.start()
    left.settimeout(20)
    reader = spawn(read_in_pieces, left, random.Random(6))
    write_in_pieces(left, data, random.Random(7))
    assert reader.wait() == (len(data), hashlib.sha256(data).hexdigest())
    thread.join()


def test_many_connections_at_once(hub, closing):
    pairs = [connected_pair("socketpair") for _ in range(100)]

    def pong(sock):
        while data := sock.recv(100):
            sock.sendall(data)
        sock.close()

    def ping(sock, number):
        for i in range(10):
            message = b"%d %d" % (number, i)
            sock.sendall(message)
            assert sock.recv(100) == message
        sock.close()

    for _, right in pairs:
        spawn(pong, right)
    for pinger in [spawn(ping, left, number) for number, (left, _) in enumerate(pairs)]:
        pinger.wait()
