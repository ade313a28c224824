"""multiprocessing.forkserver, waiting for the server in a green way."""

from __future__ import annotations

import multiprocessing.forkserver as _standard

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "multiprocessing.forkserver")
# There is one server for a process, whoever has started it; and in its children what it has handed to them.
globals()["_forkserver"].__dict__ = vars(_standard._forkserver)
