"""urllib: the package of the green URL modules."""

from __future__ import annotations

import urllib as _urllib

from eventlet.green._lookalike import look_like

_fall_through, __dir__ = look_like(globals(), _urllib)


def __getattr__(name):
    # The standard package has its own submodules as attributes, once somebody has imported them.
    if name in ("error", "parse", "request", "response", "robotparser"):
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    return _fall_through(name)
