"""How long does it take to pass control from one green thread to the next?"""

from __future__ import annotations

import asyncio

from benchmarks._job import Case, Stopwatch, cpu_time_per

CASES = (
    Case("2 threads", "sleep", {"threads": 2, "rounds": 25_000}),
    Case("100 threads", "sleep", {"threads": 100, "rounds": 500}, quick={"rounds": 20}),
    Case("1,000 threads", "sleep", {"threads": 1000, "rounds": 100}),
)
METRICS = cpu_time_per("switch, by sleep(0)")
CANNOT: dict[str, str] = {}


def eventlet_sleep(watch: Stopwatch, threads: int, rounds: int) -> None:
    import eventlet

    def spin() -> None:
        for _ in range(rounds):
            eventlet.sleep(0)

    workers = [eventlet.spawn(spin) for _ in range(threads)]
    eventlet.sleep(0)  # all of them have started
    with watch.counting(threads * rounds):
        for worker in workers:
            worker.wait()


def gevent_sleep(watch: Stopwatch, threads: int, rounds: int) -> None:
    import gevent

    def spin() -> None:
        for _ in range(rounds):
            gevent.sleep(0)

    workers = [gevent.spawn(spin) for _ in range(threads)]
    gevent.sleep(0)
    with watch.counting(threads * rounds):
        gevent.joinall(workers)


async def asyncio_sleep(watch: Stopwatch, threads: int, rounds: int) -> None:
    async def spin() -> None:
        for _ in range(rounds):
            await asyncio.sleep(0)

    workers = [asyncio.create_task(spin()) for _ in range(threads)]
    await asyncio.sleep(0)
    with watch.counting(threads * rounds):
        await asyncio.gather(*workers)
