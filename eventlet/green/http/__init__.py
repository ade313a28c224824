"""http: the package of the green HTTP modules."""

from __future__ import annotations

import http as _http

from eventlet.green._lookalike import look_like

_fall_through, __dir__ = look_like(globals(), _http)


def __getattr__(name):
    # The standard package has its own submodules as attributes, once somebody has imported them.
    if name in ("client", "cookiejar", "cookies", "server"):
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    return _fall_through(name)
