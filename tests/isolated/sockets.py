"""Patched, plain users of socket and select cooperate.

arguments: | late | wrap | wrap late
"""

import sys

from _check import Rendezvous, import_all, raises

if "late" in sys.argv:
    import_all("socket", "select", "selectors", "socketserver")

import eventlet

if "wrap" in sys.argv:
    from eventlet import util

    util.wrap_socket_with_coroutine_socket()
    util.wrap_select_with_coroutine_select()
else:
    eventlet.monkey_patch(socket=True, select=True)

import select
import selectors
import socket
import socketserver
import threading
import time

assert eventlet.patcher.is_monkey_patched("socket") and eventlet.patcher.is_monkey_patched(select)
assert not eventlet.patcher.is_monkey_patched("thread") and not eventlet.patcher.is_monkey_patched("time")
assert threading.current_thread().name == "MainThread" and time.sleep is eventlet.patcher.original("time").sleep
from eventlet.greenio import GreenSocket

assert socket.socket is GreenSocket

# create_server, create_connection, makefile
COUNT = 20
server = socket.create_server(("127.0.0.1", 0), backlog=50)
assert isinstance(server, GreenSocket)
meeting = Rendezvous(COUNT, eventlet.sleep)


def handle(connection):
    with connection, connection.makefile("rwb") as stream:
        line = stream.readline()
        meeting.arrive()
        stream.write(line)


def accept():
    for _ in range(COUNT):
        eventlet.spawn(handle, server.accept()[0])


def client(number):
    with socket.create_connection(("localhost", server.getsockname()[1]), timeout=30) as connection:
        connection.sendall(b"%d\n" % number)
        return connection.makefile("rb").read()


eventlet.spawn(accept)
pool = eventlet.GreenPool()
assert list(pool.imap(client, range(COUNT))) == [b"%d\n" % number for number in range(COUNT)]
server.close()

# socketpair, fromfd, dup
left, right = socket.socketpair()
assert isinstance(left, GreenSocket)
with right.dup() as duplicate:
    assert isinstance(duplicate, GreenSocket)
again = socket.fromfd(left.fileno(), left.family, left.type)
assert isinstance(again, GreenSocket)
again.close()

# select, in every form, waits cooperatively
ticks = []


def tick():
    while True:
        ticks.append(None)
        eventlet.sleep(0.001)


ticker = eventlet.spawn(tick)


def with_select(timeout):
    return select.select([right], [], [], timeout)[0]


def with_poll(timeout):
    poller = select.poll()
    poller.register(right, select.POLLIN)
    return poller.poll(timeout * 1000)


def with_selector(selector_class):
    def wait(timeout):
        with selector_class() as selector:
            selector.register(right, selectors.EVENT_READ)
            return selector.select(timeout)

    return wait


ways = [with_select]
if hasattr(select, "poll"):
    ways.append(with_poll)
for name in ("DefaultSelector", "SelectSelector", "PollSelector", "EpollSelector", "KqueueSelector"):
    if hasattr(selectors, name):
        ways.append(with_selector(getattr(selectors, name)))
if hasattr(select, "epoll"):

    def with_epoll(timeout):
        with select.epoll() as poller:
            poller.register(right, select.EPOLLIN)
            return poller.poll(timeout)

    ways.append(with_epoll)


def write_after_some_ticks():
    while len(ticks) < 3:
        eventlet.sleep(0.001)
    left.send(b"x")


for way in ways:
    assert not way(0.02), way
    ticks.clear()
    writer = eventlet.spawn(write_after_some_ticks)
    assert way(30), way
    writer.wait()
    assert right.recv(1) == b"x"
ticker.kill()
left.close()
right.close()
raises(ValueError, select.select, [right], [], [], 0)
raises(OSError, select.select, [1000], [], [], 0)


# socketserver, whose classes were perhaps made before
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.readline().upper())


with socketserver.TCPServer(("127.0.0.1", 0), Handler) as tcp_server:
    serving = eventlet.spawn(tcp_server.serve_forever, 0.01)
    with socket.create_connection(tcp_server.server_address) as connection:
        connection.sendall(b"abc\n")
        assert connection.makefile().read() == "ABC\n"
    # What shutdown() waits with is an OS thread's, for threads are not patched here.
    tcp_server._BaseServer__shutdown_request = True
    serving.wait()
