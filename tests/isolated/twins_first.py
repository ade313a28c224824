"""Patched, a green twin may be imported before its standard module: that one is patched then, and `unpatch` undoes it.

arguments: ssl | subprocess | _multiprocessing | http.client | urllib.request | asyncio
"""

import importlib
import sys

import eventlet
from eventlet import patcher

for name in [name for name in sys.modules if name.partition(".")[0] in ("ssl", "subprocess")]:
    del sys.modules[name]  # how eventlet was installed may have imported it
events = []
patcher.subscribe(events.append)
eventlet.monkey_patch()
importlib.import_module(f"eventlet.green.{sys.argv[1]}")

import ssl
import subprocess

from eventlet.green import ssl as green_ssl
from eventlet.green import subprocess as green_subprocess


def are_green():
    found = {ssl.SSLContext.sslsocket_class is green_ssl.GreenSSLSocket, subprocess.io is green_subprocess.io}
    assert len(found) == 1
    return found.pop()


assert are_green()
assert [event.kind for event in events if event.module == "ssl" and not event.attribute] == ["will_patch", "did_patch"]
patcher.unpatch()
assert not are_green()
eventlet.monkey_patch()
assert are_green()
