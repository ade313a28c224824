"""http.cookiejar, over green locks and urllib.request."""

from __future__ import annotations

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "http.cookiejar")
