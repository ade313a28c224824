"""ssl, for green threads.

Under monkey_patch the standard SSLContext makes green sockets; here GreenSSLContext does.
"""

from __future__ import annotations

import ssl as _ssl
from typing import Any

from eventlet import _pristine
from eventlet.green import socket as _socket
from eventlet.green._lookalike import look_like
from eventlet.greenio import GreenSocket
from eventlet.hubs import get_hub

__patched__: list[str] = []
__getattr__, __dir__ = look_like(globals(), _ssl)

_timeout = _pristine.socket.timeout
_SSLSocket = _ssl.SSLSocket
_WantRead = _ssl.SSLWantReadError
_WantWrite = _ssl.SSLWantWriteError


class GreenSSLSocket(_SSLSocket, GreenSocket):
    """As ssl.SSLSocket; waiting switches. A timeout is one budget for each call, `sendall` too.

    The handshake of an accepted connection happens when it is first used, and so does not
    keep the acceptor: its errors come from `recv`, `send`, `getpeercert`...
    """

    # All the work is the standard class's: on a non-blocking socket it says what it waits for.

    _handshake_is_due = False

    def __new__(cls, sock=None, keyfile=None, certfile=None, server_side=False, cert_reqs=None, ssl_version=None,
                ca_certs=None, do_handshake_on_connect=True, *args, **kw):  # fmt: skip
        if sock is None:
            return super().__new__(cls, *args, **kw)  # SSLSocket._create is at work
        return wrap_socket(
            sock, keyfile, certfile, server_side, cert_reqs, ssl_version, ca_certs, do_handshake_on_connect, *args, **kw
        )  # fmt: skip

    def __init__(self, sock=None, keyfile=None, certfile=None, server_side=False, cert_reqs=None, ssl_version=None,
                 ca_certs=None, do_handshake_on_connect=True, *args, **kw):  # fmt: skip
        """Make one as `wrap_socket` does. Upstream's way; prefer a context's `wrap_socket`."""
        if sock is None:
            raise TypeError(f"{type(self).__name__} needs a socket to wrap")

    # ---- waiting

    def _tls(self, attempt, what, *args, deadline=None):
        """Call `attempt(self, *args)` until TLS wants nothing more from the network."""
        while True:
            try:
                return attempt(self, *args)
            except _WantRead:
                if self._timeout == 0.0:
                    raise
                wait = get_hub().wait_readable
            except _WantWrite:
                if self._timeout == 0.0:
                    raise
                wait = get_hub().wait_writable
            if deadline is None:
                deadline = self._deadline()
            if self.fileno() < 0:
                raise OSError(9, "Bad file descriptor")
            if not wait(self._record, deadline):
                raise _timeout(f"The {what} operation timed out")

    def do_handshake(self, block=False):
        """Do the TLS handshake. Switches."""
        self._handshake_is_due = False
        if block and self._timeout == 0.0:
            self.settimeout(None)
            try:
                self.do_handshake()
            finally:
                self.settimeout(0.0)
            return
        self._tls(_SSLSocket.do_handshake, "handshake")

    def _handshake_if_due(self):
        if self._handshake_is_due and self._sslobj is not None:
            self.do_handshake()

    def unwrap(self):
        """Say good-bye, and wait for the peer's; return the socket, for clear text. Switches."""
        return self._tls(_SSLSocket.unwrap, "shutdown")

    # ---- reading and writing

    def read(self, len=1024, buffer=None):
        """Return up to `len` bytes, or read them into `buffer` and return how many. Switches to wait."""
        return self._tls(_SSLSocket.read, "read", len, buffer)

    def write(self, data):
        """Send `data`; return how many bytes. Switches to wait."""
        return self._tls(_SSLSocket.write, "write", data)

    def send(self, data, flags=0):
        """Send `data`; return how many bytes. Switches to wait."""
        return self._tls(_SSLSocket.send, "write", data, flags)

    def sendall(self, data, flags=0):
        """Send all of `data`, in the time of the timeout. Switches to wait."""
        if self._sslobj is None:
            return GreenSocket.sendall(self, data, flags)
        deadline = self._deadline()
        with memoryview(data) as view, view.cast("B") as unsent:
            count = 0
            while count < len(unsent):
                count += self._tls(_SSLSocket.send, "write", unsent[count:], flags, deadline=deadline)
        return None

    def recv(self, buflen=1024, flags=0):
        """Return up to `buflen` bytes; b"" at the end. Switches to wait."""
        if self._sslobj is None or flags:
            return super().recv(buflen, flags)
        return self._tls(_SSLSocket.read, "read", buflen)

    def recvfrom(self, *args, **kw):
        """Raise ValueError: TLS has no datagrams. Before the handshake it is the socket's own."""
        return super().recvfrom(*args, **kw)

    def sendto(self, data, *args, **kw):
        """Raise ValueError: TLS has no datagrams. Before the handshake it is the socket's own."""
        return super().sendto(data, *args, **kw)

    def settimeout(self, timeout):
        """Set the timeout in seconds; None: wait for ever; 0: never wait. Never switches."""
        GreenSocket.settimeout(self, timeout)

    # ---- connections

    def accept(self):
        """Wait for a connection; return (green TLS socket, address of the peer). Switches."""
        connection, address = GreenSocket.accept(self)
        connection = type(self)._create(
            sock=connection,
            server_side=True,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=self.suppress_ragged_eofs,
            context=self.context,
        )
        connection.do_handshake_on_connect = connection._handshake_is_due = self.do_handshake_on_connect
        return connection, address

    def dup(self):
        """Raise NotImplementedError, as the standard one."""
        return _SSLSocket.dup(self)


def _after_handshake(name):
    standard = getattr(_SSLSocket, name)

    def method(self, *args, **kwargs):
        self._handshake_if_due()
        return standard(self, *args, **kwargs)

    method.__name__ = name
    method.__qualname__ = f"GreenSSLSocket.{name}"
    method.__doc__ = f"{standard.__doc__ or ''} Switches if the handshake is still due."
    method.__wrapped__ = standard
    return method


for _name in (
    "cipher",
    "compression",
    "get_channel_binding",
    "get_unverified_chain",
    "get_verified_chain",
    "getpeercert",
    "selected_alpn_protocol",
    "selected_npn_protocol",
    "shared_ciphers",
    "version",
):
    if hasattr(_SSLSocket, _name):
        setattr(GreenSSLSocket, _name, _after_handshake(_name))
SSLSocket = GreenSSLSocket


class GreenSSLContext(_ssl.SSLContext):
    """As ssl.SSLContext; its `wrap_socket` returns green sockets."""

    sslsocket_class = GreenSSLSocket


SSLContext = GreenSSLContext


def wrap_socket(
    sock: Any,
    keyfile: Any = None,
    certfile: Any = None,
    server_side: bool = False,
    cert_reqs: Any = None,
    ssl_version: Any = None,
    ca_certs: Any = None,
    do_handshake_on_connect: bool = True,
    suppress_ragged_eofs: bool = True,
    ciphers: Any = None,
    server_hostname: Any = None,
) -> Any:
    """Return a green TLS socket over `sock`, which is detached. Switches for the handshake of a connected one.

    What the standard library had until Python 3.12; it does not check host names. For
    anything but a simple server or test use a context. Raises SSLError, ValueError, OSError.
    """
    if server_side and not certfile:
        raise ValueError("certfile must be specified for server-side operations")
    if keyfile and not certfile:
        raise ValueError("certfile must be specified")
    if ssl_version in (None, _ssl.PROTOCOL_TLS):
        ssl_version = _ssl.PROTOCOL_TLS_SERVER if server_side else _ssl.PROTOCOL_TLS_CLIENT
    context = GreenSSLContext(ssl_version)
    context.check_hostname = False
    context.verify_mode = _ssl.CERT_NONE if cert_reqs is None else cert_reqs
    if ca_certs:
        context.load_verify_locations(ca_certs)
    if certfile:
        context.load_cert_chain(certfile, keyfile)
    if ciphers:
        context.set_ciphers(ciphers)
    return context.wrap_socket(
        sock,
        server_side=server_side,
        do_handshake_on_connect=do_handshake_on_connect,
        suppress_ragged_eofs=suppress_ragged_eofs,
        server_hostname=server_hostname,
    )


def _green(context):
    if type(context) is _ssl.SSLContext:
        context.__class__ = GreenSSLContext
    else:
        context.sslsocket_class = GreenSSLSocket
    return context


def create_default_context(*a, **kw):
    """As ssl.create_default_context; the context makes green sockets. Never switches."""
    return _green(_ssl.create_default_context(*a, **kw))


green_create_default_context = create_default_context


def _create_unverified_context(*a, **kw):
    return _green(_ssl._create_unverified_context(*a, **kw))


def _create_default_https_context(*a, **kw):
    # Programs replace the standard one to switch verification off: PEP 476.
    return _green(_ssl._create_default_https_context(*a, **kw))


_create_stdlib_context = _create_unverified_context


def get_server_certificate(
    addr, ssl_version=_ssl.PROTOCOL_TLS_CLIENT, ca_certs=None, timeout=_socket._GLOBAL_DEFAULT_TIMEOUT
):
    """Return the certificate, as PEM, of the server at `addr`, (host, port). Switches.

    It is validated only if `ca_certs`, the name of a file, is given.
    """
    context = GreenSSLContext(ssl_version)
    context.check_hostname = False
    context.verify_mode = _ssl.CERT_REQUIRED if ca_certs else _ssl.CERT_NONE
    if ca_certs:
        context.load_verify_locations(ca_certs)
    with _socket.create_connection(addr, timeout=timeout) as sock:
        with context.wrap_socket(sock, server_hostname=addr[0]) as connection:
            return _ssl.DER_cert_to_PEM_cert(connection.getpeercert(True) or b"")


def patch_in_place(ssl):
    """Have every context, also those that exist already, make green sockets."""
    ssl.SSLContext.sslsocket_class = GreenSSLSocket
    ssl.create_connection = _socket.create_connection
    if hasattr(ssl, "wrap_socket"):  # until 3.11 is dropped
        ssl.wrap_socket = wrap_socket
