"""psycopg2 and psycopg 3 with monkey_patch(auto=True), against a real PostgreSQL."""

from __future__ import annotations

import pytest

from eventlet.hubs import available_hubs
from tests.helpers import check_python

SCRIPT = """
    import faulthandler, sys
    faulthandler.dump_traceback_later(40, exit=True)
    import eventlet
    eventlet.monkey_patch(auto=True)
    import {driver} as driver

    def connect():
        return driver.connect("host=127.0.0.1 dbname=postgres user=tester port=" + sys.argv[1])

    def ask(connection, text):
        cursor = connection.cursor()
        cursor.execute(text)
        return cursor.fetchone()

    holder, waiter = connect(), connect()
    ask(holder, "SELECT pg_advisory_lock(7)")
    waiting = eventlet.spawn(ask, waiter, "SELECT pg_advisory_lock(7)")
    eventlet.sleep(0.05)
    assert not waiting.dead, "it waits for the lock, and we run"
    ask(holder, "SELECT pg_advisory_unlock(7)")
    waiting.wait()
    assert len(ask(holder, "SELECT repeat('x', 3000000)")[0]) == 3000000
    holder.close()
    waiter.close()
    print("done")
"""


@pytest.mark.slow
@pytest.mark.parametrize("hub_name", available_hubs())
@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_waiting_for_the_server_lets_others_run(postgresql, driver, hub_name):
    pytest.importorskip(driver, reason=f"{driver} is not installed")
    said = check_python(SCRIPT.format(driver=driver), str(postgresql.port), environment={"EVENTLET_HUB": hub_name})
    assert said == "done\n"
