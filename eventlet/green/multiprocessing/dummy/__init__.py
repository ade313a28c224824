"""multiprocessing.dummy: the same with green threads instead of processes."""

from __future__ import annotations

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "multiprocessing.dummy")
