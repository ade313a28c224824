"""The asyncio hub on a loop of uvloop's: `EVENTLET_HUB=asyncio:uvloop`."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

from eventlet.hubs import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INSTALL = "uvloop: pip install 'eventlet[uvloop]'"


def is_available() -> bool:
    """Whether uvloop is installed, and the asyncio hub works here."""
    return asyncio.is_available() and find_spec("uvloop") is not None


def prepare() -> None:
    """Import uvloop, which is a matter for one thread."""
    asyncio.prepare()
    importlib.import_module("uvloop")


class Hub(asyncio.Hub):
    """As the asyncio hub; the loop is uvloop's."""

    name = "asyncio:uvloop"

    def make_loop(self) -> Any:
        """Return a new loop. Never switches."""
        import uvloop

        return uvloop.new_event_loop()
