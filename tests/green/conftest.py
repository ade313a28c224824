"""Fixtures for TLS."""

import pytest

from eventlet.green import socket
from tests.helpers.tls import client_context, server_context


@pytest.fixture
def contexts(hub):
    """Green contexts: the client's, the server's."""
    return client_context(), server_context()


@pytest.fixture
def tls_pair(contexts, spawn):
    """A client and a server side, connected; handshake done."""
    client, server = contexts
    left, right = socket.socketpair()
    serving = spawn(server.wrap_socket, right, server_side=True)
    with client.wrap_socket(left, server_hostname="localhost") as left, serving.wait() as right:
        yield left, right


@pytest.fixture
def tls_listener(contexts):
    with contexts[1].wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True) as listener:
        yield listener
