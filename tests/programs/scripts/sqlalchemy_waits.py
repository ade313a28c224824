"""SQLAlchemy: its pool and transactions, over any driver. arguments: URL, dialect of _locks, count

libraries: sqlalchemy sqlalchemy.pool
"""

import sys

import _locks
import sqlalchemy
import sqlalchemy.pool
from _together import together

import eventlet

url, dialect, count = sys.argv[1], getattr(_locks, sys.argv[2]), int(sys.argv[3])


def ask(connection, query):
    return connection.execute(sqlalchemy.text(query)).scalar()


# As many connections as wait, and two more: all at once.
engine = sqlalchemy.create_engine(url, pool_size=count + 2, max_overflow=0, isolation_level="AUTOCOMMIT")
assert isinstance(engine.pool, sqlalchemy.pool.QueuePool)
_locks.all_wait_at_once(engine.connect, ask, dialect, count)
assert engine.pool.checkedout() == 0
engine.dispose()

# Fewer connections than green threads: these wait for one another in the pool.
engine = sqlalchemy.create_engine(url, pool_size=2, max_overflow=1, pool_timeout=50, pool_pre_ping=True)


def borrow(number):
    with engine.begin() as connection:
        eventlet.sleep(0)
        return ask(connection, f"SELECT {number}")


assert together(borrow, 3 * count) == list(range(3 * count))
assert engine.pool.checkedin() <= 2

# A green thread that goes in the middle of a query leaves a pool that works.
with engine.connect() as holder:
    ask(holder, dialect.TAKE)
    waiting = eventlet.spawn(lambda: ask(engine.connect(), dialect.WAIT.format(number=1)))
    with engine.connect() as watcher:
        while ask(watcher, dialect.COUNT_WAITING) < 1:
            watcher.rollback()
            eventlet.sleep(0.001)
    waiting.kill()
    ask(holder, dialect.LET_GO or dialect.RELEASE)
assert together(borrow, 3 * count) == list(range(3 * count))

# Transactions
metadata = sqlalchemy.MetaData()
numbers = sqlalchemy.Table("numbers", metadata, sqlalchemy.Column("number", sqlalchemy.Integer))
metadata.drop_all(engine)
metadata.create_all(engine)


def insert(number):
    with engine.connect() as connection:
        connection.execute(numbers.insert(), [{"number": number}])
        if number % 2:
            connection.commit()


together(insert, count)
with engine.connect() as connection:
    query = sqlalchemy.select(numbers.c.number).order_by(numbers.c.number)
    assert list(connection.execute(query).scalars()) == list(range(1, count, 2))
metadata.drop_all(engine)
engine.dispose()
print("done")
