"""The old urllib2: urllib.request, with the names of urllib.error and urllib.parse beside it."""

from __future__ import annotations

from eventlet.green._lookalike import look_like
from eventlet.green.urllib import error as _error
from eventlet.green.urllib import parse as _parse
from eventlet.green.urllib import request as _request
from eventlet.green.urllib import response as _response

__getattr__, __dir__ = look_like(globals(), _request, _error, _parse, _response)
