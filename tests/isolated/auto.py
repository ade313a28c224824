"""monkey_patch(auto=True) makes third-party modules cooperative as they are imported.

arguments: | imported-before
"""

import os
import sys
import tempfile

from _check import raises

directory = tempfile.mkdtemp()
sys.path.insert(0, directory)


def write(name, source):
    path = os.path.join(directory, *name.split("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(source)


write("fake_client/__init__.py", "from fake_client.wire import wait\n")
write("fake_client/wire.py", "def wait():\n    return 'blocking'\n")
write("broken.py", "")
write("unused.py", "raise AssertionError('nobody imports this')")
write("psycopg2/__init__.py", "class OperationalError(Exception): pass\n")
write(
    "psycopg2/extensions.py",
    "POLL_OK, POLL_READ, POLL_WRITE = range(3)\ncallbacks = []\nset_wait_callback = callbacks.append\n",
)

import eventlet
from eventlet import patcher

calls = []


def make_green(module):
    calls.append(module.__name__)
    module.wait = lambda: "green"


def fail(module):
    raise ValueError("too old")


if "imported-before" in sys.argv:
    import fake_client.wire
patcher.register_auto("fake_client.wire", make_green)
patcher.register_auto("fake_client.wire", make_green)
patcher.register_auto("unused", fail)
assert calls == []
eventlet.monkey_patch()
if "imported-before" not in sys.argv:
    import importlib

    fresh = importlib.import_module("fake_client.wire")
    assert fresh.wait() == "blocking" and calls == [], "only `auto` turns it on"
    for name in ("fake_client", "fake_client.wire"):
        del sys.modules[name]
eventlet.monkey_patch(auto=True)
assert set(patcher.already_patched) >= {"socket", "thread", "time"}
import fake_client.wire

assert fake_client.wire.wait() == "green" and calls == ["fake_client.wire"]
assert type(fake_client.wire.__loader__).__module__.startswith(("importlib", "_frozen_importlib"))
assert fake_client.wire.__spec__.loader is fake_client.wire.__loader__
import fake_client.wire

eventlet.monkey_patch(auto=True)
assert calls == ["fake_client.wire"]

# registered afterwards: for a module that is imported, at once
patcher.register_auto("fake_client", lambda module: calls.append("late"))
assert calls[-1] == "late"
patcher.register_auto("broken", fail)
raises(ValueError, __import__, "broken")
assert "broken" not in sys.modules
raises(ImportError, __import__, "does_not_exist")

# psycopg2, the first entry of the table; a stand-in for it here
import psycopg2
import psycopg2.extensions as extensions

assert len(extensions.callbacks) == 1 and patcher.is_monkey_patched("psycopg")
import socket

left, right = socket.socketpair()


class Connection:
    states = [extensions.POLL_WRITE, extensions.POLL_READ, extensions.POLL_READ, extensions.POLL_OK]

    def poll(self):
        state = self.states.pop(0)
        if len(self.states) == 1:
            assert right.recv(1) == b"x"
        return state

    def fileno(self):
        return right.fileno()


eventlet.spawn_after(0.001, left.send, b"xy")
extensions.callbacks[0](Connection())
Connection.states = [99]
raises(psycopg2.OperationalError, extensions.callbacks[0], Connection())
left.close()
right.close()
