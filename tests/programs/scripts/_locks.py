"""Waiting for a database's locks: shown by what the server says of its clients, not by clocks."""

import time

from _together import together


def all_wait_at_once(connect, ask, dialect, count):
    """Have `count` connections wait for a lock that one more holds, until the server has seen them all wait at once.

    `ask(connection, query)` returns the first column of the first row.
    """
    holder, watcher = connect(), connect()
    ask(holder, dialect.TAKE)

    def wait(number):
        connection = connect()
        try:
            answer = ask(connection, dialect.WAIT.format(number=number))
            if dialect.LET_GO:
                ask(connection, dialect.LET_GO)
            return answer
        finally:
            connection.close()

    def watch():
        while ask(watcher, dialect.COUNT_WAITING) < count:
            watcher.rollback()  # within a transaction PostgreSQL says the same again
            time.sleep(0.002)
        ask(holder, dialect.LET_GO or dialect.RELEASE)

    answers = together(lambda number: wait(number) if number < count else watch(), count + 1)
    assert answers[:count] == list(range(count)), answers
    holder.close()
    watcher.close()


class MySQL:
    """GET_LOCK is for one at a time: each lets it go for the next."""

    TAKE = "SELECT GET_LOCK('waits', 0)"
    WAIT = "SELECT GET_LOCK('waits', 60) + {number} - 1"
    LET_GO = "SELECT RELEASE_LOCK('waits')"
    COUNT_WAITING = "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User lock'"


class PostgreSQL:
    """Whoever waits shares the lock with the others."""

    TAKE = "SELECT 1 FROM pg_advisory_lock(7)"
    WAIT = "SELECT {number} FROM pg_advisory_lock_shared(7)"
    LET_GO = ""
    RELEASE = "SELECT 1 FROM pg_advisory_unlock(7)"
    COUNT_WAITING = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event = 'advisory'"
