"""The load generator for TLS: encrypts what it sends, and counts what comes back without decrypting it."""

from __future__ import annotations

import os
import select
import socket
import ssl
import time
from pathlib import Path

from benchmarks._job import Unsupported
from benchmarks._load import SILENCE_SECONDS

CERTIFICATES = Path(__file__).resolve().parent.parent / "tests" / "helpers" / "certificates"
CERT, KEY = str(CERTIFICATES / "cert.pem"), str(CERTIFICATES / "key.pem")
REQUEST = 64
#: Of TLS 1.3 with AES-GCM: the clear text of a record at most, and what is added to it.
RECORD, OVERHEAD = 16384, 22


def on_the_wire(size: int) -> int:
    """Return how many bytes of ciphertext `size` bytes are, if whoever sends them fills his records."""
    return size + -(-size // RECORD) * OVERHEAD


class Connection:
    """One TLS connection, after its handshake and a first exchange: the session tickets have come by then."""

    def __init__(self, port: int, request: int, response: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), SILENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fd = self._socket.fileno()
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=CERT)
        self._tls = context.wrap_bio(self._in, self._out, server_hostname="localhost")
        self._request = b"x" * request
        self._response = on_the_wire(response)
        self._missing = 0
        self._unsent = memoryview(b"")
        while not self._shaken():
            self._socket.sendall(self._out.read())
            self._in.write(self._socket.recv(65536))
        self._socket.sendall(self._out.read())
        cipher = self._tls.cipher()
        if self._tls.version() != "TLSv1.3" or cipher is None or "GCM" not in cipher[0]:
            raise Unsupported("the load counts bytes of TLS 1.3 with AES-GCM, which OpenSSL does not use here")
        self._tls.write(self._request)
        self._socket.sendall(self._out.read())
        while response:
            try:
                response -= len(self._tls.read(response))
            except ssl.SSLWantReadError:
                self._in.write(self._socket.recv(65536))
        self._socket.setblocking(False)

    def _shaken(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def send(self) -> bool:
        """Begin the next request, or go on with it; return whether the kernel has taken all of it."""
        if not self._missing:
            self._tls.write(self._request)
            self._unsent = memoryview(self._out.read())
            self._missing = self._response
        try:
            self._unsent = self._unsent[os.write(self.fd, self._unsent) :]
        except BlockingIOError:
            pass
        return not self._unsent

    def receive(self) -> bool:
        """Take what is there of the response; return whether it is complete."""
        try:
            self._missing -= len(os.read(self.fd, min(self._missing, 1 << 18)))
        except BlockingIOError:
            pass
        return not self._missing

    def is_sending(self) -> bool:
        """Whether some of the request is still here."""
        return bool(self._unsent)

    def close(self) -> None:
        """Close it without a good-bye."""
        self._socket.close()


class TLSPingPong:
    """Has a request in flight on each connection, as `PingPong` does. It spins."""

    def __init__(self, connections: list[Connection]) -> None:
        self._connections = {connection.fd: connection for connection in connections}
        self._poll = select.epoll()
        for fd in self._connections:
            self._poll.register(fd, select.EPOLLIN)

    def run(self, seconds: float) -> int:
        """Keep at it for so long, and wait for the last responses; return how many came."""
        for connection in self._connections.values():
            self._send(connection)
        open_requests = len(self._connections)
        responses = 0
        deadline = time.perf_counter() + seconds
        while open_requests:
            late = time.perf_counter() >= deadline
            events = self._poll.poll(SILENCE_SECONDS if late else 0)
            if late and not events:
                raise TimeoutError(f"the server said nothing for {SILENCE_SECONDS:.0f} s")
            for fd, event in events:
                connection = self._connections[fd]
                if event & select.EPOLLOUT:
                    self._send(connection)
                elif connection.receive():
                    responses += 1
                    if late:
                        open_requests -= 1
                    else:
                        self._send(connection)
        return responses

    def _send(self, connection: Connection) -> None:
        was_sending = connection.is_sending()
        if connection.send() == was_sending:
            self._poll.modify(connection.fd, select.EPOLLIN if was_sending else select.EPOLLOUT)

    def close(self) -> None:
        """Forget the connections."""
        self._poll.close()
