"""multiprocessing.managers, over green connections: proxies wait in a green way, and servers serve in green threads."""

from __future__ import annotations

import multiprocessing.managers as _standard

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "multiprocessing.managers")
RemoteError = _standard.RemoteError  # one exception, one class
