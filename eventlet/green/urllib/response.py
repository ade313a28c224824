"""urllib.response: nothing in it blocks."""

from __future__ import annotations

import urllib.response as _response

from eventlet.green._lookalike import look_like

__getattr__, __dir__ = look_like(globals(), _response)
