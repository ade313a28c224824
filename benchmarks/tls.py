"""How fast does a TLS server on one core echo 64 bytes, send 1 MB, receive 1 MB, and do both?"""

from __future__ import annotations

import asyncio
import select
import ssl as standard
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks._job import Case, Metric, Unsupported
from benchmarks._tls_load import CERT, KEY, REQUEST, Connection, TLSPingPong

if TYPE_CHECKING:
    from benchmarks._server import Server

MEGABYTE = 1_000_000
CASES = (
    Case(
        "echo of 64 bytes, 100 connections",
        "echo",
        {"connections": 100, "seconds": 2.0, "request": REQUEST, "response": REQUEST},
        quick={"seconds": 0.1},
    ),
    Case(
        "sending 1 MB, 10 connections",
        "send",
        {"connections": 10, "seconds": 2.0, "request": REQUEST, "response": MEGABYTE},
        quick={"seconds": 0.1},
    ),
    Case(
        "receiving 1 MB, 10 connections",
        "receive",
        {"connections": 10, "seconds": 2.0, "request": MEGABYTE, "response": REQUEST},
        quick={"seconds": 0.1},
    ),
    Case(
        "receiving 1 MB and sending 1 MB, 10 connections",
        "both",
        {"connections": 10, "seconds": 2.0, "request": MEGABYTE, "response": MEGABYTE},
        quick={"seconds": 0.1},
    ),
)
METRICS = (
    Metric("messages_per_second", "requests per second", higher_is_better=True),
    Metric("server_cpu_us", "CPU microseconds of the server per request", mark=" (CPU)"),
    Metric(
        "server_share",
        "share of its core that the server used, in % (well under 100: the load was the limit)",
        compared=False,
    ),
)
CANNOT: dict[str, str] = {}

BUFFER = 65536
Announce = Callable[[int], None]


def echo(connection: Any) -> None:
    while True:
        data = connection.recv(BUFFER)
        if not data:
            break
        connection.sendall(data)


def send(connection: Any) -> None:
    data = b"x" * MEGABYTE
    while connection.recv(BUFFER):
        connection.sendall(data)


def receive(connection: Any, response: int = REQUEST) -> None:
    data = b"x" * response
    while True:
        missing = MEGABYTE
        while missing:
            got = len(connection.recv(BUFFER))
            if not got:
                return
            missing -= got
        connection.sendall(data)


def both(connection: Any) -> None:
    receive(connection, MEGABYTE)


def eventlet_server(handle: Callable[[Any], None], announce: Announce) -> None:
    import eventlet
    from eventlet.green import ssl

    context = ssl.SSLContext(standard.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERT, KEY)

    def serve(connection: Any) -> None:
        handle(context.wrap_socket(connection, server_side=True))

    listener = eventlet.listen(("127.0.0.1", 0))
    announce(listener.getsockname()[1])
    pool = eventlet.GreenPool(10_000)
    while True:
        connection, _ = listener.accept()
        pool.spawn_n(serve, connection)


def gevent_server(handle: Callable[[Any], None], announce: Announce) -> None:
    from gevent import ssl
    from gevent.server import StreamServer

    context = ssl.SSLContext(standard.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERT, KEY)
    server = StreamServer(("127.0.0.1", 0), lambda connection, _address: handle(connection), ssl_context=context)
    server.start()
    announce(server.server_port)
    server.serve_forever()


async def async_echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(BUFFER):
        writer.write(data)
        await writer.drain()


async def async_send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    data = b"x" * MEGABYTE
    while await reader.read(BUFFER):
        writer.write(data)
        await writer.drain()


async def async_receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, response: int = REQUEST) -> None:
    data = b"x" * response
    while True:
        missing = MEGABYTE
        while missing:
            got = len(await reader.read(BUFFER))
            if not got:
                return
            missing -= got
        writer.write(data)
        await writer.drain()


async def async_both(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await async_receive(reader, writer, MEGABYTE)


async def asyncio_server(handle: Any, announce: Announce) -> None:
    context = standard.SSLContext(standard.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERT, KEY)
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    announce(server.sockets[0].getsockname()[1])
    await server.serve_forever()


eventlet_echo, eventlet_send, eventlet_receive, eventlet_both = (
    partial(eventlet_server, job) for job in (echo, send, receive, both)
)
gevent_echo, gevent_send, gevent_receive, gevent_both = (
    partial(gevent_server, job) for job in (echo, send, receive, both)
)
asyncio_echo, asyncio_send, asyncio_receive, asyncio_both = (
    partial(asyncio_server, job) for job in (async_echo, async_send, async_receive, async_both)
)


def drive(server: Server, connections: int, seconds: float, request: int, response: int) -> dict[str, float]:
    """Load the server for a quarter of the time to warm up, then for `seconds`."""
    if not hasattr(select, "epoll"):
        raise Unsupported("the load generator for TLS needs epoll")
    opened = [Connection(server.port, request, response) for _ in range(connections)]
    load = TLSPingPong(opened)
    load.run(seconds / 4)
    load_cpu, cpu, start = time.process_time(), server.cpu_seconds(), time.perf_counter()
    messages = load.run(seconds)
    elapsed = time.perf_counter() - start
    cpu, load_cpu = server.cpu_seconds() - cpu, time.process_time() - load_cpu
    load.close()
    for connection in opened:
        connection.close()
    return {
        "messages_per_second": messages / elapsed,
        "server_cpu_us": cpu / messages * 1e6,
        "server_share": cpu / elapsed * 100,
        "load_share": load_cpu / elapsed * 100,
    }
