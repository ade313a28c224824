"""`GreenSocket`: a socket whose blocking calls let other green threads run.

The OS socket is non-blocking; the timeout that the user sees is kept beside it.
Each call tries, and parks the green thread when it cannot go on; `recv` and `accept`
do not even try when the fd's record (hubs/_readiness.py) says that nothing is there.
"""

from __future__ import annotations

import errno
import socket as stdlib_socket  # for its names only; what patching replaces is taken from _pristine
import sys

from eventlet import _pristine
from eventlet._pristine import c_socket, socket
from eventlet.greenio.pipe import set_nonblocking
from eventlet.hubs._current import get_hub, has_hub
from eventlet.hubs._readiness import FdRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Callable

__all__ = ["GreenSocket", "set_nonblocking", "shutdown_safe"]

SOCKET_BLOCKING = {errno.EAGAIN, errno.EWOULDBLOCK}
SOCKET_CLOSED = {errno.ECONNRESET, errno.ENOTCONN, errno.ESHUTDOWN, errno.EPIPE, errno.EBADF}
CONNECT_ERR = {errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK}
CONNECT_SUCCESS = {0, errno.EISCONN}

socket_timeout = socket.timeout
_GLOBAL_DEFAULT_TIMEOUT = socket._GLOBAL_DEFAULT_TIMEOUT

_c = c_socket.socket
_c_recv = _c.recv
_c_recv_into = _c.recv_into
_c_send = _c.send
_c_family = _c.family.__get__
_c_type = _c.type.__get__
_c_proto = _c.proto.__get__
_STREAM = int(c_socket.SOCK_STREAM)
_INET = (int(c_socket.AF_INET), int(c_socket.AF_INET6))
_TCP = (0, int(c_socket.IPPROTO_TCP))
#: On Linux a second connect() tells how the first one ended, and only then may a third begin anew;
#: whoever asks for SO_ERROR instead gets ECONNABORTED when he connects again after a failure.
_CONNECT_TELLS = sys.platform == "linux"
_PEEK = int(c_socket.MSG_PEEK)
_DONTWAIT = int(getattr(c_socket, "MSG_DONTWAIT", 0))
_WAITALL = int(getattr(c_socket, "MSG_WAITALL", 0))


class GreenSocket(socket.socket):  # type: ignore[misc, name-defined]
    """A `socket.socket` whose blocking methods switch instead of blocking the thread.

    All methods and errors are the standard ones. A timeout is one budget for the
    whole call (for `sendall` too, as in the standard library). One green thread
    may read while another writes; two that read at once are an error (RuntimeError). Closing it
    wakes whoever waits on it with `hubs.IOClosed`, an OSError (EBADF).

    May be used from any OS thread; it is fastest in the one where it first had to wait.
    """

    # Attributes may be set on it, as upstream allows, hence `__dict__`.
    __slots__ = ("_adopted", "_drains", "_record", "_timeout", "__dict__")

    def __init__(self, family: Any = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
        """Make a socket; or, given an existing socket as `family`, a green view of that one.

        The view shares the file descriptor: closing it closes the existing socket.
        """
        self._adopted: Any = None
        if not isinstance(family, int) and hasattr(family, "fileno"):
            self._adopted = existing = family
            super().__init__(existing.family, existing.type, existing.proto, existing.fileno())
            self._timeout = existing.gettimeout() if hasattr(existing, "gettimeout") else None
        else:
            super().__init__(family, type, proto, fileno)
            self._timeout = _c.gettimeout(self)
        _c.setblocking(self, False)
        self._record = FdRecord(_c.fileno(self))
        # Only on TCP does a short read prove that nothing is left: datagrams,
        # SCTP messages and ancillary data on Unix sockets end reads early.
        self._drains = _c_type(self) == _STREAM and _c_family(self) in _INET and _c_proto(self) in _TCP

    @property
    def fd(self) -> Any:
        """The underlying socket (upstream's name): the one that was adopted, or this one."""
        return self if self._adopted is None else self._adopted

    # ---- timeouts

    def gettimeout(self) -> float | None:
        """Return the timeout in seconds; None: wait for ever; 0: never wait. Never switches."""
        return self._timeout

    def settimeout(self, howlong: float | None) -> None:
        """Set the timeout in seconds; None: wait for ever; 0: never wait. Never switches.

        Raises TypeError for what is no number, ValueError for a negative one or NaN.
        """
        if howlong is _GLOBAL_DEFAULT_TIMEOUT:
            howlong = None  # as upstream does
        if howlong is not None:
            if not hasattr(howlong, "__float__") and not hasattr(howlong, "__index__"):
                raise TypeError(f"timeout must be a number or None, not {type(howlong).__name__}")
            howlong = float(howlong)
            if not howlong >= 0:
                raise ValueError("Timeout value out of range")
        self._timeout = howlong

    def setblocking(self, flag: bool) -> None:
        """`settimeout(None)` if `flag` is true, else `settimeout(0)`. Never switches. Raises OSError if closed."""
        _c.setblocking(self, False)  # the OS socket always is; this tells whether it still exists
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        """Whether calls may wait. Never switches."""
        return self._timeout != 0.0

    timeout = property(gettimeout, doc="The timeout in seconds, or None.")

    # ---- waiting

    def _deadline(self) -> float | None:
        """When a call that begins now has to give up."""
        timeout = self._timeout
        return None if timeout is None else get_hub().clock() + timeout

    def _wait_readable(self, deadline: float | None) -> None:
        """Park until it can be read; raise socket.timeout at `deadline`."""
        if _c.fileno(self) < 0:
            raise OSError(errno.EBADF, "Bad file descriptor")
        if not get_hub().wait_readable(self._record, deadline):
            raise socket_timeout("timed out")

    def _wait_writable(self, deadline: float | None) -> None:
        """Park until it can be written; raise socket.timeout at `deadline`."""
        if _c.fileno(self) < 0:
            raise OSError(errno.EBADF, "Bad file descriptor")
        if not get_hub().wait_writable(self._record, deadline):
            raise socket_timeout("timed out")

    def _may_wait(self, flags: int) -> bool:
        """Whether a call with `flags` may wait. With a timeout the standard library ignores MSG_DONTWAIT."""
        return self._timeout != 0.0 and not (flags & _DONTWAIT and self._timeout is None)

    def _reading(self, attempt: Callable[..., Any], *args: Any, flags: int = 0) -> Any:
        """Call `attempt(self, *args)` until it does not say "would block", parking in between."""
        try:
            return attempt(self, *args)
        except BlockingIOError:
            if not self._may_wait(flags):
                raise
        deadline = self._deadline()
        while True:
            self._wait_readable(deadline)
            self._record.readable = True  # `attempt` may leave something: only a short recv() proves the contrary
            try:
                return attempt(self, *args)
            except BlockingIOError:
                pass

    def _writing(self, attempt: Callable[..., Any], *args: Any, flags: int = 0) -> Any:
        """Like `_reading`, for calls that need room in the kernel's buffer."""
        try:
            return attempt(self, *args)
        except BlockingIOError:
            if not self._may_wait(flags):
                raise
        deadline = self._deadline()
        while True:
            self._wait_writable(deadline)
            try:
                return attempt(self, *args)
            except BlockingIOError:
                pass

    # ---- reading

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Return up to `bufsize` bytes, at least one; b"" at the end. Switches only if nothing is there."""
        if flags:
            return self._recv_with_flags(bufsize, flags)
        record = self._record
        if record.readable or self._timeout == 0.0 or bufsize <= 0:
            try:
                data: bytes = _c_recv(self, bufsize)
            except BlockingIOError:
                if self._timeout == 0.0:
                    raise
            else:
                record.readable = len(data) == bufsize or record.eof or not self._drains
                return data
        deadline = None if self._timeout is None else self._deadline()
        while True:
            self._wait_readable(deadline)
            try:
                data = _c_recv(self, bufsize)
            except BlockingIOError:
                continue
            record.readable = len(data) == bufsize or record.eof or not self._drains
            return data

    def _recv_with_flags(self, bufsize: int, flags: int) -> bytes:
        data: bytes = self._reading(_c_recv, bufsize, flags, flags=flags)
        if not self._wants_all(flags):
            return data
        pieces = [data]
        while data and (missing := bufsize - sum(map(len, pieces))):
            data = self._reading(_c_recv, missing, flags)
            pieces.append(data)
        return b"".join(pieces)

    def _wants_all(self, flags: int) -> bool:
        # The kernel does this itself, but not for a non-blocking socket: recv(2). With a
        # timeout the standard library's are non-blocking too.
        return bool(flags & _WAITALL and not flags & _PEEK and self._timeout is None and _c_type(self) == _STREAM)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Read up to `nbytes` bytes (0: as many as fit) into `buffer`; return how many. Like `recv`."""
        if flags:
            return self._recv_into_with_flags(buffer, nbytes, flags)
        record = self._record
        if record.readable or self._timeout == 0.0 or not _has_room(buffer, nbytes):
            try:
                count: int = _c_recv_into(self, buffer, nbytes)
            except BlockingIOError:
                if self._timeout == 0.0:
                    raise
            else:
                record.readable = not self._drains or record.eof or count == (nbytes or _nbytes(buffer))
                return count
        deadline = self._deadline()
        while True:
            self._wait_readable(deadline)
            try:
                count = _c_recv_into(self, buffer, nbytes)
            except BlockingIOError:
                continue
            record.readable = not self._drains or record.eof or count == (nbytes or _nbytes(buffer))
            return count

    def _recv_into_with_flags(self, buffer: Any, nbytes: int, flags: int) -> int:
        total: int = self._reading(_c_recv_into, buffer, nbytes, flags, flags=flags)
        if not self._wants_all(flags):
            return total
        with memoryview(buffer) as view, view.cast("B") as target:
            count = total
            while count and (missing := (nbytes or len(target)) - total):
                count = self._reading(_c_recv_into, target[total:], missing, flags)
                total += count
        return total

    def recvfrom(self, bufsize: int, flags: int = 0) -> tuple[bytes, Any]:
        """Return (data, sender's address). Switches only if nothing is there."""
        return self._reading(_c.recvfrom, bufsize, flags, flags=flags)  # type: ignore[no-any-return]

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """Read into `buffer`; return (count, sender's address). Switches only if nothing is there."""
        return self._reading(_c.recvfrom_into, buffer, nbytes, flags, flags=flags)  # type: ignore[no-any-return]

    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0) -> Any:
        """Return (data, ancillary data, flags, address). Switches only if nothing is there."""
        return self._reading(_c.recvmsg, bufsize, ancbufsize, flags, flags=flags)

    def recvmsg_into(self, buffers: Iterable[Any], ancbufsize: int = 0, flags: int = 0) -> Any:
        """Read into `buffers`; return (count, ancillary data, flags, address). Switches only if nothing is there."""
        return self._reading(_c.recvmsg_into, list(buffers), ancbufsize, flags, flags=flags)

    # ---- writing

    def send(self, data: Any, flags: int = 0) -> int:
        """Send some of `data`; return how many bytes. Switches only if the kernel's buffer is full."""
        try:
            return _c_send(self, data, flags)
        except BlockingIOError:
            if not self._may_wait(flags):
                raise
        deadline = self._deadline()
        while True:
            self._wait_writable(deadline)
            try:
                return _c_send(self, data, flags)
            except BlockingIOError:
                pass

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of `data`. Switches only while the kernel's buffer is full.

        Raises socket.timeout when the timeout, one budget for the whole call, runs out, and
        OSError when the connection breaks; how many bytes went out by then is not knowable.
        """
        try:
            sent = _c_send(self, data, flags)
        except BlockingIOError:
            if not self._may_wait(flags):
                raise
            sent = 0
        if type(data) is bytes and sent == len(data):
            return
        deadline = self._deadline()
        with memoryview(data) as view, view.cast("B") as unsent:
            total = len(unsent)
            while sent < total:
                try:
                    sent += _c_send(self, unsent[sent:], flags)
                except BlockingIOError:
                    if not self._may_wait(flags):
                        raise
                    self._wait_writable(deadline)

    def sendto(self, data: Any, *args: Any) -> int:
        """`sendto(data[, flags], address)`. Switches only if the kernel's buffer is full, or to look up a name."""
        if args:
            args = (*args[:-1], self._resolved(args[-1]))
        flags = args[0] if len(args) == 2 else 0
        return self._writing(_c.sendto, data, *args, flags=flags)  # type: ignore[no-any-return]

    def sendmsg(self, buffers: Iterable[Any], *args: Any) -> int:
        """`sendmsg(buffers[, ancdata[, flags[, address]]])`. Switches only if the kernel's buffer is full."""
        flags = args[1] if len(args) > 1 else 0
        return self._writing(_c.sendmsg, list(buffers), *args, flags=flags)  # type: ignore[no-any-return]

    if hasattr(_c, "sendmsg_afalg"):

        def sendmsg_afalg(self, *args: Any, **kwargs: Any) -> int:
            """See socket.sendmsg_afalg. Switches only if the kernel's buffer is full."""
            return self._writing(lambda this: _c.sendmsg_afalg(this, *args, **kwargs))  # type: ignore[no-any-return]

    def _sendfile_use_sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        # The standard library's version polls with a selector, which would block.
        self._check_sendfile_params(file, offset, count)
        try:
            in_fd = file.fileno()
            size = _pristine.os.fstat(in_fd).st_size
        except (AttributeError, OSError) as error:
            raise socket._GiveupOnSendfile(error) from None  # not a regular file
        if not size:
            return 0
        if self._timeout == 0.0:
            raise ValueError("non-blocking sockets are not supported")
        deadline = self._deadline()
        # One call transfers at most 2,147,479,552 bytes: sendfile(2).
        block = min(count or size, 2**30)
        total = 0
        try:
            while count is None or total < count:
                if count is not None:
                    block = min(count - total, block)
                try:
                    sent = _pristine.os.sendfile(_c.fileno(self), in_fd, offset, block)
                except BlockingIOError:
                    self._wait_writable(deadline)
                    continue
                except OSError as error:
                    if total == 0 and error.errno != errno.ENOTCONN:
                        raise socket._GiveupOnSendfile(error) from None
                    raise
                if sent == 0:
                    break
                offset += sent
                total += sent
            return total
        finally:
            if total and hasattr(file, "seek"):
                file.seek(offset)

    # ---- connecting

    def accept(self) -> tuple[GreenSocket, Any]:
        """Wait for a connection; return (socket, address of the peer). Switches only if there is none yet."""
        fd, address = self._reading(_c._accept)  # type: ignore[attr-defined]
        connection = self._accepted(fd)
        if self._timeout is not None and c_socket.getdefaulttimeout() is None:
            connection._timeout = None  # as in the standard library: accepted sockets block
        return connection, address

    def _accepted(self, fd: int) -> GreenSocket:
        return GreenSocket(_c_family(self), _c_type(self), _c_proto(self), fd)

    def connect(self, address: Any) -> None:
        """Connect to `address`. Switches until that has succeeded or failed, and to look up a name."""
        address = self._resolved(address)
        error = self._connect(address)
        if error:
            raise OSError(error, _pristine.os.strerror(error))

    def connect_ex(self, address: Any) -> int:
        """Like `connect`, but return an errno (0: success) instead of raising it. Switches."""
        try:
            return self._connect(self._resolved(address))
        except socket_timeout:
            return errno.EAGAIN  # what the standard library returns

    def _connect(self, address: Any) -> int:
        self._record.eof = False
        error: int = _c.connect_ex(self, address)
        if error not in CONNECT_ERR or self._timeout == 0.0:
            return error
        deadline = self._deadline()
        while error in CONNECT_ERR:
            if error == errno.EAGAIN and _c_family(self) not in _INET:
                # connect(2): on Unix sockets the listener's queue is full, of which
                # no poller tells.
                self._pause(deadline)
            else:
                self._wait_writable(deadline)
                if not _CONNECT_TELLS:
                    error = _c.getsockopt(self, c_socket.SOL_SOCKET, c_socket.SO_ERROR)
                    if error:
                        return error
            error = _c.connect_ex(self, address)
        return 0 if error == errno.EISCONN else error

    def _pause(self, deadline: float | None) -> None:
        from eventlet.greenthread import sleep

        if deadline is not None and get_hub().clock() >= deadline:
            raise socket_timeout("timed out")
        sleep(0.005)

    def _resolved(self, address: Any) -> Any:
        """Return `address` with a host name looked up: connect(2) in C would block for that."""
        if _c_family(self) not in _INET or not isinstance(address, tuple) or len(address) < 2:
            return address
        host = address[0]
        if not isinstance(host, (str, bytes, bytearray)) or not host or _is_numeric(host):
            return address
        from eventlet import _resolver

        found = _resolver.getaddrinfo(host, address[1], _c_family(self), _c_type(self), _c_proto(self))
        resolved = found[0][4]
        return (*resolved[:2], *address[2:]) if len(address) > 2 else resolved

    # ---- its life

    def close(self) -> None:
        """Close it; green threads that wait on it get IOClosed. Never switches."""
        super().close()

    def _real_close(self, *args: Any) -> None:
        self._drop_record()
        if self._adopted is not None:
            _c.detach(self)
            self._adopted.close()
        _c.close(self)

    def detach(self) -> int:
        """Give up the file descriptor without closing it; return it. Green threads that wait on it get IOClosed."""
        self._drop_record()
        fd: int = super().detach()
        if self._adopted is not None:
            self._adopted.detach()
            self._adopted = None
        return fd

    def _drop_record(self) -> None:
        record = self._record
        record.readable = record.writable = True  # so that later calls try, and fail
        hub = record.hub
        if hub is not None:
            record.hub = None
            hub.drop(record)
        elif has_hub():
            get_hub().notify_close(_c.fileno(self))  # whoever waits on it by other means, such as select

    def __del__(self) -> None:
        try:
            record = self._record
        except AttributeError:
            return  # __init__ failed
        if record.hub is not None:
            self._drop_record()
        if self._adopted is not None:
            _c.detach(self)  # the adopted socket closes the file descriptor
        else:
            _c.__del__(self)  # type: ignore[attr-defined]

    def dup(self, *_args: Any, **_kw: Any) -> GreenSocket:
        """Return a new socket on a duplicate of the file descriptor. Never switches."""
        duplicate = GreenSocket(_c_family(self), _c_type(self), _c_proto(self), c_socket.dup(_c.fileno(self)))
        duplicate._timeout = self._timeout
        return duplicate

    def makeGreenFile(self, *args: Any, **kw: Any) -> Any:
        """Upstream's old name of `makefile`."""
        return self.makefile(*args, **kw)


def _nbytes(buffer: Any) -> int:
    return len(buffer) if type(buffer) is bytearray else memoryview(buffer).nbytes


def _has_room(buffer: Any, nbytes: int) -> bool:
    """Whether `nbytes` (0: all of it) is a sensible amount to read into `buffer`; if not, the system call says why."""
    with memoryview(buffer) as view:
        return not view.readonly and 0 < (nbytes or view.nbytes) <= view.nbytes


def _is_numeric(host: Any) -> bool:
    text = host if isinstance(host, str) else bytes(host).decode("latin-1")
    if text == "<broadcast>":
        return True
    for family in (c_socket.AF_INET, c_socket.AF_INET6):
        try:
            c_socket.inet_pton(family, text.partition("%")[0])
            return True
        except (OSError, ValueError):
            pass
    return False


def shutdown_safe(sock: Any) -> None:
    """Shut both directions of `sock` down; no error if it is closed or not connected. Never switches.

    Works for pyOpenSSL's connections too, whose shutdown() takes no argument.
    """
    try:
        try:
            sock.shutdown(stdlib_socket.SHUT_RDWR)
        except TypeError:
            sock.shutdown()
    except OSError as error:
        if error.errno not in (errno.ENOTCONN, errno.EBADF, errno.ENOTSOCK):
            raise


def socket_connect(descriptor: Any, address: Any) -> Any:
    """Upstream's helper: begin connecting `descriptor`; return it when connected, None while in progress."""
    error = descriptor.connect_ex(address)
    if error in CONNECT_ERR:
        return None
    if error not in CONNECT_SUCCESS:
        raise OSError(error, errno.errorcode.get(error, ""))
    return descriptor


def socket_checkerr(descriptor: Any) -> None:
    """Upstream's helper: raise the error that is pending on `descriptor`, if any."""
    error = descriptor.getsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_ERROR)
    if error not in CONNECT_SUCCESS:
        raise OSError(error, errno.errorcode.get(error, ""))


def socket_accept(descriptor: Any) -> Any:
    """Upstream's helper: return what `descriptor.accept()` does, or None if that would block."""
    try:
        return descriptor.accept()
    except BlockingIOError:
        return None
