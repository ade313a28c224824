"""ssl, for green threads.

Under monkey_patch the standard SSLContext makes green sockets; here GreenSSLContext does.
"""

from __future__ import annotations

import ssl as _ssl
from typing import Any

from eventlet.green import socket as _socket
from eventlet.green._lookalike import look_like
from eventlet.green._tls_stream import TLSStream
from eventlet.greenio import GreenSocket

__patched__: list[str] = []
__getattr__, __dir__ = look_like(globals(), _ssl)

_SSLSocket = _ssl.SSLSocket
_SSLError = _ssl.SSLError


class GreenSSLSocket(TLSStream, _SSLSocket, GreenSocket):
    """As ssl.SSLSocket; waiting switches. A timeout is one budget for each call, `sendall` and `connect` too.

    One green thread may read while others write: what is given to one call goes out in one piece, and what others
    write meanwhile comes after it. A writer that is killed leaves a stream that can still be used.

    The handshake of an accepted connection happens when it is first used, and so does not
    keep the acceptor: its errors come from `recv`, `send`, `getpeercert`..., and close the connection.
    """

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

    @classmethod
    def _create(cls, sock, *args, do_handshake_on_connect=True, context=None, **kw):
        self = super()._create(sock, *args, do_handshake_on_connect=False, context=_InMemory(context), **kw)
        self._context = context
        self.do_handshake_on_connect = do_handshake_on_connect
        if self._connected and do_handshake_on_connect:
            try:
                if self._timeout == 0.0:
                    raise ValueError("do_handshake_on_connect should not be specified for non-blocking sockets")
                self.do_handshake()
            except BaseException:
                self.close()
                raise
        return self

    _connected: bool
    _sslobj: Any
    #: What came behind the peer's good-bye, and was read with it.
    _clear_text = b""

    def do_handshake(self, block=False):
        """Do the TLS handshake. Switches."""
        self._check_connected()
        timeout = self._timeout
        if block and timeout == 0.0:
            self._timeout = None
        try:
            self._shake_hands(self._sslobj, self._deadline(), "handshake")
        finally:
            self._timeout = timeout

    def _handshake_if_due(self):
        if self._sslobj is not None and self._handshake_is_due:
            self._shake_hands_first(self._sslobj, self._deadline(), "handshake")

    @property
    def session(self):
        """The session, which a client may resume; None if there is none. Switches if the handshake is still due."""
        self._handshake_if_due()
        return super().session

    @session.setter
    def session(self, session):
        vars(_SSLSocket)["session"].__set__(self, session)

    @property
    def session_reused(self):
        """Whether the session is a resumed one. Switches if the handshake is still due."""
        self._handshake_if_due()
        return super().session_reused

    def unwrap(self):
        """Say good-bye, and wait for the peer's; return the socket, for clear text. Switches."""
        if self._sslobj is None:
            raise ValueError(f"No SSL wrapper around {self}")
        self._say_good_bye(self._sslobj)
        self._clear_text = self._incoming.read()
        self._sslobj = None
        return self

    # ---- reading and writing

    def read(self, len=1024, buffer=None):
        """Return up to `len` bytes, or read them into `buffer` and return how many. Switches to wait."""
        sslobj = self._sslobj
        if sslobj is None:
            raise ValueError("Read on closed or unwrapped SSL socket.")
        if buffer is not None:
            return self._read_into(sslobj, buffer, len)
        try:
            return self._receive(sslobj, len)
        except _SSLError as error:
            return self._at_ragged_end(error, b"")

    def recv(self, buflen=1024, flags=0):
        """Return up to `buflen` bytes; b"" at the end. Switches to wait."""
        sslobj = self._sslobj
        if sslobj is None or flags:
            return super().recv(buflen, flags) if not self._clear_text else self._left_over(buflen)
        try:
            return self._receive(sslobj, buflen)
        except _SSLError as error:
            return self._at_ragged_end(error, b"")

    def recv_into(self, buffer, nbytes=None, flags=0):
        """Read up to `nbytes` bytes (None: as many as fit) into `buffer`; return how many. Switches to wait."""
        sslobj = self._sslobj
        if sslobj is None or flags:
            if not self._clear_text:
                return super().recv_into(buffer, nbytes, flags)
            with memoryview(buffer) as view, view.cast("B") as target:
                data = self._left_over(nbytes or len(target))
                target[: len(data)] = data
            return len(data)
        return self._read_into(sslobj, buffer, nbytes or 0)

    def _left_over(self, size):
        data, self._clear_text = self._clear_text[:size], self._clear_text[size:]
        return data

    def _read_into(self, sslobj, buffer, size):
        with memoryview(buffer) as view:
            room = view.nbytes
        try:
            return self._receive(sslobj, size if 0 < size < room else room, buffer)
        except _SSLError as error:
            return self._at_ragged_end(error, 0)

    def _at_ragged_end(self, error, nothing):
        if self.suppress_ragged_eofs and error.args[0] == _ssl.SSL_ERROR_EOF:
            return nothing
        raise error

    def write(self, data):
        """Send `data`; return how many bytes. Switches to wait."""
        if self._sslobj is None:
            raise ValueError("Write on closed or unwrapped SSL socket.")
        return self._transmit(self._sslobj, data)

    def send(self, data, flags=0):
        """Send `data`; return how many bytes. Switches to wait."""
        sslobj = self._sslobj
        if sslobj is None or flags:
            return super().send(data, flags)
        return self._transmit(sslobj, data)

    def sendall(self, data, flags=0):
        """Send all of `data`, in the time of the timeout. Switches to wait."""
        sslobj = self._sslobj
        if sslobj is None or flags:
            return super().sendall(data, flags)
        if self._timeout == 0.0:
            return _SSLSocket.sendall(self, data)
        if type(data) is not bytes or data:  # OpenSSL makes an error of nothing, if the peer has gone
            self._transmit(sslobj, data)
        return None

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

    def _real_connect(self, addr, connect_ex):
        if self.server_side:
            raise ValueError("can't connect in server-side mode")
        if self._connected or self._sslobj is not None:
            raise ValueError("attempt to connect already-connected SSLSocket!")
        deadline = self._deadline()
        self._sslobj = self._start_tls(self._context, False, self.server_hostname, self._session)
        try:
            error = (GreenSocket.connect_ex if connect_ex else GreenSocket.connect)(self, addr)
            if not error:
                self._connected = True
                if self.do_handshake_on_connect:
                    self._shake_hands(self._sslobj, deadline, "handshake")
            return error
        except (OSError, ValueError):
            self._sslobj = None
            raise

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


class _InMemory:
    """A context whose TLS is driven by the socket that it belongs to: for SSLSocket._create."""

    def __init__(self, context):
        self._context = context

    def __getattr__(self, name):
        return getattr(self._context, name)

    def _wrap_socket(self, _sock, server_side, server_hostname=None, *, owner, session=None):
        return owner._start_tls(self._context, server_side, server_hostname, session)


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
    "client_sigalg",
    "compression",
    "get_channel_binding",
    "get_unverified_chain",
    "get_verified_chain",
    "getpeercert",
    "group",
    "selected_alpn_protocol",
    "selected_npn_protocol",
    "server_sigalg",
    "shared_ciphers",
    "verify_client_post_handshake",
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
