"""Connected green sockets of every kind, and what closes everything that a test opens."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from eventlet.greenio import GreenSocket
from tests.helpers.sockets import KINDS, connected_pair, has_ipv6


@pytest.fixture
def closing(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """`closing(thing)` returns `thing`, and closes it when the test is over."""
    for name in ("hub", "autojump_hub"):
        if name in request.fixturenames:
            request.getfixturevalue(name)  # so that it outlives what is closed here
    with contextlib.ExitStack() as stack:

        def closing(thing: Any) -> Any:
            stack.callback(thing.close)
            return thing

        yield closing


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """A kind of stream socket: tcp4, tcp6, unix or socketpair."""
    if request.param == "tcp6" and not has_ipv6():
        pytest.skip("no IPv6 on the loopback interface")
    return str(request.param)


@pytest.fixture
def streams(closing: Any, kind: str) -> tuple[GreenSocket, GreenSocket]:
    """Two connected green stream sockets, of each kind in turn."""
    left, right = connected_pair(kind)
    return closing(left), closing(right)


@pytest.fixture
def tcp(closing: Any) -> tuple[GreenSocket, GreenSocket]:
    """Two connected green TCP sockets."""
    left, right = connected_pair("tcp4")
    return closing(left), closing(right)


@pytest.fixture
def green_pair(closing: Any) -> tuple[GreenSocket, GreenSocket]:
    """The two green ends of a socketpair()."""
    left, right = connected_pair("socketpair")
    return closing(left), closing(right)


@pytest.fixture
def listener(closing: Any) -> GreenSocket:
    """A green TCP socket that listens on a port of its own."""
    sock = closing(GreenSocket(socket.AF_INET, socket.SOCK_STREAM))
    sock.bind(("127.0.0.1", 0))
    sock.listen(50)
    return sock  # type: ignore[no-any-return]
