"""Makes pyzmq cooperative: its Context makes green sockets, and what polls or passes on lets others run."""

from __future__ import annotations

from eventlet.green import _zmq as green

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["make_zmq_green"]

_NAMES = ("Context", "Poller", "Socket", "device", "proxy", "proxy_steerable", "select", "zmq_poll")


def make_zmq_green(zmq: Any) -> None:
    """Put what eventlet.green.zmq has into the module `zmq`, and those of its parts that have them. Never switches.

    Sockets that were made before stay as they are.
    """
    parts = (zmq, zmq.sugar, zmq.sugar.context, zmq.sugar.poll, zmq.sugar.socket)
    for name in _NAMES:
        standard = getattr(zmq, name)
        for part in parts:
            # Its own class statement aside: the green one is a subclass of that.
            if vars(part).get(name) is standard and standard.__module__ != part.__name__:
                setattr(part, name, getattr(green, name))
