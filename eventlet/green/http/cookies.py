"""http.cookies: nothing in it blocks."""

from __future__ import annotations

import http.cookies as _cookies

from eventlet.green._lookalike import look_like

__getattr__, __dir__ = look_like(globals(), _cookies)
