"""Adaptors for the loops of host applications, one file each; `eventlet.hubs.embed` chooses. `Host` is their base."""

from __future__ import annotations

from eventlet.hubs._embedding import Embedding as Embedding
from eventlet.hubs._embedding import Host as Host

__all__ = ["Embedding", "Host"]
