"""pyOpenSSL, for green threads: `SSL.Connection` switches where it has to wait for the network."""

from __future__ import annotations

from eventlet.green._lookalike import look_like

try:
    import OpenSSL as _OpenSSL
except ModuleNotFoundError as error:
    if error.name != "OpenSSL":
        raise
    raise ModuleNotFoundError(
        "eventlet.green.OpenSSL needs pyOpenSSL: pip install 'eventlet[openssl]'", name="OpenSSL", path=error.path
    ) from None

from eventlet.green.OpenSSL import SSL as SSL
from eventlet.green.OpenSSL import crypto as crypto
from eventlet.green.OpenSSL import version as version

__getattr__, __dir__ = look_like(globals(), _OpenSSL)
