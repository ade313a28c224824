"""eventlet.green.MySQLdb against a real MariaDB."""

from __future__ import annotations

import importlib

import pytest

import eventlet
from eventlet import tpool
from eventlet.hubs import available_hubs
from tests.helpers import SOME_SECONDS, check_python

pytestmark = pytest.mark.slow  # for the server
standard = pytest.importorskip("MySQLdb", reason="mysqlclient is not installed (the extra eventlet[mysql])")
MySQLdb = importlib.import_module("eventlet.green.MySQLdb")
connections = importlib.import_module("MySQLdb.connections")
cursors = importlib.import_module("MySQLdb.cursors")
MULTI_STATEMENTS = importlib.import_module("MySQLdb.constants.CLIENT").MULTI_STATEMENTS


@pytest.fixture
def connect(hub, mariadb):
    """Like MySQLdb.connect, to the server; what it returns is closed afterwards."""
    opened = []

    def connect(**options):
        options.update(unix_socket=mariadb.unix_socket, user=mariadb.user, client_flag=MULTI_STATEMENTS)
        connection = MySQLdb.connect(**options)
        opened.append(connection)
        return connection

    yield connect
    for connection in opened:
        if connection.open:
            connection.close()


def ask(connection, query, arguments=None):
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall()


def wait_for_queries(connection, count, state="User lock"):
    """Return when the server sees `count` queries wait at once."""
    with eventlet.Timeout(SOME_SECONDS):
        while True:
            query = "SELECT COUNT(*) FROM information_schema.processlist WHERE state = %s"
            if ask(connection, query, [state]) == ((count,),):
                return
            eventlet.sleep(0.001)


def hold_lock(connection):
    assert ask(connection, "SELECT GET_LOCK('lock', 0)") == ((1,),)


def release_lock(connection):
    assert ask(connection, "SELECT RELEASE_LOCK('lock')") == ((1,),)


WAIT_FOR_LOCK = f"SELECT GET_LOCK('lock', {SOME_SECONDS})"


def test_it_is_what_mysqldb_is(connect):
    connection = connect()
    assert isinstance(connection, connections.Connection)
    assert isinstance(connection, MySQLdb.connections.Connection)
    assert connections.Connection is not MySQLdb.connections.Connection, "importing the twin changes nothing"
    assert MySQLdb.OperationalError is standard.OperationalError
    assert MySQLdb.paramstyle == "format"
    assert set(standard.__all__) - {"connections", "constants", "converters", "cursors"} <= set(dir(MySQLdb))
    with pytest.raises(MySQLdb.ProgrammingError):
        ask(connection, "nonsense")
    with pytest.raises(TypeError):
        MySQLdb.connect(no_such_option=1)


def test_many_wait_at_once(connect, spawn):
    holder = connect()
    hold_lock(holder)

    def wait():
        connection = connect()
        result = ask(connection, WAIT_FOR_LOCK)
        release_lock(connection)
        return result

    waiting = [spawn(wait) for _ in range(6)]
    wait_for_queries(holder, 6)
    release_lock(holder)
    assert [thread.wait() for thread in waiting] == [((1,),)] * 6


def test_transactions_and_parameters(connect):
    one, other = connect(), connect(autocommit=True)
    ask(one, "CREATE DATABASE IF NOT EXISTS transactions")
    for connection in one, other:
        connection.select_db("transactions")
    ask(one, "CREATE OR REPLACE TABLE words (number INT, word VARCHAR(20)) ENGINE=InnoDB")
    with one.cursor() as cursor:
        assert cursor.executemany("INSERT INTO words VALUES (%s, %s)", [(1, "eins"), (2, "z'w\u00f6"), (3, None)]) == 3
        assert ask(other, "SELECT * FROM words") == ()
    one.commit()
    assert ask(other, "SELECT word FROM words ORDER BY number") == (("eins",), ("z'w\u00f6",), (None,))
    ask(one, "DELETE FROM words")
    one.rollback()
    assert ask(one, "SELECT COUNT(*) FROM words WHERE word = %s", ["eins"]) == ((1,),)
    with one.cursor(cursors.DictCursor) as cursor:
        cursor.execute("UPDATE words SET number = 7 WHERE number > %(least)s", {"least": 1})
        assert cursor.rowcount == 2
        cursor.execute("SELECT word FROM words WHERE number = 1")
        assert cursor.fetchone() == {"word": "eins"}
    one.rollback()
    one.ping()
    one.set_character_set("latin1")
    assert one.character_set_name() == "latin1"
    assert ask(one, "SELECT 'ö'") == (("ö",),)
    one.change_user(user="root")
    assert one.stat().startswith("Uptime")
    assert one.get_autocommit() in (True, False)


def test_several_results_of_one_query(connect):
    with connect().cursor() as cursor:
        cursor.execute("SELECT 1; SET @x = 5; SELECT @x")
        results = [cursor.fetchall()]
        while cursor.nextset():
            results.append(cursor.fetchall())
        assert results == [((1,),), (), ((5,),)]
        cursor.execute("SELECT 2; SELECT 3")
        cursor.execute("SELECT 4")
        assert cursor.fetchall() == ((4,),)


@pytest.mark.parametrize("cursor_class", [cursors.SSCursor, cursors.SSDictCursor])
def test_rows_that_come_one_by_one_may_be_slow(connect, spawn, cursor_class):
    holder, reader = connect(), connect()
    hold_lock(holder)
    # Sent as they are made, when the server's buffer is full: the last one waits for the lock.
    rows = "SELECT REPEAT('x', 100000) AS x FROM mysql.seq_1_to_50 UNION ALL SELECT GET_LOCK('lock', 60)"

    def read():
        count = 0
        with reader.cursor(cursor_class) as cursor:
            cursor.execute(rows)
            result = cursor._result
            while cursor.fetchone() is not None:
                count += 1
            return count, result

    reading = spawn(read)
    wait_for_queries(holder, 1)
    release_lock(holder)
    count, result = reading.wait()
    assert count == 51
    assert isinstance(result, standard._mysql.result)
    with reader.cursor(cursor_class) as cursor:
        assert cursor.execute("SELECT 1 UNION SELECT 2") is not None
        assert len(cursor.fetchmany(1)) == 1
    assert ask(reader, "SELECT 3") == ((3,),), "closing the cursor has read the rest"
    with reader.cursor(cursor_class) as cursor:
        cursor.execute("SET @x = 1")
        assert cursor.fetchall() == ()


def test_after_a_timeout_the_next_one_waits_for_the_query(connect, spawn):
    holder, connection = connect(), connect()
    hold_lock(holder)
    asking = spawn(ask, connection, f"{WAIT_FOR_LOCK}; SELECT 'first'; SELECT 'too'")
    wait_for_queries(holder, 1)
    asking.kill()
    second = spawn(ask, connection, "SELECT 'second', %s", ["'"])
    quoting = spawn(connection.literal, "third")
    killed = spawn(ask, connection, "SELECT 'killed'")
    eventlet.sleep(0.01)
    killed.kill()
    assert not second.dead
    assert not quoting.dead
    wait_for_queries(holder, 1)
    release_lock(holder)
    with eventlet.Timeout(SOME_SECONDS):
        assert second.wait() == (("second", "'"),), "what has come for the first one is gone"
        assert quoting.wait() == b"'third'"


def test_closing_ends_a_query_that_is_under_way(connect, spawn):
    holder, connection = connect(), connect()
    hold_lock(holder)
    asking = spawn(ask, connection, WAIT_FOR_LOCK)
    wait_for_queries(holder, 1)
    with eventlet.Timeout(SOME_SECONDS):
        connection.close()
        assert not connection.open
        with pytest.raises(MySQLdb.OperationalError):
            asking.wait()
    with pytest.raises(MySQLdb.OperationalError):
        ask(connection, "SELECT 1")
    release_lock(holder)


def test_closing_in_the_hub(hub, connect, spawn):
    """As a finaliser may."""
    holder, idle, busy = connect(), connect(), connect()
    hold_lock(holder)
    asking = spawn(ask, busy, WAIT_FOR_LOCK)
    wait_for_queries(holder, 1)
    for connection in idle, busy:
        hub.call_soon(connection.close)
    with eventlet.Timeout(SOME_SECONDS):
        with pytest.raises(MySQLdb.OperationalError):
            asking.wait()
        while idle.open or busy.open:
            eventlet.sleep(0.001)


def test_one_that_is_killed_while_it_waits_for_a_thread_leaves_the_connection_usable(connect, spawn):
    holder, busy, connection = connect(), connect(), connect()
    hold_lock(holder)
    tpool.set_num_threads(1)
    try:
        blocking = spawn(ask, busy, WAIT_FOR_LOCK)
        eventlet.sleep(0.01)
        waiting = spawn(ask, connection, "SELECT 1")
        eventlet.sleep(0.01)
        waiting.kill()
        tpool.set_num_threads(2)
        with eventlet.Timeout(SOME_SECONDS):
            assert ask(connection, "SELECT 2") == ((2,),)
            release_lock(holder)
            blocking.wait()
    finally:
        tpool.set_num_threads(tpool.DEFAULT_SIZE)


PATCHED = """
    import faulthandler, sys
    faulthandler.dump_traceback_later(50, exit=True)
    how, unix_socket, user = sys.argv[1:]
    if how == "imported-before":
        import MySQLdb
        how = "auto"
    import eventlet
    from eventlet import patcher
    eventlet.monkey_patch(**{how: True})
    assert patcher.is_monkey_patched("MySQLdb") == ("MySQLdb" in sys.modules)
    assert patcher.is_monkey_patched("socket") == (how == "auto")
    import MySQLdb
    assert patcher.is_monkey_patched("MySQLdb") and patcher.is_monkey_patched(MySQLdb)
    import MySQLdb.connections

    def connect():
        connection = MySQLdb.connect(unix_socket=unix_socket, user=user)
        assert type(connection) is MySQLdb.connections.Connection
        return connection

    def ask(connection, text):
        cursor = connection.cursor()
        cursor.execute(text)
        return cursor.fetchone()

    holder, waiter = connect(), connect()
    ask(holder, "SELECT GET_LOCK('patched', 0)")
    waiting = eventlet.spawn(ask, waiter, "SELECT GET_LOCK('patched', 60)")
    while ask(holder, "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User lock'") != (1,):
        eventlet.sleep(0.001)
    ask(holder, "SELECT RELEASE_LOCK('patched')")
    assert waiting.wait() == (1,)
    holder.close()
    waiter.close()
    from eventlet.green import MySQLdb as green
    assert type(green.connect(unix_socket=unix_socket, user=user)) is MySQLdb.connections.Connection
    print("done")
"""


@pytest.mark.parametrize("hub_name", available_hubs())
@pytest.mark.parametrize("how", ["MySQLdb", "auto", "imported-before"])
def test_patched(mariadb, how, hub_name):
    said = check_python(PATCHED, how, mariadb.unix_socket, mariadb.user, environment={"EVENTLET_HUB": hub_name})
    assert said == "done\n"
