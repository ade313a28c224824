"""How long does it take to pass an item through a Queue to another green thread?"""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks._job import Case, Stopwatch, cpu_time_per

CASES = (
    Case("ping-pong, unbounded", "ping_pong", {"rounds": 10_000}, quick={"rounds": 100}),
    Case("producer to consumer, 10", "stream", {"items": 20_000, "maxsize": 10}, quick={"items": 200}),
)
METRICS = cpu_time_per("item")
CANNOT: dict[str, str] = {}


def eventlet_ping_pong(watch: Stopwatch, rounds: int) -> None:
    import eventlet
    from eventlet.queue import Queue

    pings, pongs = Queue(), Queue()
    eventlet.spawn(_return_all, pings, pongs, rounds)
    _send_all(watch, pings, pongs, rounds)


def gevent_ping_pong(watch: Stopwatch, rounds: int) -> None:
    import gevent
    from gevent.queue import Queue

    pings, pongs = Queue(), Queue()
    gevent.spawn(_return_all, pings, pongs, rounds)
    _send_all(watch, pings, pongs, rounds)


def _return_all(pings: Any, pongs: Any, rounds: int) -> None:
    for _ in range(rounds):
        pongs.put(pings.get())


def _send_all(watch: Stopwatch, pings: Any, pongs: Any, rounds: int) -> None:
    with watch.counting(2 * rounds):
        for number in range(rounds):
            pings.put(number)
            pongs.get()


async def asyncio_ping_pong(watch: Stopwatch, rounds: int) -> None:
    pings: asyncio.Queue[int] = asyncio.Queue()
    pongs: asyncio.Queue[int] = asyncio.Queue()

    async def return_all() -> None:
        for _ in range(rounds):
            await pongs.put(await pings.get())

    returner = asyncio.create_task(return_all())
    with watch.counting(2 * rounds):
        for number in range(rounds):
            await pings.put(number)
            await pongs.get()
    await returner


def eventlet_stream(watch: Stopwatch, items: int, maxsize: int) -> None:
    import eventlet
    from eventlet.queue import Queue

    queue = Queue(maxsize)
    eventlet.spawn(_produce, queue, items)
    _consume(watch, queue, items)


def gevent_stream(watch: Stopwatch, items: int, maxsize: int) -> None:
    import gevent
    from gevent.queue import Queue

    queue = Queue(maxsize)
    gevent.spawn(_produce, queue, items)
    _consume(watch, queue, items)


def _produce(queue: Any, items: int) -> None:
    for number in range(items):
        queue.put(number)


def _consume(watch: Stopwatch, queue: Any, items: int) -> None:
    with watch.counting(items):
        for _ in range(items):
            queue.get()


async def asyncio_stream(watch: Stopwatch, items: int, maxsize: int) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(maxsize)

    async def produce() -> None:
        for number in range(items):
            await queue.put(number)

    producer = asyncio.create_task(produce())
    with watch.counting(items):
        for _ in range(items):
            await queue.get()
    await producer
