"""smtpd, over green modules: over the green asyncore; until 3.11 is dropped."""

from __future__ import annotations

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "smtpd")
