"""sqlite3 with monkey_patch(auto=True): a connection that waits for another one's lock lets others run.

arguments: | imported-before
"""

import sys

from _check import raises

if "imported-before" in sys.argv:
    import sqlite3

import eventlet

eventlet.monkey_patch(auto=True)

import os
import sqlite3
import tempfile

path = os.path.join(tempfile.mkdtemp(), "database")
first = sqlite3.connect(path, isolation_level=None)
second = sqlite3.connect(path, timeout=30, isolation_level=None)
assert isinstance(first, sqlite3.Connection) and isinstance(first.cursor(), sqlite3.Cursor)
first.execute("CREATE TABLE numbers (number INTEGER)")
first.execute("BEGIN EXCLUSIVE")
waiting = eventlet.spawn(second.execute, "INSERT INTO numbers VALUES (1)")
eventlet.sleep(0.05)
assert not waiting.dead, "it waits, and we run"
first.execute("COMMIT")
waiting.wait()
cursor = first.cursor()
assert cursor.execute("SELECT * FROM numbers") is cursor
assert cursor.fetchall() == [(1,)]
cursor.executemany("INSERT INTO numbers VALUES (?)", [(2,), (3,)])
assert list(cursor.execute("SELECT number FROM numbers ORDER BY number")) == [(1,), (2,), (3,)]
assert cursor.execute("SELECT * FROM numbers ORDER BY 1").fetchone() == (1,)
assert cursor.fetchmany(1) == [(2,)]
with sqlite3.connect(path) as third:
    third.row_factory = sqlite3.Row
    assert third.execute("SELECT number FROM numbers ORDER BY 1").fetchone()["number"] == 1
third.close()
raises(sqlite3.OperationalError, first.execute, "nonsense")
raises(sqlite3.ProgrammingError, third.execute, "SELECT 1")


class Mine(sqlite3.Connection):
    pass


own = sqlite3.connect(":memory:", factory=Mine)
assert type(own) is Mine
own.close()
first.close()
second.close()
