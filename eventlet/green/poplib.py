"""poplib, over green modules: waiting for the mail server switches."""

from __future__ import annotations

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "poplib")
