"""pg8000, which is all in Python: many queries that wait. arguments: port, user, count

libraries: pg8000
"""

import sys

import pg8000
import pg8000.dbapi
from _locks import PostgreSQL, all_wait_at_once

import eventlet

port, user, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])


def connect(**options):
    return pg8000.dbapi.connect(user, host="127.0.0.1", port=port, database="postgres", **options)


def ask(connection, query):
    cursor = connection.cursor()
    cursor.execute(query)
    return cursor.fetchone()[0]


all_wait_at_once(connect, ask, PostgreSQL, count)
connection = connect()
assert ask(connection, "SELECT repeat('x', 3000000)") == "x" * 3000000
holder, waiter = connect(), connect(timeout=0.1)
ask(holder, PostgreSQL.TAKE)
try:
    ask(waiter, PostgreSQL.WAIT.format(number=1))
except pg8000.dbapi.InterfaceError as error:
    assert "network" in str(error), error
except OSError:  # which TimeoutError is
    pass
else:
    raise AssertionError("the driver's own timeout should have ended it")
try:
    with eventlet.Timeout(0.1):
        ask(connect(), PostgreSQL.WAIT.format(number=1))
except eventlet.Timeout:
    print("done")
