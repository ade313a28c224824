"""Green sockets for tests. The stdlib's own are in the `pair` fixture."""

from __future__ import annotations

import os
import socket
import tempfile
from typing import Any

from eventlet.greenio import GreenSocket

KINDS = ["tcp4", "tcp6", "unix", "socketpair"]


def has_ipv6() -> bool:
    """Whether ::1 can be bound."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def connected_pair(kind: str, factory: Any = GreenSocket) -> tuple[Any, Any]:
    """Return two connected stream sockets of `kind`, made by `factory` (`socket.socket` for plain ones)."""
    if kind == "socketpair":
        return tuple(factory(s.family, s.type, s.proto, s.detach()) for s in socket.socketpair())
    with tempfile.TemporaryDirectory() as directory:
        family, address = {
            "tcp4": (socket.AF_INET, ("127.0.0.1", 0)),
            "tcp6": (socket.AF_INET6, ("::1", 0)),
            "unix": (socket.AF_UNIX, os.path.join(directory, "s")),
        }[kind]
        with factory(family, socket.SOCK_STREAM) as server:
            server.bind(address)
            server.listen(1)
            client = factory(family, socket.SOCK_STREAM)
            try:
                client.connect(server.getsockname())
                return client, server.accept()[0]
            except BaseException:
                client.close()
                raise


def datagram_pair(factory: Any = GreenSocket) -> tuple[Any, Any]:
    """Return two UDP sockets, each bound to a port of its own."""
    left, right = factory(socket.AF_INET, socket.SOCK_DGRAM), factory(socket.AF_INET, socket.SOCK_DGRAM)
    for sock in (left, right):
        sock.bind(("127.0.0.1", 0))
    return left, right


def reset(sock: Any) -> None:
    """Close `sock` so that the peer gets a reset (RST), not an end of file."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()


def shrink_buffers(*socks: Any) -> None:
    """Have the kernel hold little, so that writers soon wait."""
    for sock in socks:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)


def receive_all(sock: Any, size: int = 65536) -> bytes:
    """Return everything until the end."""
    pieces = []
    while True:
        piece = sock.recv(size)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
