"""multiprocessing.util, whose types that are aware of forks are for green threads."""

from __future__ import annotations

import multiprocessing.util as _standard

from eventlet.green._fork_aware import ForkAwareLocal as ForkAwareLocal
from eventlet.green._fork_aware import ForkAwareThreadLock as ForkAwareThreadLock
from eventlet.green._lookalike import look_like

__getattr__, __dir__ = look_like(globals(), _standard)
