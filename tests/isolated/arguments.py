"""Which arguments of monkey_patch patch what."""

import sys

from _check import raises

import eventlet
from eventlet import patcher

DEFAULT = {"os", "select", "socket", "subprocess", "thread", "time"}
error = raises(TypeError, eventlet.monkey_patch, sockets=True)
assert "sockets" in str(error) and "socket" in str(error)
assert not patcher.already_patched
eventlet.monkey_patch(MySQLdb=True)
assert not patcher.already_patched, "it will be when it is imported"
eventlet.monkey_patch(all=False, MySQLdb=False)
assert not patcher.already_patched
eventlet.monkey_patch(time=True, socket=False)
assert set(patcher.already_patched) == {"time"}
assert patcher.is_monkey_patched("time") and not patcher.is_monkey_patched("socket")
eventlet.monkey_patch(thread=False, select=False)
assert set(patcher.already_patched) == DEFAULT - {"thread", "select"}
import socket
import threading

assert patcher.is_monkey_patched(socket) and not patcher.is_monkey_patched(threading)
patched = {name: dict(vars(sys.modules[name])) for name in ("socket", "time", "os")}
eventlet.monkey_patch()
assert set(patcher.already_patched) == DEFAULT
assert all(patcher.already_patched.values())
assert patcher.is_monkey_patched(threading) and patcher.is_monkey_patched("queue")
for name in patched:  # again changes nothing
    assert {key: value for key, value in vars(sys.modules[name]).items() if patched[name].get(key) is not value} == {}
eventlet.monkey_patch(builtins=True)
assert "builtins" in patcher.already_patched
with open(__file__) as file:
    assert file.read()
assert not patcher.is_monkey_patched("no such module") and not patcher.is_monkey_patched(None)
assert patcher.is_monkey_patched("ssl")
if "asyncio" not in sys.modules:  # as it is on that hub
    assert "ssl" not in sys.modules, "patching does not import what nobody uses"
