"""A name server on loopback, over UDP and TCP, in an OS thread of its own. It says what it is told to say."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Record = tuple[str, str, str]  # owner, type, text


class FakeServer:
    """Knows `records`, pairs of (name, type) and texts of them; `rules` may answer first.

    A rule is called with the query and "udp" or "tcp". It returns None if it does not care, or a list of
    what to send: messages or bytes; [] is silence.
    """

    def __init__(self, records: Iterable[Record] = (), address: str = "127.0.0.1") -> None:
        self.records = list(records)
        self.rules: list[Callable[[Any, str], list[Any] | None]] = []
        self.asked: list[tuple[str, str, str]] = []
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.address = address
        self._tcp = socket.socket(family, socket.SOCK_STREAM)
        self._udp = socket.socket(family, socket.SOCK_DGRAM)
        while True:  # until a port is free for both
            self._tcp.bind((address, 0))
            self.port = self._tcp.getsockname()[1]
            try:
                self._udp.bind((address, self.port))
                break
            except OSError:
                self._tcp.close()
                self._tcp = socket.socket(family, socket.SOCK_STREAM)
        self._tcp.listen()
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.close()
        self._thread.join(20)
        assert not self._thread.is_alive()
        for sock in (self._tcp, self._udp, self._stopped):
            sock.close()

    # ---- answers

    def answers(self, query: Any, way: str) -> list[Any]:
        (question,) = query.question
        self.asked.append((question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype), way))
        for rule in self.rules:
            found = rule(query, way)
            if found is not None:
                return found
        return [self.answer(query)]

    def answer(self, query: Any) -> Any:
        """Return what an honest server with these records says."""
        response = dns.message.make_response(query)
        (question,) = query.question
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        followed = set()
        while name not in followed:
            followed.add(name)
            alias = self._texts(name, "CNAME")
            texts = self._texts(name, kind)
            if texts:
                response.answer.append(dns.rrset.from_text_list(name + ".", 60, "IN", kind, texts))
            elif alias:
                response.answer.append(dns.rrset.from_text_list(name + ".", 60, "IN", "CNAME", alias))
                name = alias[0].rstrip(".").lower()
        if not response.answer and not any(owner.lower() == name for owner, _, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    def _texts(self, name: str, kind: str) -> list[str]:
        return [text for owner, own_kind, text in self.records if (owner.lower(), own_kind) == (name, kind)]

    # ---- the wire

    def _serve(self) -> None:
        connections: list[socket.socket] = []
        while True:
            ready, _, _ = select.select([self._tcp, self._udp, self._stopped, *connections], [], [])
            for sock in ready:
                if sock is self._stopped:
                    for connection in connections:
                        connection.close()
                    return
                if sock is self._udp:
                    self._serve_udp()
                elif sock is self._tcp:
                    connections.append(sock.accept()[0])
                elif not self._serve_tcp(sock):
                    connections.remove(sock)
                    sock.close()

    def _serve_udp(self) -> None:
        wire, sender = self._udp.recvfrom(65535)
        for answer in self.answers(dns.message.from_wire(wire), "udp"):
            self._udp.sendto(_wire(answer), sender)

    def _serve_tcp(self, sock: socket.socket) -> bool:
        head = sock.recv(2, socket.MSG_WAITALL)
        if len(head) < 2:
            return False
        wire = sock.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL)
        for answer in self.answers(dns.message.from_wire(wire), "tcp"):
            if answer is EOF:
                return False
            data = _wire(answer)
            sock.sendall(struct.pack("!H", len(data)) + data)
        return True


EOF = object()


def _wire(answer: Any) -> bytes:
    return answer if isinstance(answer, bytes) else answer.to_wire()


def truncated(server: FakeServer, query: Any) -> Any:
    """Return an answer that does not fit."""
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC
    return response
