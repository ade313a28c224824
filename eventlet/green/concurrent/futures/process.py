"""concurrent.futures.process, over the green multiprocessing."""

from __future__ import annotations

import concurrent.futures.process as _standard

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "concurrent.futures.process")
BrokenProcessPool = _standard.BrokenProcessPool  # one exception, one class
