"""The old name of queue: what is set here is set there."""

from eventlet._patching.modules import become

become(__name__, "eventlet.green.queue")
