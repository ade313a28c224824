"""concurrent.futures.thread, over green threads."""

from __future__ import annotations

from eventlet._patching.world import green_world
from eventlet.green._lookalike import look_like

__getattr__, __dir__ = look_like(globals(), green_world.load_anew("concurrent.futures.thread"))
