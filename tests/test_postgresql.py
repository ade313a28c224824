"""psycopg2 and psycopg 3 with monkey_patch(auto=True), against a real PostgreSQL that this starts on loopback."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import socket
import subprocess
import tempfile

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


def _command(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else shutil.which(name)


@pytest.fixture(scope="module")
def port():
    if not all(map(_command, ("initdb", "postgres", "pg_isready"))):
        pytest.skip("no PostgreSQL server (Debian: postgresql)")
    prefix = []
    if os.geteuid() == 0:  # it refuses to run as root
        user = subprocess.run(["id", "postgres"], capture_output=True, check=False)
        if not shutil.which("runuser") or user.returncode:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres, or no runuser")
        prefix = ["runuser", "-u", "postgres", "--"]
    directory = tempfile.mkdtemp()
    if prefix:
        shutil.chown(directory, "postgres")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data = os.path.join(directory, "data")
    setup = [*prefix, _command("initdb"), "-D", data, "-U", "tester", "-A", "trust", "-N"]
    subprocess.run(setup, check=True, capture_output=True, cwd=directory)
    options = ["-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", directory, "-F"]
    with open(os.path.join(directory, "log"), "w") as log:
        server = subprocess.Popen([*prefix, _command("postgres"), *options], cwd=directory, stdout=log, stderr=log)
    try:
        _wait_for(port, server, directory)
        yield port
    finally:
        _stop(data)
        server.wait(30)
        shutil.rmtree(directory, ignore_errors=True)


def _wait_for(port, server, directory):
    import time

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        question = [_command("pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
        asked = subprocess.run(question, capture_output=True, check=False)
        if asked.returncode == 0:
            return
        time.sleep(0.05)
    with open(os.path.join(directory, "log")) as log:
        pytest.fail("PostgreSQL did not start:\n" + log.read())


def _stop(data):
    import signal

    with contextlib.suppress(OSError), open(os.path.join(data, "postmaster.pid")) as file:
        os.kill(int(file.readline()), signal.SIGINT)  # fast shutdown


@pytest.mark.slow
@pytest.mark.parametrize("hub_name", available_hubs())
@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_waiting_for_the_server_lets_others_run(port, driver, hub_name):
    pytest.importorskip(driver, reason=f"{driver} is not installed")
    said = check_python(SCRIPT.format(driver=driver), str(port), environment={"EVENTLET_HUB": hub_name})
    assert said == "done\n"
