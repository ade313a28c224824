"""What eventlet.green.MySQLdb offers. Apart from it, so that whoever patches MySQLdb when it is loaded can import it.

The client library waits in C, so whatever may wait for the server is called in an OS thread of `tpool`.
"""

from __future__ import annotations

import contextlib
import functools

from greenlet import getcurrent
from MySQLdb import _mysql
from MySQLdb.connections import Connection as _Connection

from eventlet._pristine import c_socket
from eventlet._pristine import os as _os
from eventlet.green._one_at_a_time import OneAtATime
from eventlet.greenthread import spawn
from eventlet.hubs import get_hub

#: Methods that may wait for the server. Those in Python that only call these are not among them.
_WAITING = (
    "autocommit",
    "change_user",
    "commit",
    "discard_result",
    "dump_debug_info",
    "kill",
    "query",
    "read_query_result",
    "rollback",
    "select_db",
    "send_query",
    "set_character_set",
    "set_server_option",
    "shutdown",
    "stat",
)
_discard_result = getattr(_Connection, "discard_result", _Connection.store_result)
#: Methods that do not, but must not be called while another one is under way.
_LOCAL = (
    "affected_rows",
    "character_set_name",
    "errno",
    "error",
    "escape",
    "escape_string",
    "field_count",
    "fileno",
    "get_autocommit",
    "get_character_set_info",
    "get_host_info",
    "get_proto_info",
    "get_server_info",
    "info",
    "insert_id",
    "more_results",
    "sqlstate",
    "string_literal",
    "thread_id",
    "warning_count",
)


def _in_turn(standard):
    @functools.wraps(standard)
    def method(self, *args, **kwargs):
        return self._calls.execute(_on_clean_connection, standard, self, args, kwargs)

    return method


def _on_clean_connection(standard, connection, args, kwargs):
    if connection._calls.abandoned:
        connection._calls.abandoned = False
        # What an abandoned query has got from the server is for nobody, and the library wants it to be read.
        with contextlib.suppress(_mysql.Error):
            _discard_result(connection)
            while _Connection.next_result(connection) == 0:
                _discard_result(connection)
    return standard(connection, *args, **kwargs)


def _when_free(standard):
    @functools.wraps(standard)
    def method(self, *args, **kwargs):
        if self._calls.under_way():
            return self._calls.execute(standard, self, *args, **kwargs)
        return standard(self, *args, **kwargs)

    return method


class _RowByRow(_mysql.result):
    """A result whose rows are still with the server."""

    def __init__(self, connection, use, converter):
        self._calls = connection._calls
        super().__init__(connection, use, converter)

    def fetch_row(self, *args, **kwargs):
        """Return a tuple of as many rows, 1 or more, as asked for, or all with 0. Switches."""
        return self._calls.execute(_mysql.result.fetch_row, self, *args, **kwargs)

    if hasattr(_mysql.result, "discard"):

        def discard(self):
            """Drop the rows that are left. Switches."""
            self._calls.execute(_mysql.result.discard, self)


class Connection(_Connection):
    """As MySQLdb.connections.Connection; what waits for the server lets other green threads run.

    Several green threads may hold one, but a transaction is one's own. If one is killed, or times out, in the middle of
    a query, the query goes on, and whoever uses the connection next waits for its end, and does not see its result.
    """

    _file = None

    def __init__(self, *args, **kwargs):
        """Connect: see MySQLdb.connections.Connection. Switches."""
        self._calls = OneAtATime()
        self._calls.execute(self._connect, args, kwargs)

    def _connect(self, args, kwargs):
        _Connection.__init__(self, *args, **kwargs)
        self._note_file()

    def _note_file(self):
        self._file = None
        with contextlib.suppress(AttributeError, OSError):  # an old version; not connected by a socket
            fd = _Connection.fileno(self)
            status = _os.fstat(fd)
            self._file = fd, status.st_dev, status.st_ino

    def ping(self, *args):
        """Ask the server whether it is there, or raise OperationalError. Switches."""
        self._calls.execute(self._ping, args)

    def _ping(self, args):
        _Connection.ping(self, *args)
        self._note_file()  # it may have connected anew

    def next_result(self):
        """Go on to the next result of several: 0, or -1 if there is none. Switches if there is one."""
        has_none = hasattr(_Connection, "more_results") and not self._calls.under_way() and not self.more_results()
        if has_none and not self._calls.abandoned:
            return _Connection.next_result(self)
        return self._next_result()

    _next_result = _in_turn(_Connection.next_result)

    def store_result(self):
        """Return a result with all its rows, or None if the query has none. Switches if it has."""
        if not self._calls.under_way() and not self.field_count():
            return _Connection.store_result(self)
        return self._calls.execute(_Connection.store_result, self)

    def use_result(self):
        """Return a result that gets its rows from the server as they are asked for, or None. Never switches."""
        if not self.field_count():
            return _Connection.use_result(self)
        return _RowByRow(self, 1, self.converter)

    def close(self):
        """Close the connection. Switches. Whoever waits for the server gets an OperationalError."""
        under_way = self._calls.under_way()
        if under_way:
            self._shut_down()
        if getcurrent() is not get_hub().greenlet:
            self._calls.execute(_Connection.close, self)
        elif under_way:
            spawn(self.close)
        else:
            _Connection.close(self)

    def _shut_down(self):
        """Let the call that is under way find that the server is gone."""
        if self._file is None:
            return
        fd, *identity = self._file
        with contextlib.suppress(OSError):
            # The library may close its descriptor at any moment; then its number, unlike a copy, is another file's.
            own = c_socket.socket(fileno=_os.dup(fd))
            try:
                status = _os.fstat(own.fileno())
                if [status.st_dev, status.st_ino] == identity:
                    own.shutdown(c_socket.SHUT_RDWR)
            finally:
                own.close()


for _names, _greened in ((_WAITING, _in_turn), (_LOCAL, _when_free)):
    for _name in _names:
        if hasattr(_Connection, _name):  # not all versions have all of them
            setattr(Connection, _name, _greened(getattr(_Connection, _name)))


def connect(*args, **kwargs):
    """Return a new Connection: see MySQLdb.connect. Switches."""
    return Connection(*args, **kwargs)
