"""multiprocessing.sharedctypes, with the green package's locks."""

from __future__ import annotations

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "multiprocessing.sharedctypes")
