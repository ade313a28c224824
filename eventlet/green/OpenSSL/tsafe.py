"""OpenSSL.tsafe, which pyOpenSSL has no more: connections that several threads may use.

Those of green threads, of one OS thread, need nothing for that.
"""

from __future__ import annotations

from eventlet.green.OpenSSL.SSL import Connection as Connection

__all__ = ["Connection"]
