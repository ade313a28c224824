"""multiprocessing.dummy.connection, over green queues."""

from __future__ import annotations

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "multiprocessing.dummy.connection")
# It waits for the condition that the standard queue is made of, and ours has not.
Queue = green_world.load_anew_only("queue").Queue
