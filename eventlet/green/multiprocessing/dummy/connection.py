"""multiprocessing.dummy.connection, over green queues."""

from __future__ import annotations

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "multiprocessing.dummy.connection")
