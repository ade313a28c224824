"""OpenSSL.SSL, for green threads."""

from __future__ import annotations

import contextlib

from OpenSSL import SSL as _SSL

from eventlet.green._lookalike import look_like
from eventlet.greenio import GreenSocket, socket_timeout
from eventlet.semaphore import Semaphore

__patched__ = ["Connection"]
__getattr__, __dir__ = look_like(globals(), _SSL)

_Connection = _SSL.Connection
#: What one call of OpenSSL takes is less than 2 GiB.
_MAX_BYTES_AT_ONCE = 1 << 30


class Connection(_SSL.Connection):
    """As OpenSSL.SSL.Connection, over a green socket; where it has to wait for the network, it switches.

    The socket's timeout holds for each call, and is one budget for `sendall`: TimeoutError. With a timeout of 0, and
    without a socket, WantReadError and WantWriteError are raised as by the original. One green thread
    may read while others write. Closing it wakes whoever waits, with an OSError.
    """

    def __init__(self, context, socket=None):
        """Make one over `socket`, green or not: it becomes so."""
        if socket is not None and not isinstance(socket, GreenSocket):
            socket = GreenSocket(socket)
        super().__init__(context, socket)
        # OpenSSL wants a write that had to wait to be finished before another one begins: it has
        # encrypted the first one already, and would take the second for it.
        self._writing = Semaphore(1)

    def _when_ready(self, method, *args, deadline=None):
        """Return `method(self, *args)`, called until TLS wants nothing more from the network."""
        socket = self._socket
        while True:
            try:
                return method(self, *args)
            except _SSL.WantReadError:
                if socket is None or socket.gettimeout() == 0.0:
                    raise
                wait = socket._wait_readable
            except _SSL.WantWriteError:
                if socket is None or socket.gettimeout() == 0.0:
                    raise
                wait = socket._wait_writable
            if deadline is None:
                deadline = socket._deadline()
            wait(deadline)

    def do_handshake(self):
        """Do the TLS handshake. Switches. Raises SSL.Error, OSError, TimeoutError."""
        self._when_ready(_Connection.do_handshake)

    def accept(self):
        """Wait for a connection; return (connection, address of the peer). Switches; not for the handshake."""
        client, address = self._socket.accept()
        connection = type(self)(self.get_context(), client)
        connection.set_accept_state()
        return connection, address

    def recv(self, bufsiz, flags=None):
        """Return up to `bufsiz` bytes. Switches until there are some.

        Raises ZeroReturnError when the peer has said good-bye, and SysCallError(-1, "Unexpected EOF") if it is
        gone without.
        """
        return self._when_ready(_Connection.recv, bufsiz, flags)

    read = recv

    def recv_into(self, buffer, nbytes=None, flags=None):
        """Read up to `nbytes` bytes into `buffer`; return how many. Switches until there are some. See `recv`."""
        return self._when_ready(_Connection.recv_into, buffer, nbytes, flags)

    def send(self, buf, flags=0):
        """Send some of `buf`; return how many bytes. Switches while there is no room."""
        with self._turn_to_write() as deadline:
            return self._when_ready(_Connection.send, buf, flags, deadline=deadline)

    write = send

    def sendall(self, buf, flags=0):
        """Send all of `buf`; return how many bytes that was. Switches while there is no room.

        What others send meanwhile comes after it.
        """
        if isinstance(buf, str):
            buf = buf.encode("utf-8")
        count = 0
        with memoryview(buf) as view, view.cast("B") as unsent, self._turn_to_write() as deadline:
            while count < len(unsent):
                with unsent[count : count + _MAX_BYTES_AT_ONCE] as part:
                    count += self._when_ready(_Connection.send, part, flags, deadline=deadline)
        return count

    @contextlib.contextmanager
    def _turn_to_write(self):
        """Wait until nobody else is at a write; the value is when the caller has to give up."""
        socket = self._socket
        if socket is None or socket.gettimeout() == 0.0:
            deadline = None
            if not self._writing.acquire(blocking=False):
                raise _SSL.WantWriteError
        else:
            deadline = socket._deadline()
            if not self._writing.acquire(timeout=socket.gettimeout()):
                raise socket_timeout("timed out")
        try:
            yield deadline
        finally:
            self._writing.release()

    def shutdown(self):
        """Say good-bye; the second time, wait for the peer's. Return whether both have. Switches to wait."""
        return self._when_ready(_Connection.shutdown)

    def dup(self, *_args):
        """Raise NotImplementedError: the state of TLS cannot be duplicated."""
        raise NotImplementedError("an OpenSSL.SSL.Connection cannot be duplicated")

    if hasattr(_Connection, "DTLSv1_listen"):

        def DTLSv1_listen(self):
            """Wait for a client that has answered with its cookie: see the original. Switches."""
            self._when_ready(_Connection.DTLSv1_listen)
