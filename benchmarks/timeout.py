"""How long does it take to put a Timeout around something that is over long before?"""

from __future__ import annotations

import asyncio
import sys

from benchmarks._job import Case, Stopwatch, Unsupported, cpu_time_per

CASES = (
    Case("around pass", "around_pass", {"rounds": 20_000}, quick={"rounds": 100}),
    Case("around sleep(0)", "around_sleep", {"rounds": 20_000}, quick={"rounds": 100}),
)
METRICS = cpu_time_per("`with Timeout(10)`")
CANNOT: dict[str, str] = {}

NEEDS_3_11 = "asyncio.timeout is new in Python 3.11"


def eventlet_around_pass(watch: Stopwatch, rounds: int) -> None:
    import eventlet

    with watch.counting(rounds):
        for _ in range(rounds):
            with eventlet.Timeout(10):
                pass


def gevent_around_pass(watch: Stopwatch, rounds: int) -> None:
    import gevent

    with watch.counting(rounds):
        for _ in range(rounds):
            with gevent.Timeout(10):
                pass


async def asyncio_around_pass(watch: Stopwatch, rounds: int) -> None:
    if sys.version_info < (3, 11):
        raise Unsupported(NEEDS_3_11)
    with watch.counting(rounds):
        for _ in range(rounds):
            async with asyncio.timeout(10):
                pass


def eventlet_around_sleep(watch: Stopwatch, rounds: int) -> None:
    import eventlet

    with watch.counting(rounds):
        for _ in range(rounds):
            with eventlet.Timeout(10):
                eventlet.sleep(0)


def gevent_around_sleep(watch: Stopwatch, rounds: int) -> None:
    import gevent

    with watch.counting(rounds):
        for _ in range(rounds):
            with gevent.Timeout(10):
                gevent.sleep(0)


async def asyncio_around_sleep(watch: Stopwatch, rounds: int) -> None:
    if sys.version_info < (3, 11):
        raise Unsupported(NEEDS_3_11)
    with watch.counting(rounds):
        for _ in range(rounds):
            async with asyncio.timeout(10):
                await asyncio.sleep(0)
