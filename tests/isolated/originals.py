"""Originals are unpatched, stable, private, and made over one another; whenever they are asked for.

arguments: | before
"""

import sys

import _check

before = "before" in sys.argv
import eventlet
from eventlet import patcher

NAMES = ("os", "select", "socket", "time", "_thread", "threading", "queue", "selectors", "ssl", "subprocess", "logging")
if before:
    early = {name: patcher.original(name) for name in NAMES}
eventlet.monkey_patch()
modules = dict(sys.modules)
originals = {name: patcher.original(name) for name in NAMES}
if before:
    assert all(originals[name] is early[name] for name in NAMES)
for name in NAMES:
    __import__(name)
    assert patcher.original(name) is originals[name]
    assert originals[name] is not sys.modules[name], name
    assert originals[name].__name__ == name
assert all(sys.modules[name] is module for name, module in modules.items())
assert originals["queue"].threading is originals["threading"]
assert originals["ssl"].socket is originals["socket"].socket
assert originals["selectors"].select is originals["select"]
assert originals["logging"].threading is originals["threading"]

import socket
import threading
import time

assert originals["socket"].socket is not socket.socket
assert originals["time"].sleep is not time.sleep
assert socket.AF_INET is socket.AddressFamily.AF_INET

# An original thread is an OS thread, with original locks.
main = originals["threading"].main_thread()
assert main.ident == threading.main_thread().ident
assert originals["threading"].current_thread() is main
ids = []
work = originals["queue"].Queue()
thread = originals["threading"].Thread(target=lambda: ids.append((threading.get_native_id(), work.get(timeout=30))))
thread.start()
work.put("item")
thread.join()
assert ids[0][0] != threading.get_native_id() and ids[0][1] == "item"
with patcher.original("concurrent.futures").ThreadPoolExecutor(1) as executor:
    assert executor.submit(threading.get_native_id).result() != threading.get_native_id()
_check.raises(ImportError, patcher.original, "no_such_module")
