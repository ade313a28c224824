"""The usual ways to begin: connect, listen, serve, wrap_ssl."""

from __future__ import annotations

import errno
import sys
import warnings

from greenlet import GreenletExit

from eventlet import _pristine
from eventlet._pristine import socket
from eventlet.greenio.base import GreenSocket
from eventlet.greenpool import GreenPool
from eventlet.greenthread import GreenThread, getcurrent, kill, sleep
from eventlet.hubs.timeout import Timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

__all__ = [
    "ReusePortUnavailableWarning",
    "ReuseRandomPortWarning",
    "StopServe",
    "connect",
    "listen",
    "serve",
    "wrap_ssl",
]

_INET = (socket.AF_INET, socket.AF_INET6)
#: What accept() may report although the listening socket is fine: accept(2).
_CONNECTION_WAS_LOST = {errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENETDOWN, errno.EHOSTUNREACH}
#: The process or system is out of something, which others may give back.
_OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class ReuseRandomPortWarning(Warning):
    """A random port was to be shared with SO_REUSEPORT: nobody could know which."""


class ReusePortUnavailableWarning(Warning):
    """SO_REUSEPORT was asked for, but this system does not have it."""


class StopServe(Exception):
    """Raise this in the green thread of `serve`, or in a handler, to end `serve` quietly."""


def connect(addr: Any, family: int = socket.AF_INET, bind: Any = None) -> GreenSocket:
    """Return a green TCP (or Unix) socket connected to `addr`, from the local address `bind` if given. Switches.

    `addr` is (host, port), or a path for AF_UNIX. Raises OSError; nothing stays open then.
    """
    sock = GreenSocket(family, socket.SOCK_STREAM)
    try:
        if bind is not None:
            sock.bind(bind)
        sock.connect(addr)
    except BaseException:
        sock.close()
        raise
    return sock


def listen(
    addr: Any,
    family: int = socket.AF_INET,
    backlog: int = 50,
    reuse_addr: bool = True,
    reuse_port: bool | None = None,
) -> GreenSocket:
    """Return a green socket that listens at `addr`: (host, port), or a path for AF_UNIX. Never switches.

    Port 0 takes a free one: see `getsockname`. `backlog` is how many connections wait
    to be accepted. `reuse_port` sets SO_REUSEPORT, so that processes of one user may share the
    port; None does so for a port that was chosen, where the system can, as upstream does.
    Raises OSError; nothing stays open then.
    """
    sock = GreenSocket(family, socket.SOCK_STREAM)
    try:
        if reuse_addr and _pristine.os.name != "nt":  # there it would let others steal the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port is None:
            reuse_port = family in _INET and addr[1] != 0 and hasattr(socket, "SO_REUSEPORT")
        if reuse_port:
            _share_port(sock, addr, family)
        sock.bind(addr)
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def _share_port(sock: GreenSocket, addr: Any, family: int) -> None:
    if family in _INET and addr[1] == 0:
        warnings.warn("SO_REUSEPORT with a random port: nobody else can know it", ReuseRandomPortWarning, stacklevel=3)
    if not hasattr(socket, "SO_REUSEPORT"):
        warnings.warn("SO_REUSEPORT is not available here", ReusePortUnavailableWarning, stacklevel=3)
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def serve(sock: Any, handle: Callable[[Any, Any], object], concurrency: int = 1000) -> None:
    """Accept connections on `sock` for ever, and run `handle(connection, address)` for each in a green thread.

    At most `concurrency` at once; one more is accepted, further ones wait in the kernel's backlog. The
    connection is closed when `handle` returns. An exception in `handle` ends the server: it is raised
    here, but for StopServe, which makes this return, and GreenletExit. Handlers that still run then go on. Switches.
    """
    pool = GreenPool(concurrency)
    server = _Server(handle)
    try:
        while True:
            connection, address = _accept(sock)
            try:
                pool.spawn(server.handle, connection, address).link(server.handled, connection)
            except BaseException:  # thrown in while all places are taken
                connection.close()
                raise
            del connection, address
    except StopServe:
        return
    finally:
        server.is_ending = True


def _accept(sock: Any) -> Any:
    while True:
        try:
            return sock.accept()
        except OSError as error:
            if error.errno in _OUT_OF_RESOURCES:
                sleep(0.1)
            elif error.errno not in _CONNECTION_WAS_LOST:
                raise


class _Server:
    """The green thread inside of `serve`: it is ended once, and never after it has gone on to other things."""

    def __init__(self, handler: Callable[[Any, Any], object]) -> None:
        self._greenlet = getcurrent()
        self._handler = handler
        self.is_ending = False

    def handle(self, connection: Any, address: Any) -> StopServe | None:
        """Call the handler; return the StopServe that it raised, of which no traceback shall be printed."""
        try:
            self._handler(connection, address)
        except StopServe as stop:
            return stop
        return None

    def handled(self, thread: GreenThread, connection: Any) -> None:
        """A handler has ended: close its connection, and if it failed, end the server."""
        try:
            try:
                stop = thread.wait()
            finally:
                connection.close()
            if stop is not None:
                self._end(stop)
        except GreenletExit:
            pass
        except (Exception, Timeout):
            self._end(*sys.exc_info())

    def _end(self, *error: Any) -> None:
        if not self.is_ending:
            self.is_ending = True
            kill(self._greenlet, *error)


def wrap_ssl(sock: Any, *a: Any, **kw: Any) -> Any:
    """Return a green TLS socket over `sock`; the arguments are those of `eventlet.green.ssl.wrap_socket`.

    `certfile`, `keyfile`, `server_side=True` make a server's. Switches only for the
    handshake of a connected client socket. Raises ssl.SSLError, OSError.
    """
    from eventlet.green import ssl

    return ssl.wrap_socket(sock, *a, **kw)
