"""One question to one name server, over UDP or TCP.

Anybody may send to a UDP port. So the socket is connected, which lets the kernel drop what comes from elsewhere, its
port is one that the kernel draws by lot, and what is no answer to this very question, by number, kind and question,
or no DNS message at all, is as if it had never come: we listen on until the deadline.
"""

from __future__ import annotations

import struct

import dns.exception
import dns.message

from eventlet import _pristine
from eventlet.greenio import GreenSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_socket = _pristine.c_socket
_clock = _pristine.time.monotonic

#: Two names for one class, but not until 3.9 is dropped.
_TIMEOUTS = (TimeoutError, _socket.timeout)
MAX_DATAGRAM = 65535


def udp(
    question: Any,
    server: str,
    port: int = 53,
    seconds: float | None = None,
    source: str | None = None,
    source_port: int = 0,
    sock: Any = None,
    **how_to_parse: Any,
) -> Any:
    """Return the answer of `server` to `question`, both dns.message.Message. Switches.

    Raises dns.exception.Timeout after `seconds`, OSError if the server cannot be reached. A truncated
    answer is returned as it is (flag TC), or raised if `how_to_parse` says so.
    """
    deadline = None if seconds is None else _clock() + seconds
    owned = sock is None
    if sock is None:
        sock = _connected(_socket.SOCK_DGRAM, server, port, deadline, source, source_port)
    try:
        _set_timeout(sock, deadline)
        sock.send(question.to_wire())
        while True:
            _set_timeout(sock, deadline)
            answer = _parsed(question, sock.recv(MAX_DATAGRAM), how_to_parse)
            if answer is not None:
                return answer
    except _TIMEOUTS:
        raise dns.exception.Timeout(timeout=seconds) from None
    finally:
        if owned:
            sock.close()


def tcp(
    question: Any,
    server: str,
    port: int = 53,
    seconds: float | None = None,
    source: str | None = None,
    source_port: int = 0,
    sock: Any = None,
    **how_to_parse: Any,
) -> Any:
    """Like `udp`, over a TCP connection. Raises EOFError if that ends before the answer. Switches."""
    deadline = None if seconds is None else _clock() + seconds
    owned = sock is None
    wire = question.to_wire()
    try:
        if sock is None:
            sock = _connected(_socket.SOCK_STREAM, server, port, deadline, source, source_port)
        _set_timeout(sock, deadline)
        sock.sendall(struct.pack("!H", len(wire)) + wire)
        while True:
            (length,) = struct.unpack("!H", _receive(sock, 2, deadline))
            answer = _parsed(question, _receive(sock, length, deadline), how_to_parse)
            if answer is not None:
                return answer
    except _TIMEOUTS:
        raise dns.exception.Timeout(timeout=seconds) from None
    finally:
        if owned and sock is not None:
            sock.close()


def _parsed(question: Any, wire: bytes, how_to_parse: dict[str, Any]) -> Any:
    """Return the message in `wire` if it answers `question`, else None."""
    truncated: type[Exception] | tuple[()] = dns.message.Truncated
    try:
        answer = dns.message.from_wire(wire, keyring=question.keyring, request_mac=question.mac, **how_to_parse)
    except truncated as error:
        if question.is_response(error.message()):  # type: ignore[attr-defined]
            raise
        return None
    except Exception:  # damaged in any way: that dnspython may not foresee every one is no reason to give up
        return None
    return answer if question.is_response(answer) else None


def _connected(kind: int, server: str, port: int, deadline: float | None, source: Any, source_port: int) -> GreenSocket:
    # An address in figures, with its scope if it has one: the system answers without asking anybody.
    family, _, _, _, address = _socket.getaddrinfo(server, port, 0, kind, 0, _socket.AI_NUMERICHOST)[0]
    sock = GreenSocket(family, kind)
    try:
        if source or source_port:
            sock.bind((source or ("::" if family == _socket.AF_INET6 else "0.0.0.0"), source_port))
        _set_timeout(sock, deadline)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _receive(sock: Any, size: int, deadline: float | None) -> bytes:
    received = bytearray()
    while len(received) < size:
        _set_timeout(sock, deadline)
        some = sock.recv(size - len(received))
        if not some:
            raise EOFError("the name server closed the connection before its answer was complete")
        received += some
    return bytes(received)


def _set_timeout(sock: Any, deadline: float | None) -> None:
    if deadline is None:
        return
    left = deadline - _clock()
    if left <= 0:
        raise TimeoutError
    sock.settimeout(left)
