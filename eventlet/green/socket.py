"""socket, for green threads."""

from __future__ import annotations

import builtins
import sys

from eventlet import _pristine
from eventlet._resolver import getaddrinfo as getaddrinfo
from eventlet._resolver import getfqdn as getfqdn
from eventlet._resolver import gethostbyaddr as gethostbyaddr
from eventlet._resolver import gethostbyname as gethostbyname
from eventlet._resolver import gethostbyname_ex as gethostbyname_ex
from eventlet._resolver import getnameinfo as getnameinfo
from eventlet.green._lookalike import look_like, present
from eventlet.greenio import GreenSocket as socket
from eventlet.greenio import shutdown_safe as shutdown_safe

_socket = _pristine.socket

# What is written in Python in the standard module finds these, and so needs no twin when it is patched.
__patched__ = present(
    _socket,
    "getaddrinfo",
    "gethostbyaddr",
    "gethostbyname",
    "gethostbyname_ex",
    "getnameinfo",
    "socket",
)
__getattr__, __dir__ = look_like(globals(), _socket)

SocketType = socket
_GLOBAL_DEFAULT_TIMEOUT = _socket._GLOBAL_DEFAULT_TIMEOUT


def fromfd(fd, family, type, proto=0):
    """Return a green socket on a duplicate of `fd`. Never switches."""
    return socket(family, type, proto, _socket.dup(fd))


if hasattr(_socket, "fromshare"):

    def fromshare(info):
        """Return a green socket from what another process's `share` returned. Never switches."""
        return socket(0, 0, 0, info)


def socketpair(family=None, type=_socket.SOCK_STREAM, proto=0):
    """Return two green sockets that are connected with each other. Never switches."""
    pair = _socket.socketpair(family, type, proto)
    return tuple(socket(sock.family, sock.type, sock.proto, sock.detach()) for sock in pair)


def _create_connection(address, timeout, source_address, all_errors):
    host, port = address
    errors: list[OSError] = []
    for family, kind, proto, _, resolved in getaddrinfo(host, port, 0, _socket.SOCK_STREAM):
        sock = None
        try:
            sock = socket(family, kind, proto)
            if timeout is not _GLOBAL_DEFAULT_TIMEOUT:
                sock.settimeout(timeout)
            if source_address:
                sock.bind(source_address)
            sock.connect(resolved)
        except OSError as error:
            if not all_errors:
                errors.clear()
            errors.append(error)
            if sock is not None:
                sock.close()
        except BaseException:
            if sock is not None:
                sock.close()
            raise
        else:
            errors.clear()
            return sock
    try:
        if not errors:
            raise OSError("getaddrinfo returns an empty list")
        if all_errors:
            raise builtins.ExceptionGroup("create_connection failed", errors)
        raise errors[0]
    finally:
        errors = []  # the traceback of each refers to this


if sys.version_info >= (3, 11):

    def create_connection(address, timeout=_GLOBAL_DEFAULT_TIMEOUT, source_address=None, *, all_errors=False):
        """Return a green socket connected to `address`, (host, port), over whichever address of it works.

        `timeout` is for each attempt, and stays set. Raises the last error, with `all_errors` an
        ExceptionGroup of all of them. Switches.
        """
        return _create_connection(address, timeout, source_address, all_errors)

else:  # until 3.10 is dropped

    def create_connection(address, timeout=_GLOBAL_DEFAULT_TIMEOUT, source_address=None):
        """Return a green socket connected to `address`, (host, port), over whichever address of it works.

        `timeout` is for each attempt, and stays set. Raises the last error. Switches.
        """
        return _create_connection(address, timeout, source_address, False)


def create_server(address, *, family=_socket.AF_INET, backlog=None, reuse_port=False, dualstack_ipv6=False):
    """Return a green socket that listens at `address`; see socket.create_server. Never switches."""
    server = _socket.create_server(
        address, family=family, backlog=backlog, reuse_port=reuse_port, dualstack_ipv6=dualstack_ipv6
    )
    return server if isinstance(server, socket) else socket(family, server.type, server.proto, server.detach())
