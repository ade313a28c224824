"""How long does it take to have an empty function called by an OS thread?"""

from __future__ import annotations

import asyncio

from benchmarks._job import Case, Metric, Stopwatch, cpu_time_per

CASES = (
    Case("one by one", "call", {"callers": 1, "calls": 5000}, quick={"calls": 100}),
    Case("from 100 green threads", "call", {"callers": 100, "calls": 50}, quick={"calls": 2}),
)
METRICS = (*cpu_time_per("call"), Metric("wall_us", "microseconds by the clock per call", mark=", by the clock"))
CANNOT: dict[str, str] = {}

THREADS = 10


def nothing() -> None:
    """The function."""


def eventlet_call(watch: Stopwatch, callers: int, calls: int) -> None:
    import eventlet
    from eventlet import tpool

    tpool.set_num_threads(THREADS)

    def call() -> None:
        for _ in range(calls):
            tpool.execute(nothing)

    tpool.execute(nothing)
    with watch.counting(callers * calls):
        for green in [eventlet.spawn(call) for _ in range(callers)]:
            green.wait()


def gevent_call(watch: Stopwatch, callers: int, calls: int) -> None:
    import gevent

    apply = gevent.get_hub().threadpool.apply

    def call() -> None:
        for _ in range(calls):
            apply(nothing)

    apply(nothing)
    with watch.counting(callers * calls):
        gevent.joinall([gevent.spawn(call) for _ in range(callers)])


async def asyncio_call(watch: Stopwatch, callers: int, calls: int) -> None:
    loop = asyncio.get_running_loop()

    async def call() -> None:
        for _ in range(calls):
            await loop.run_in_executor(None, nothing)

    await loop.run_in_executor(None, nothing)
    with watch.counting(callers * calls):
        await asyncio.gather(*[asyncio.create_task(call()) for _ in range(callers)])
