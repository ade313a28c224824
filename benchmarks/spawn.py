"""How long does it take to start a green thread, run an empty function in it and learn that it has ended?"""

from __future__ import annotations

import asyncio

from benchmarks._job import Case, Stopwatch, cpu_time_per

CASES = (
    Case("spawn + wait, singly", "wait", {"batch": 1, "batches": 5000}, quick={"batches": 50}),
    Case("by the 1,000", "wait", {"batch": 1000, "batches": 10}, quick={"batches": 1}),
    Case("spawn_n, by the 1,000", "forget", {"batch": 1000, "batches": 10}, quick={"batches": 1}),
    Case("GreenPool.spawn_n", "pool", {"tasks": 10_000}, quick={"tasks": 1000}),
)
METRICS = cpu_time_per("green thread")
CANNOT = {"asyncio_pool": "asyncio has no pool of tasks"}


def nothing() -> None:
    """The task."""


async def nothing_asynchronously() -> None:
    """The task as a coroutine function."""


def eventlet_wait(watch: Stopwatch, batch: int, batches: int) -> None:
    import eventlet

    with watch.counting(batch * batches):
        for _ in range(batches):
            threads = [eventlet.spawn(nothing) for _ in range(batch)]
            for thread in threads:
                thread.wait()


def gevent_wait(watch: Stopwatch, batch: int, batches: int) -> None:
    import gevent

    with watch.counting(batch * batches):
        for _ in range(batches):
            threads = [gevent.spawn(nothing) for _ in range(batch)]
            for thread in threads:
                thread.get()


async def asyncio_wait(watch: Stopwatch, batch: int, batches: int) -> None:
    with watch.counting(batch * batches):
        for _ in range(batches):
            tasks = [asyncio.create_task(nothing_asynchronously()) for _ in range(batch)]
            for task in tasks:
                await task


def eventlet_forget(watch: Stopwatch, batch: int, batches: int) -> None:
    import eventlet

    ended: list[int] = []
    with watch.counting(batch * batches):
        for _ in range(batches):
            for number in range(batch):
                eventlet.spawn_n(ended.append, number)
            eventlet.sleep(0)
    assert len(ended) == batch * batches


def gevent_forget(watch: Stopwatch, batch: int, batches: int) -> None:
    import gevent

    ended: list[int] = []
    with watch.counting(batch * batches):
        for _ in range(batches):
            for number in range(batch):
                gevent.spawn_raw(ended.append, number)
            gevent.sleep(0)
    assert len(ended) == batch * batches


async def asyncio_forget(watch: Stopwatch, batch: int, batches: int) -> None:
    ended: list[int] = []

    async def append(number: int) -> None:
        ended.append(number)

    with watch.counting(batch * batches):
        for _ in range(batches):
            for number in range(batch):
                asyncio.create_task(append(number))  # noqa: RUF006  it ends within this turn of the loop
            await asyncio.sleep(0)
    assert len(ended) == batch * batches


def eventlet_pool(watch: Stopwatch, tasks: int) -> None:
    import eventlet

    pool = eventlet.GreenPool(1000)
    with watch.counting(tasks):
        for _ in range(tasks):
            pool.spawn_n(nothing)
        pool.waitall()


def gevent_pool(watch: Stopwatch, tasks: int) -> None:
    from gevent.pool import Pool

    pool = Pool(1000)
    with watch.counting(tasks):
        for _ in range(tasks):
            pool.spawn(nothing)
        pool.join()
