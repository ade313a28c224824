"""MySQLdb (mysqlclient), for green threads: what waits for the server is called in OS threads, and switches.

A connection takes one of the threads of `eventlet.tpool` while it waits: where more of them may wait at once, and
for one another, than the pool has (20), EVENTLET_THREADPOOL_SIZE should be larger. What is not defined here is
MySQLdb's own.
"""

from __future__ import annotations

try:
    import MySQLdb as _MySQLdb
    import MySQLdb.connections as _connections
except ModuleNotFoundError as error:
    if error.name != "MySQLdb":
        raise
    raise ModuleNotFoundError(
        "eventlet.green.MySQLdb needs mysqlclient: pip install 'eventlet[mysql]'", name="MySQLdb", path=error.path
    ) from None

from types import ModuleType as _ModuleType

from eventlet.green._lookalike import look_like
from eventlet.green._mysqldb import Connection as _Connection
from eventlet.green._mysqldb import connect as connect

Connect = Connection = connect

#: As MySQLdb.connections, with the green class.
connections = _ModuleType("eventlet.green.MySQLdb.connections", _connections.__doc__)
connections.__dict__.update({name: value for name, value in vars(_connections).items() if name[:2] != "__"})
connections.Connection = _Connection

__patched__ = ["Connect", "Connection", "connect", "connections"]
__getattr__, __dir__ = look_like(globals(), _MySQLdb)
