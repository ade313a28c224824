"""pyzmq, for green threads: sending, receiving and polling switch until they can be done.

Several green threads of one OS thread may use a socket at once: say one that receives and one that sends. The parts
of a message stay together. What is not defined here is pyzmq's own.
"""

from __future__ import annotations

try:
    import zmq as _zmq
except ModuleNotFoundError as error:
    if error.name != "zmq":
        raise
    raise ModuleNotFoundError(
        "eventlet.green.zmq needs pyzmq: pip install 'eventlet[zmq]'", name="zmq", path=error.path
    ) from None

from eventlet.green._lookalike import look_like
from eventlet.green._zmq import Context as Context
from eventlet.green._zmq import Poller as Poller
from eventlet.green._zmq import Socket as Socket
from eventlet.green._zmq import device as device
from eventlet.green._zmq import proxy as proxy
from eventlet.green._zmq import proxy_steerable as proxy_steerable
from eventlet.green._zmq import select as select
from eventlet.green._zmq import zmq_poll as zmq_poll

__patched__ = ["Context", "Poller", "Socket", "device", "proxy", "proxy_steerable", "select", "zmq_poll"]
__getattr__, __dir__ = look_like(globals(), _zmq)
