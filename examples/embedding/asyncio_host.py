"""Green threads in a running asyncio loop, or in uvloop's with --uvloop: blocking-style code beside coroutines.

python examples/embedding/asyncio_host.py
"""

from __future__ import annotations

import asyncio
import sys

from _work import TICK_MILLISECONDS, Work, arguments


async def main(work: Work) -> None:
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    work.begin(loop, done.set)

    async def tick() -> None:
        while True:
            await asyncio.sleep(TICK_MILLISECONDS / 1000)
            work.tick()

    ticking = asyncio.ensure_future(tick())
    await done.wait()
    ticking.cancel()
    work.end()


if __name__ == "__main__":
    new_event_loop = asyncio.new_event_loop
    if "--uvloop" in sys.argv:
        sys.argv.remove("--uvloop")
        from uvloop import new_event_loop
    loop = new_event_loop()
    loop.run_until_complete(main(Work(arguments(__doc__))))
    loop.close()
