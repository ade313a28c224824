"""How long does it take to set a timer and let it fire, or to set it and cancel it?"""

from __future__ import annotations

import asyncio
import random

from benchmarks._job import Case, Stopwatch, cpu_time_per

CASES = (
    Case("2,000 sleepers", "sleep", {"threads": 2_000, "rounds": 20}, quick={"threads": 100}),
    Case("call later + cancel", "call_later", {"batch": 1000, "batches": 20}, quick={"batches": 1}),
    Case("spawn_after + cancel", "spawn_after", {"batch": 1000, "batches": 10}, quick={"batches": 1}),
)
METRICS = cpu_time_per("timer")
CANNOT = {"asyncio_spawn_after": "asyncio has no task that starts later"}

LONGEST_SLEEP = 0.05
NEVER = 3600.0


def _durations(threads: int, rounds: int) -> list[list[float]]:
    generator = random.Random(23)  # the same for all contestants
    return [[generator.uniform(0.0, LONGEST_SLEEP) for _ in range(rounds)] for _ in range(threads)]


def nothing() -> None:
    """What the cancelled timers would have called."""


def eventlet_sleep(watch: Stopwatch, threads: int, rounds: int) -> None:
    import eventlet
    from eventlet.event import Event

    start = Event()

    def sleeper(durations: list[float]) -> None:
        start.wait()
        for seconds in durations:
            eventlet.sleep(seconds)

    workers = [eventlet.spawn(sleeper, durations) for durations in _durations(threads, rounds)]
    eventlet.sleep(0)  # all of them wait for the event
    with watch.counting(threads * rounds):
        start.send()
        for worker in workers:
            worker.wait()


def gevent_sleep(watch: Stopwatch, threads: int, rounds: int) -> None:
    import gevent
    from gevent.event import Event

    start = Event()

    def sleeper(durations: list[float]) -> None:
        start.wait()
        for seconds in durations:
            gevent.sleep(seconds)

    workers = [gevent.spawn(sleeper, durations) for durations in _durations(threads, rounds)]
    gevent.sleep(0)
    with watch.counting(threads * rounds):
        start.set()
        gevent.joinall(workers)


async def asyncio_sleep(watch: Stopwatch, threads: int, rounds: int) -> None:
    start = asyncio.Event()

    async def sleeper(durations: list[float]) -> None:
        await start.wait()
        for seconds in durations:
            await asyncio.sleep(seconds)

    workers = [asyncio.create_task(sleeper(durations)) for durations in _durations(threads, rounds)]
    await asyncio.sleep(0)
    with watch.counting(threads * rounds):
        start.set()
        await asyncio.gather(*workers)


def eventlet_call_later(watch: Stopwatch, batch: int, batches: int) -> None:
    import eventlet
    from eventlet.hubs import get_hub

    hub = get_hub()
    with watch.counting(batch * batches):
        for _ in range(batches):
            for timer in [hub.schedule_call_global(NEVER, nothing) for _ in range(batch)]:
                timer.cancel()
            eventlet.sleep(0)  # let the hub clear up


def gevent_call_later(watch: Stopwatch, batch: int, batches: int) -> None:
    import gevent

    loop = gevent.get_hub().loop
    with watch.counting(batch * batches):
        for _ in range(batches):
            timers = [loop.timer(NEVER) for _ in range(batch)]
            for timer in timers:
                timer.start(nothing)
            for timer in timers:
                timer.close()
            gevent.sleep(0)


async def asyncio_call_later(watch: Stopwatch, batch: int, batches: int) -> None:
    loop = asyncio.get_running_loop()
    with watch.counting(batch * batches):
        for _ in range(batches):
            for timer in [loop.call_later(NEVER, nothing) for _ in range(batch)]:
                timer.cancel()
            await asyncio.sleep(0)


def eventlet_spawn_after(watch: Stopwatch, batch: int, batches: int) -> None:
    import eventlet

    with watch.counting(batch * batches):
        for _ in range(batches):
            for thread in [eventlet.spawn_after(NEVER, nothing) for _ in range(batch)]:
                thread.cancel()
            eventlet.sleep(0)


def gevent_spawn_after(watch: Stopwatch, batch: int, batches: int) -> None:
    import gevent

    with watch.counting(batch * batches):
        for _ in range(batches):
            for thread in [gevent.spawn_later(NEVER, nothing) for _ in range(batch)]:
                thread.kill(block=False)
            gevent.sleep(0)
