"""Subscribers are told of each change, before and after it, and can prevent it."""

import os
import sys
import tempfile

from _check import raises

directory = tempfile.mkdtemp()
sys.path.insert(0, directory)
for name in ("late", "refused"):
    with open(os.path.join(directory, f"{name}_client.py"), "w") as file:
        file.write("")

import _thread
import socket
import time

import eventlet
from eventlet import patcher

raises(TypeError, patcher.subscribe, None)
raises(TypeError, patcher.subscribe, "print")
raises(ValueError, patcher.unsubscribe, print)
events = []
sleep, gmtime, write = time.sleep, time.gmtime, os.write


def current(event):
    return getattr(sys.modules[event.module], event.attribute)


@patcher.subscribe
def remember(event):
    assert isinstance(event, patcher.PatchEvent)
    if event.attribute is not None:
        assert current(event) is (event.original if event.kind == "will_patch" else event.replacement), event
    events.append(event)


assert patcher.subscribe(remember) is remember  # and is still called once
eventlet.monkey_patch(time=True)
told = [(kind, module, attribute) for kind, module, attribute, _, _ in events]
assert told[0] == ("will_patch", "time", None) and told[-1] == ("did_patch", "time", None), told
at = told.index(("will_patch", "time", "sleep"))
assert told[at + 1] == ("did_patch", "time", "sleep") and len(told) == len(set(told))
assert (events[at].original, events[at].replacement) == (sleep, time.sleep) and time.sleep is not sleep
assert time.gmtime is gmtime
del events[:]
eventlet.monkey_patch(time=True)
assert events == []

# A veto on an attribute, and on a module.


@patcher.subscribe
def refuse(event):
    if event[:3] in {("will_patch", "os", "write"), ("will_patch", "refused_client", None)} or event[:2] == (
        "will_patch",
        "subprocess",
    ):
        raise patcher.DoNotPatch


@patcher.subscribe
def after_refusal(event):
    assert event[:3] != ("will_patch", "os", "write"), "it was decided already"


if "asyncio" in sys.modules:  # as it is on that hub
    import subprocess
before = dict(vars(sys.modules["subprocess"])) if "subprocess" in sys.modules else None
eventlet.monkey_patch(os=True, subprocess=True)
import subprocess

assert os.write is write and os.read is not patcher.original("os").read
told = [event[:3] for event in events]
assert ("will_patch", "os", "write") in told and ("did_patch", "os", "write") not in told
assert ("did_patch", "os", "read") in told and ("did_patch", "os", None) in told
assert ("will_patch", "subprocess", None) in told and ("did_patch", "subprocess", None) not in told
assert patcher.is_monkey_patched("os") and not patcher.is_monkey_patched(subprocess)
if before is not None:
    assert dict(vars(subprocess)) == before

# What is patched when it is imported.
patcher.register_auto("late_client", lambda module: setattr(module, "green", True))
patcher.register_auto("refused_client", lambda module: setattr(module, "green", True))
eventlet.monkey_patch(all=False, auto=True)
del events[:]
import late_client
import refused_client

assert late_client.green and not hasattr(refused_client, "green")
assert [event[:3] for event in events if event.module.endswith("_client")] == [
    ("will_patch", "late_client", None),
    ("did_patch", "late_client", None),
    ("will_patch", "refused_client", None),
]

# An error is the caller's; another call does the rest.
patcher.unsubscribe(refuse)
patcher.unsubscribe(after_refusal)
raises(ValueError, patcher.unsubscribe, refuse)
standard_socket = socket.socket


def fail(event):
    if event.attribute == "socket":
        raise ZeroDivisionError


patcher.subscribe(fail)
raises(ZeroDivisionError, eventlet.monkey_patch, socket=True)
assert socket.socket is standard_socket and not patcher.is_monkey_patched("socket")
patcher.unsubscribe(fail)
eventlet.monkey_patch(socket=True)
assert socket.socket is not standard_socket and patcher.is_monkey_patched("socket")

# Unsubscribed, within a call too.
del events[:]
patcher.unsubscribe(remember)


def once(event):
    events.append(event)
    patcher.unsubscribe(once)


patcher.subscribe(once)
lock = _thread.allocate_lock
eventlet.monkey_patch()
assert _thread.allocate_lock is not lock and len(events) == 1
