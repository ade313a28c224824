"""urllib.error: nothing in it blocks."""

from __future__ import annotations

import urllib.error as _error

from eventlet.green._lookalike import look_like

__getattr__, __dir__ = look_like(globals(), _error)
