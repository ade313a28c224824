"""What does an idle connection cost: how much memory, and how often does the server wake up for nothing?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks._job import Case, Metric, Unsupported
from benchmarks._load import connect
from benchmarks.echo import asyncio_echo, eventlet_echo, gevent_echo, protocol_echo

if TYPE_CHECKING:
    from benchmarks._server import Server

__all__ = [
    "CANNOT",
    "CASES",
    "METRICS",
    "asyncio_echo",
    "drive",
    "eventlet_echo",
    "gevent_echo",
    "protocol_echo",
]

CASES = (
    Case(
        "5,000 connections",
        "echo",
        {"connections": 5000, "seconds": 2.0},
        quick={"connections": 200, "seconds": 0.1},
    ),
)
METRICS = (
    Metric("bytes_per_connection", "bytes of resident memory per connection"),
    Metric("cpu_ms_per_second", "CPU milliseconds per idle second", compared=False),
    Metric("switches_per_second", "context switches per idle second", compared=False),
)
CANNOT: dict[str, str] = {}

SELECT_LIMIT = 1000  # FD_SETSIZE, less a few for the server itself
SETTLING_SECONDS = 0.1


def drive(server: Server, connections: int, seconds: float) -> dict[str, float]:
    """Open the connections, each with its parked green thread (or task), and watch the server do nothing."""
    if server.contestant.hub in ("select", "selects") and connections > SELECT_LIMIT:
        raise Unsupported("select(2) knows no file descriptors above 1,023")
    first = connect(server.port, 1)  # what is loaded or allocated once belongs to no connection
    before = server.resident_bytes()
    opened = connect(server.port, connections)
    time.sleep(SETTLING_SECONDS)
    memory = server.resident_bytes() - before
    switches, cpu = server.context_switches(), server.cpu_seconds()
    time.sleep(seconds)
    switches, cpu = server.context_switches() - switches, server.cpu_seconds() - cpu
    for connection in first + opened:
        connection.close()
    return {
        "bytes_per_connection": memory / connections,
        "cpu_ms_per_second": cpu / seconds * 1e3,
        "switches_per_second": switches / seconds,
    }
