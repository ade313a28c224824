"""multiprocessing.pool: pools of processes that green threads look after, and of green threads."""

from __future__ import annotations

import multiprocessing.pool as _standard

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "multiprocessing.pool")
# One exception, one class.
MaybeEncodingError = _standard.MaybeEncodingError
RemoteTraceback = _standard.RemoteTraceback
