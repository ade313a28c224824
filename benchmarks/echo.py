"""How many 64-byte messages per second does an echo server on one core send back?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from benchmarks._job import Case, Metric
from benchmarks._load import PingPong, connect

if TYPE_CHECKING:
    import socket

    from benchmarks._server import Server

CASES = (
    Case("10 connections", "echo", {"connections": 10, "seconds": 2.0}),
    Case("100 connections", "echo", {"connections": 100, "seconds": 2.0}, quick={"seconds": 0.1}),
    Case("1,000 connections", "echo", {"connections": 1000, "seconds": 2.0}),
)
METRICS = (
    Metric("messages_per_second", "messages per second", higher_is_better=True),
    Metric("server_cpu_us", "CPU microseconds of the server per message", mark=" (CPU)"),
    Metric(
        "server_share",
        "share of its core that the server used, in % (well under 100: the load was the limit)",
        compared=False,
    ),
)
CANNOT: dict[str, str] = {}

BUFFER = 4096
Announce = Callable[[int], None]


def eventlet_echo(announce: Announce) -> None:
    import eventlet

    def echo(connection: socket.socket) -> None:
        while True:
            data = connection.recv(BUFFER)
            if not data:
                break
            connection.sendall(data)

    listener = eventlet.listen(("127.0.0.1", 0))
    announce(listener.getsockname()[1])
    pool = eventlet.GreenPool(10_000)
    while True:
        connection, _ = listener.accept()
        pool.spawn_n(echo, connection)


def gevent_echo(announce: Announce) -> None:
    from gevent.server import StreamServer

    def echo(connection: socket.socket, _address: object) -> None:
        while True:
            data = connection.recv(BUFFER)
            if not data:
                break
            connection.sendall(data)

    server = StreamServer(("127.0.0.1", 0), echo)
    server.start()
    announce(server.server_port)
    server.serve_forever()


async def asyncio_echo(announce: Announce) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            data = await reader.read(BUFFER)
            if not data:
                break
            writer.write(data)
            await writer.drain()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    announce(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def protocol_echo(announce: Announce) -> None:
    class Echo(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.Transport, transport)

        def data_received(self, data: bytes) -> None:
            self.transport.write(data)

    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
    announce(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def drive(server: Server, connections: int, seconds: float) -> dict[str, float]:
    """Load the server for a quarter of the time to warm up, then for `seconds`."""
    opened = connect(server.port, connections)
    load = PingPong(opened)
    load.run(seconds / 4)
    load_cpu, cpu, start = time.process_time(), server.cpu_seconds(), time.perf_counter()
    messages = load.run(seconds)
    elapsed = time.perf_counter() - start
    cpu, load_cpu = server.cpu_seconds() - cpu, time.process_time() - load_cpu
    for connection in opened:
        connection.close()
    return {
        "messages_per_second": messages / elapsed,
        "server_cpu_us": cpu / messages * 1e6,
        "server_share": cpu / elapsed * 100,
        "load_share": load_cpu / elapsed * 100,
    }
