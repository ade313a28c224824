"""multiprocessing.forkserver, waiting for the server in a green way."""

from __future__ import annotations

import multiprocessing.forkserver as _standard
from typing import Any

from eventlet._patching.world import green_world
from eventlet.green.thread import allocate_lock

green_world.execute_in(globals(), "multiprocessing.forkserver")

_ForkServer: Any = globals()["ForkServer"]
# There is one server for a process, whoever has started it; and in its children what it has handed to them.
globals()["_forkserver"].__dict__ = vars(_standard._forkserver)
# But for the lock: green threads switch while they hold it.
_lock = allocate_lock()
_ForkServer._lock = property(lambda _server: _lock)
