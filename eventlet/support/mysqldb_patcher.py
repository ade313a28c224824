"""Makes MySQLdb (mysqlclient) cooperative: its connections call what waits for the server in OS threads."""

from __future__ import annotations

import importlib

from eventlet.green import _mysqldb as green

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["make_mysqldb_green"]


def make_mysqldb_green(mysqldb: Any) -> None:
    """Let `connect` of the module `mysqldb`, which is MySQLdb, make green connections. Never switches.

    Connections that were made before stay as they are.
    """
    importlib.import_module(mysqldb.__name__ + ".connections").Connection = green.Connection  # type: ignore[attr-defined]
