"""psycopg 3: many queries that wait, pipelines, COPY, notifications, and its pool. arguments: port, user, count

libraries: psycopg psycopg_pool
"""

import sys

import psycopg
import psycopg_pool
from _locks import PostgreSQL, all_wait_at_once
from _together import together

import eventlet

port, user, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
dsn = f"host=127.0.0.1 port={port} user={user} dbname=postgres"


def connect(**options):
    return psycopg.connect(dsn, **options)


def ask(connection, query):
    return connection.execute(query).fetchone()[0]


all_wait_at_once(connect, ask, PostgreSQL, count)
with connect() as connection:
    assert ask(connection, "SELECT repeat('x', 3000000)") == "x" * 3000000
    with connection.cursor() as cursor, cursor.copy("COPY (SELECT generate_series(1, 1000)) TO STDOUT") as copy:
        assert sum(int(row[0]) for row in copy.rows()) == 500500
    with connection.pipeline():
        cursors = [connection.execute("SELECT %s::int", [number]) for number in range(10)]
        assert [cursor.fetchone()[0] for cursor in cursors] == list(range(10))

# Notifications
listener = connect(autocommit=True)
listener.execute("LISTEN news")
heard = eventlet.spawn(lambda: next(listener.notifies()).payload)
eventlet.sleep(0)
with connect() as connection:
    connection.execute("NOTIFY news, 'it works'")
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
ask(holder, PostgreSQL.RELEASE)

# Its pool has threads of its own, and callers that wait for a connection.
with psycopg_pool.ConnectionPool(dsn, min_size=1, max_size=2, timeout=50) as pool:

    def borrow(number):
        with pool.connection() as borrowed:
            return ask(borrowed, f"SELECT {number} FROM pg_sleep(0)")

    assert together(borrow, count) == list(range(count))
print("done")
