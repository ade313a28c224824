"""psycopg2: many queries that wait, notifications, COPY, and the pool of its own. arguments: port, user, count

libraries: psycopg2
"""

import io
import select
import sys

import psycopg2
import psycopg2.pool
from _locks import PostgreSQL, all_wait_at_once
from _together import together

import eventlet

port, user, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
dsn = f"host=127.0.0.1 port={port} user={user} dbname=postgres"


def connect():
    return psycopg2.connect(dsn)


def ask(connection, query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


all_wait_at_once(connect, ask, PostgreSQL, count)
connection = connect()
assert ask(connection, "SELECT repeat('x', 3000000)") == "x" * 3000000

# By name, its rows come in parts.
with connection.cursor("named") as cursor:
    cursor.execute("SELECT generate_series(1, 20000)")
    assert sum(number for (number,) in cursor) == 20000 * 20001 // 2

# Notifications: one waits for them by `select`.
listener = connect()
listener.autocommit = True
with listener.cursor() as cursor:
    cursor.execute("LISTEN news")


def hear():
    while not listener.notifies:
        select.select([listener], [], [], 50)
        listener.poll()
    return listener.notifies.pop().payload


def tell():
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY news, 'it works'")
    connection.commit()


heard = eventlet.spawn(hear)
eventlet.sleep(0)
tell()
assert heard.wait() == "it works"

# A timeout ends the wait.
holder, waiter = connect(), connect()
ask(holder, PostgreSQL.TAKE)
try:
    with eventlet.Timeout(0.1):
        ask(waiter, PostgreSQL.WAIT.format(number=1))
except eventlet.Timeout:
    pass
else:
    raise AssertionError("it did not wait")
assert waiter.closed, "nobody reads another's answer"
ask(holder, PostgreSQL.RELEASE)

# COPY does not go with a wait callback: psycopg2 says so, and nothing hangs.
with connection.cursor() as cursor:
    try:
        cursor.copy_expert("COPY (SELECT 1) TO STDOUT", io.StringIO())
    except psycopg2.ProgrammingError as error:
        assert "asynchronous" in str(error), error
    else:
        raise AssertionError("it should have refused")

pool = psycopg2.pool.ThreadedConnectionPool(1, count, dsn)


def borrow(number):
    borrowed = pool.getconn()
    try:
        return ask(borrowed, f"SELECT {number} FROM pg_sleep(0)")
    finally:
        pool.putconn(borrowed)


assert together(borrow, count) == list(range(count))
print("done")
