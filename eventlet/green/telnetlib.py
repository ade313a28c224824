"""telnetlib, over green modules: waiting for the peer switches; until 3.12 is dropped."""

from __future__ import annotations

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "telnetlib")
