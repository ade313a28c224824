"""Certificates and contexts for tests of TLS."""

from __future__ import annotations

import ssl as standard
from pathlib import Path
from typing import Any

from eventlet.green import ssl

CERTIFICATES = Path(__file__).parent / "certificates"
CERT, KEY = str(CERTIFICATES / "cert.pem"), str(CERTIFICATES / "key.pem")
#: Of "other.example"; nobody trusts it who is not told to.
OTHER_CERT, OTHER_KEY = str(CERTIFICATES / "other-cert.pem"), str(CERTIFICATES / "other-key.pem")
TLS_1_2, TLS_1_3 = standard.TLSVersion.TLSv1_2, standard.TLSVersion.TLSv1_3


def server_context(module: Any = ssl) -> Any:
    context = module.SSLContext(standard.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERT, KEY)
    return context


def client_context(module: Any = ssl) -> Any:
    return module.create_default_context(cafile=CERT)


def read_exactly(sock: Any, size: int) -> bytes:
    """Return `size` bytes, or what there was before the end."""
    got = bytearray()
    while len(got) < size:
        piece = sock.recv(min(size - len(got), 100_000))
        if not piece:
            break
        got += piece
    return bytes(got)
