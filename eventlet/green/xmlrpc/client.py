"""xmlrpc.client, over green modules: a call switches while the server thinks."""

from __future__ import annotations

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "xmlrpc.client")
