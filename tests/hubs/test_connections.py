"""Connections that come and go, by the thousands: no fd, no object and no memory stays, on any hub."""

from __future__ import annotations

import gc
import os
import sys

import pytest

from eventlet import convenience
from eventlet.greenpool import GreenPool
from eventlet.greenthread import sleep, spawn
from tests.helpers import open_fds, settle
from tests.helpers.sockets import reset

AT_ONCE = 20
#: A watcher, record or socket that is kept for each connection is far more.
BYTES_PER_CONNECTION = 24
#: What malloc may find it needs later than in the warming up.
SLACK_BYTES = 1_000_000


def serve(listener):
    """Answer one message on each connection, on half of them within a timeout, and close it."""

    def answer(connection, number):
        with connection:
            connection.settimeout(30 if number % 2 else None)
            message = connection.recv(100)
            assert message
            if number % 3 == 0:
                sleep(0)
            connection.sendall(message)

    pool, number = GreenPool(2 * AT_ONCE), 0
    while True:
        connection, _ = listener.accept()
        pool.spawn_n(answer, connection, number)
        number += 1


def ask(address, number):
    connection = convenience.connect(address)
    try:
        if number % 2:
            connection.settimeout(30)
        connection.sendall(b"?")
        assert connection.recv(100) == b"?"
        assert connection.recv(100) == b""
    finally:
        reset(connection)  # no TIME_WAIT: there are not so many ports


def resident_bytes():
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def state(hub):
    """What must not grow: fds, records of the hub, objects and memory."""
    settle()
    gc.collect()
    fds = open_fds()
    return len(fds or ()), len(hub._records), len(gc.get_objects()), resident_bytes() if fds else 0


def open_and_close(hub, cycles, warm_up):
    pool = GreenPool(AT_ONCE)
    with convenience.listen(("127.0.0.1", 0)) as listener:
        server = spawn(serve, listener)
        address = listener.getsockname()

        def run(count):
            for number in range(count):
                pool.spawn_n(ask, address, number)
            pool.waitall()
            return state(hub)

        try:
            run(warm_up)
            fds, records, objects, size = run(warm_up)
            fds_after, records_after, objects_after, size_after = run(cycles)
        finally:
            server.kill()
    sys.stdout.write(
        f"{hub.name}: {cycles} connections: fds {fds} -> {fds_after}, records {records} -> {records_after}, "
        f"objects {objects} -> {objects_after}, resident {size / 1e6:.1f} -> {size_after / 1e6:.1f} MB\n"
    )
    assert (fds_after, records_after) == (fds, records)
    assert objects_after - objects < 100
    assert size_after - size < SLACK_BYTES + BYTES_PER_CONNECTION * cycles


def test_some_connections_leave_nothing_behind(hub):
    open_and_close(hub, 600, 200)


@pytest.mark.endurance
@pytest.mark.slow(seconds=1800)  # 60 s for each hub on an idle machine, and 270 s were seen on a busy one
def test_100_000_connections_leave_nothing_behind(hub):
    open_and_close(hub, 100_000, 3_000)
