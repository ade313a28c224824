"""multiprocessing.resource_sharer, which shares by a green thread."""

from __future__ import annotations

from eventlet._patching import resource_sharer as _green
from eventlet._patching.world import green_world

green_world.execute_in(globals(), "multiprocessing.resource_sharer")
signal = _green.signal
