"""multiprocessing.spawn itself: how processes begin, before there is anybody to wait for."""

from eventlet._patching.modules import become

become(__name__, "multiprocessing.spawn")
