"""Makes sqlite3 cooperative: what reads or writes a database is called in an OS thread.

The classes are subclasses of the standard ones, so `isinstance` holds. A connection may be
used by one green thread at a time, as it may be by one thread at a time.
"""

from __future__ import annotations

import functools

from eventlet.tpool import execute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["make_sqlite3_green"]

#: Methods that may wait for a disk, or for the lock of another connection.
_OF_CONNECTIONS = (
    "__exit__",
    "backup",
    "close",
    "commit",
    "execute",
    "executemany",
    "executescript",
    "rollback",
)
_OF_CURSORS = ("__next__", "execute", "executemany", "executescript", "fetchall", "fetchmany", "fetchone")


def make_sqlite3_green(sqlite3: Any) -> None:
    """Let the module's `connect`, and its classes, make green connections and cursors. Never switches."""
    if hasattr(sqlite3.Connection, "_eventlet_is_green"):
        return
    cursor_class = _green(sqlite3.Cursor, _OF_CURSORS)
    connection_class = _green(sqlite3.Connection, _OF_CONNECTIONS)
    standard_cursor = connection_class.cursor

    def cursor(self: Any, factory: Any = cursor_class) -> Any:
        return standard_cursor(self, factory)

    standard_init = connection_class.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if len(args) < 5:  # the fifth one is check_same_thread
            kwargs["check_same_thread"] = False
        execute(standard_init, self, *args, **kwargs)

    connection_class.cursor = functools.wraps(standard_cursor)(cursor)
    connection_class.__init__ = __init__
    standard_connect = sqlite3.connect

    @functools.wraps(standard_connect)
    def connect(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 6:  # the sixth one is the factory
            kwargs.setdefault("factory", connection_class)
        return standard_connect(*args, **kwargs)

    sqlite3.connect, sqlite3.Connection, sqlite3.Cursor = connect, connection_class, cursor_class
    if hasattr(sqlite3, "dbapi2"):
        make_sqlite3_green(sqlite3.dbapi2)


def _green(standard: Any, names: tuple[str, ...]) -> Any:
    namespace: dict[str, Any] = {"_eventlet_is_green": True, "__module__": standard.__module__, "__slots__": ()}
    for name in names:
        method = getattr(standard, name, None)
        if method is not None:
            namespace[name] = _in_thread(method)
    return type(standard.__name__, (standard,), namespace)


def _in_thread(method: Any) -> Any:
    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return execute(method, self, *args, **kwargs)

    return call
