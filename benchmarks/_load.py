"""The load generator: one message in flight per connection, in plain Python, the same for all."""

from __future__ import annotations

import os
import select
import selectors
import socket
import time
from collections.abc import Callable
from typing import Any

MESSAGE = b"x" * 64
CONNECTING_AT_ONCE = 32
SILENCE_SECONDS = 10.0


def connect(port: int, connections: int) -> list[socket.socket]:
    """Open so many connections and pass a message over each; then all are accepted and idle."""
    opened: list[socket.socket] = []
    while len(opened) < connections:
        # Several at a time, which is faster by far, but no more than fit into a listener's backlog.
        batch = min(CONNECTING_AT_ONCE, connections - len(opened))
        opened += _exchange([socket.create_connection(("127.0.0.1", port), SILENCE_SECONDS) for _ in range(batch)])
    return opened


def _exchange(connections: list[socket.socket]) -> list[socket.socket]:
    for connection in connections:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(MESSAGE)
    for connection in connections:
        if connection.recv(len(MESSAGE), socket.MSG_WAITALL) != MESSAGE:
            raise ConnectionError("the server did not send the message back")
        connection.setblocking(False)
    return connections


class PingPong:
    """Bounces messages over connections as fast as their server returns them.

    It spins on its core and never sleeps. Were it to sleep, the server would have to wake it: on a virtual
    machine that costs the sender more than the message itself, and a slow server, whose load sleeps most,
    would pay most often. Real clients are on other machines.
    """

    def __init__(self, connections: list[socket.socket]) -> None:
        self._fds = [connection.fileno() for connection in connections]
        self._poll = _poll_function(self._fds)

    def run(self, seconds: float) -> int:
        """Keep one message in flight on each connection for so long; return how many came back."""
        # This must be faster than every server, so: bare fds, local names, few looks at the clock.
        poll, read, write, clock = self._poll, os.read, os.write, time.perf_counter
        message, size = MESSAGE, len(MESSAGE)
        for fd in self._fds:
            write(fd, message)
        received = 0
        deadline = clock() + seconds
        while clock() < deadline:
            for fd, _ in poll(0):
                received += len(read(fd, size))
                write(fd, message)
        return (received + self._collect(size * len(self._fds))) // size

    def _collect(self, size: int) -> int:
        """Read what is still in flight, so that the next run starts clean."""
        missing = size
        while missing:
            ready = self._poll(SILENCE_SECONDS)
            if not ready:
                raise TimeoutError(f"the server said nothing for {SILENCE_SECONDS:.0f} s")
            for fd, _ in ready:
                missing -= len(os.read(fd, size))
        return size


def _poll_function(fds: list[int]) -> Callable[[float], list[tuple[int, Any]]]:
    """Return a function that waits so many seconds at most for some of the fds to become readable."""
    if hasattr(select, "epoll"):
        epoll = select.epoll()
        for fd in fds:
            epoll.register(fd, select.EPOLLIN | select.EPOLLET)  # edges: the kernel looks at no fd again
        return epoll.poll
    selector = selectors.DefaultSelector()
    for fd in fds:
        selector.register(fd, selectors.EVENT_READ)
    return lambda seconds: [(key.fd, mask) for key, mask in selector.select(seconds)]
