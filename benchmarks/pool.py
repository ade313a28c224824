"""How long does it take to map an empty function over many items with a pool of green threads?"""

from __future__ import annotations

from benchmarks._job import Case, Stopwatch, cpu_time_per

CASES = (Case("imap, 100 threads", "imap", {"items": 10_000}, quick={"items": 500}),)
METRICS = cpu_time_per("item")
CANNOT = {"asyncio_imap": "asyncio has no pool of tasks"}


def same(item: int) -> int:
    """The mapped function."""
    return item


def eventlet_imap(watch: Stopwatch, items: int) -> None:
    import eventlet

    with watch.counting(items):
        results = list(eventlet.GreenPool(100).imap(same, range(items)))
    assert results == list(range(items))


def gevent_imap(watch: Stopwatch, items: int) -> None:
    from gevent.pool import Pool

    with watch.counting(items):
        results = list(Pool(100).imap(same, range(items)))
    assert results == list(range(items))
