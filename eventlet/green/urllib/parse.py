"""urllib.parse: nothing in it blocks."""

from __future__ import annotations

import urllib.parse as _parse

from eventlet.green._lookalike import look_like

__getattr__, __dir__ = look_like(globals(), _parse)
