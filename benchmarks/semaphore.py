"""How long does it take to acquire a contended Semaphore(1), hold it over a switch and release it?

Fair semaphores pass the permit on with every release, and so switch twice per round. Others (gevent's) let
the thread that has just released it take it again: fewer switches, while the rest of the threads starve.
"""

from __future__ import annotations

import asyncio

from benchmarks._job import Case, Stopwatch, cpu_time_per

CASES = (
    Case("10 threads", "contend", {"threads": 10, "rounds": 2000}),
    Case("100 threads", "contend", {"threads": 100, "rounds": 200}, quick={"rounds": 5}),
)
METRICS = cpu_time_per("acquire, sleep(0) and release")
CANNOT: dict[str, str] = {}


def eventlet_contend(watch: Stopwatch, threads: int, rounds: int) -> None:
    import eventlet
    from eventlet.semaphore import Semaphore

    semaphore = Semaphore(1)

    def contend() -> None:
        for _ in range(rounds):
            with semaphore:
                eventlet.sleep(0)

    workers = [eventlet.spawn(contend) for _ in range(threads)]
    eventlet.sleep(0)  # all of them have started
    with watch.counting(threads * rounds):
        for worker in workers:
            worker.wait()


def gevent_contend(watch: Stopwatch, threads: int, rounds: int) -> None:
    import gevent
    from gevent.lock import Semaphore

    semaphore = Semaphore(1)

    def contend() -> None:
        for _ in range(rounds):
            with semaphore:
                gevent.sleep(0)

    workers = [gevent.spawn(contend) for _ in range(threads)]
    gevent.sleep(0)
    with watch.counting(threads * rounds):
        gevent.joinall(workers)


async def asyncio_contend(watch: Stopwatch, threads: int, rounds: int) -> None:
    semaphore = asyncio.Semaphore(1)

    async def contend() -> None:
        for _ in range(rounds):
            async with semaphore:
                await asyncio.sleep(0)

    workers = [asyncio.create_task(contend()) for _ in range(threads)]
    await asyncio.sleep(0)
    with watch.counting(threads * rounds):
        await asyncio.gather(*workers)
