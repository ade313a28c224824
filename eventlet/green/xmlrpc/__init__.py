"""xmlrpc: the package of the green `client` and `server`."""

from __future__ import annotations
