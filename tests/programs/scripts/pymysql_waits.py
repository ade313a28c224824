"""PyMySQL: many queries that wait. arguments: port, user, count

libraries: pymysql
"""

import sys

import pymysql
import pymysql.cursors
from _locks import MySQL, all_wait_at_once

import eventlet

port, user, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])


def connect(**options):
    return pymysql.connect(host="127.0.0.1", port=port, user=user, **options)


def ask(connection, query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


all_wait_at_once(connect, ask, MySQL, count)

# Of several megabytes, at once and row by row.
with connect() as connection:
    assert ask(connection, "SELECT REPEAT('x', 3000000)") == "x" * 3000000
    with connection.cursor(pymysql.cursors.SSCursor) as cursor:
        cursor.execute("SELECT seq FROM mysql.seq_1_to_20000")
        assert sum(seq for (seq,) in cursor) == 20000 * 20001 // 2

# A timeout ends the wait, and the connection with it, so that nobody reads another's answer.
holder, waiter = connect(), connect()
ask(holder, MySQL.TAKE)
try:
    with eventlet.Timeout(0.1):
        ask(waiter, MySQL.WAIT.format(number=1))
except eventlet.Timeout:
    assert not waiter.open
else:
    raise AssertionError("it did not wait")
try:
    ask(waiter, "SELECT 1")
except pymysql.err.InterfaceError:
    pass
else:
    raise AssertionError("it was closed")
# The driver's own timeout is one, too.
waiter = connect(read_timeout=0.1)
try:
    ask(waiter, MySQL.WAIT.format(number=1))
except pymysql.err.OperationalError as error:
    assert error.args[0] == 2013, error
else:
    raise AssertionError("it did not wait")
print("done")
