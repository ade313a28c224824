"""multiprocessing.popen_fork, waiting for processes in a green way."""

from __future__ import annotations

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "multiprocessing.popen_fork")
