"""asyncio and green threads together, in one OS thread: each can wait for the other.

* In green threads: `spawn_for_awaitable(awaitable)`, `run(coroutine)`, `new_event_loop()`.
* In coroutines: `await green_thread`, `await to_green(function, …)`, `adopt()`.
"""

from __future__ import annotations

from eventlet._asyncio.bridge import adopt as adopt
from eventlet._asyncio.bridge import run as run
from eventlet._asyncio.bridge import spawn_for_awaitable as spawn_for_awaitable
from eventlet._asyncio.bridge import to_green as to_green
from eventlet._asyncio.loop import new_event_loop as new_event_loop

__all__ = ["adopt", "new_event_loop", "run", "spawn_for_awaitable", "to_green"]
