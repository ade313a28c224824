"""selectors, whose waits let other green threads run."""

from __future__ import annotations

import selectors as _selectors
from typing import Any

from eventlet.green import select as _select
from eventlet.green._lookalike import look_like

__patched__: list[str] = []
__getattr__, __dir__ = look_like(globals(), _selectors)


class SelectSelector(_selectors.SelectSelector):
    """As selectors.SelectSelector. `select` switches."""

    def _select(self, r, w, x, timeout=None):
        return _select.select(r, w, x, timeout)


if hasattr(_selectors, "PollSelector"):

    class PollSelector(_selectors.PollSelector):
        """As selectors.PollSelector. `select` switches."""

        _selector_cls = _select.poll


if hasattr(_selectors, "EpollSelector"):

    class EpollSelector(_selectors.EpollSelector):
        """As selectors.EpollSelector. `select` switches."""

        _selector_cls = _select.epoll


if hasattr(_selectors, "KqueueSelector"):
    _KqueueSelector: Any = _selectors.KqueueSelector

    class KqueueSelector(_KqueueSelector):
        """As selectors.KqueueSelector. `select` switches."""

        def __init__(self):
            super().__init__()
            self._selector.close()  # type: ignore[has-type]
            self._selector = _select.kqueue()


#: The best one here, as the standard module chooses.
DefaultSelector = globals().get(_selectors.DefaultSelector.__name__, SelectSelector)


def patch_in_place(selectors):
    """Make the standard classes themselves green: their names were copied to many places."""
    for name in ("PollSelector", "EpollSelector"):
        if hasattr(selectors, name):
            getattr(selectors, name)._selector_cls = globals()[name]._selector_cls
    if selectors.SelectSelector._select.__module__ != "selectors":
        selectors.SelectSelector._select = SelectSelector._select
    # KqueueSelector asks the select module for a kqueue each time.
