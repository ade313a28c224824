"""Who takes part: this library on each of its hubs, and the peers that are installed somewhere."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Contestant:
    """A library in an interpreter; all that a child process must know to be that contestant.

    `checkout` is a directory to import from first. `hub` is for EVENTLET_HUB, or GEVENT_LOOP; None for the library's
    default. `loop` is the package whose new_event_loop() runs the coroutines of the APIs asyncio and protocol.
    """

    name: str
    api: str
    python: str
    checkout: str | None = None
    hub: str | None = None
    loop: str = "asyncio"

    def as_order(self) -> dict[str, Any]:
        """Return the contestant as the part of an order to a child process."""
        return {"contestant": dataclasses.asdict(self)}


def peers(pythons: dict[str, str], default: str) -> list[Contestant]:
    """Return every peer that might exist, in its interpreter of `pythons` or else in `default`.

    A name that is not known to be something else is an eventlet: upstream's, or this library from another
    commit; on the hub that stands after a slash in the name, if there is one.
    """
    known = [
        Contestant("gevent", "gevent", pythons.get("gevent", default)),
        Contestant("gevent-libev", "gevent", pythons.get("gevent", default), hub="libev-cext"),
        Contestant("gevent-libuv", "gevent", pythons.get("gevent", default), hub="libuv-cffi"),
        Contestant("asyncio", "asyncio", pythons.get("asyncio", default)),
        Contestant("asyncio-protocol", "protocol", pythons.get("asyncio", default)),
        Contestant("uvloop", "asyncio", pythons.get("uvloop", default), loop="uvloop"),
        Contestant("uvloop-protocol", "protocol", pythons.get("uvloop", default), loop="uvloop"),
    ]
    names = {contestant.name for contestant in known}
    eventlets = [
        Contestant(name, "eventlet", python, hub=name.partition("/")[2] or None)
        for name, python in pythons.items()
        if name not in names
    ]
    return eventlets + known


def ours(name: str, checkout: str, python: str, hub: str | None = None) -> Contestant:
    """Return this library, imported from the directory `checkout`."""
    return Contestant(name, "eventlet", python, checkout=checkout, hub=hub)
