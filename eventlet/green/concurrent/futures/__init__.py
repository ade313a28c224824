"""concurrent.futures, over green threads: `result`, `wait` and `as_completed` switch.

A ThreadPoolExecutor's workers are green threads.
"""

from __future__ import annotations

import concurrent.futures._base as _standard_base

from eventlet._patching.world import green_world
from eventlet.green._lookalike import look_like

_futures = green_world.load_anew("concurrent.futures")
_base = green_world.load_anew("concurrent.futures._base")
# One exception, one class: who catches the standard one catches ours.
for _name in ("BrokenExecutor", "CancelledError", "Error", "InvalidStateError", "TimeoutError"):
    for _module in (_futures, _base):
        if hasattr(_module, _name):
            setattr(_module, _name, getattr(_standard_base, _name))

__getattr__, __dir__ = look_like(globals(), _futures)
