"""Configuration of gunicorn for tests. Its worker imports modules of eventlet for names that they may not have: where
such a module does not exist yet, an empty one takes its place.
"""

import importlib.util
import sys
import types

import eventlet

worker_class = "eventlet"
workers = 1
worker_connections = 100
graceful_timeout = 45
loglevel = "debug"
control_socket_disable = True  # it would be in the user's home


class WebSocketWSGI:
    """What python-engineio derives from; clients that poll never make one."""


for name, attributes in {"wsgi": {}, "websocket": {"WebSocketWSGI": WebSocketWSGI}}.items():
    if importlib.util.find_spec(f"eventlet.{name}") is None:
        module = sys.modules[f"eventlet.{name}"] = types.ModuleType(f"eventlet.{name}")
        vars(module).update(attributes)
        setattr(eventlet, name, module)
