"""What monkey_patch changes can be put back.

arguments: | imported-before
"""

import os
import sys

import _check

EARLY = ("_thread", "functools", "os", "reprlib", "select", "selectors", "socket", "threading", "time")
LATE = ("_multiprocessing", "builtins", "queue", "ssl", "subprocess", "tempfile")
LATE += ("multiprocessing.connection", "multiprocessing.resource_sharer", "multiprocessing.util")
LATE += ("multiprocessing.popen_forkserver", "multiprocessing.popen_spawn_posix")
_check.import_all(*EARLY)
if "imported-before" in sys.argv:
    _check.import_all(*LATE)

import threading
import time

import eventlet
from eventlet import patcher


def namespaces():
    """The attributes of the modules that patching knows, and of their classes."""
    found = {}
    for name in EARLY + LATE:
        module = sys.modules.get(name)
        if module is not None:
            found[name] = dict(vars(module))
            for key, value in list(vars(module).items()):
                if isinstance(value, type) and value.__module__ == name:
                    found[f"{name}.{key}"] = dict(vars(value))
    return found


def watch():
    """Return a function that returns what has changed since, but for locks: they stay green."""
    before = namespaces()

    def differences():
        after = namespaces()
        return sorted(
            f"{name}.{key}"
            for name in before
            for key in {*before[name], *after.get(name, {})}
            if before[name].get(key) is not after.get(name, {}).get(key)
            and type(before[name].get(key)) not in LOCKS
            and key != "__warningregistry__"
        )

    return differences


LOCKS = (type(threading.Lock()), type(threading.RLock()))
for names in (["sockets"], ["psycopg"], ["auto"], ["MySQLdb"], ["time", "all"], [None]):
    _check.raises(ValueError, patcher.unpatch, *names)
patcher.unpatch()  # nothing to undo
patcher.unpatch("time")
differences = watch()
supports = set(os.supports_dir_fd)
unstarted = threading.Thread(target=time.sleep, args=(0,))
sleep = time.sleep

# One argument after another.
eventlet.monkey_patch(time=True, select=True)
patcher.unpatch("select")
assert set(patcher.already_patched) == {"time"} and not patcher.is_monkey_patched("selectors")
assert time.sleep is not sleep
_check.raises(ValueError, patcher.unpatch, "time", "nothing")
assert time.sleep is not sleep, "all or nothing"
patcher.unpatch("time")
assert not patcher.already_patched and differences() == []

# All, twice, with what is imported meanwhile and what somebody else has changed meanwhile.
for _ in range(2):
    eventlet.monkey_patch(all=True, builtins=True)
    assert differences() != []
    _check.import_all(*LATE)
    threads = [threading.Thread(target=time.sleep, args=(0.001,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    _check.raises(RuntimeError, patcher.unpatch)
    assert patcher.is_monkey_patched("time"), "nothing has changed"
    for thread in threads:
        thread.join()
    gmtime, time.gmtime = time.gmtime, "mine"
    time.sleep = "mine"
    patcher.unpatch()
    assert (time.gmtime, time.sleep) == ("mine", "mine"), "others' changes are theirs"
    time.gmtime, time.sleep = gmtime, sleep
    assert not patcher.already_patched and not patcher.is_monkey_patched("socket")
    assert differences() == []
    assert set(os.supports_dir_fd) == supports
import _thread
import queue
import ssl
import subprocess
import tempfile

from eventlet._patching.table import PATCHES

for patch in PATCHES:  # also those that were imported meanwhile
    green = sys.modules[patch.green]
    for name in green.__patched__:
        assert getattr(sys.modules[patch.module], name) is not getattr(green, name), (patch.module, name)
assert ssl.SSLContext.sslsocket_class is ssl.SSLSocket and tempfile._allocate_lock is _thread.allocate_lock

# Threads are OS threads again, also those that were made before or meanwhile, and processes and queues work.
idents = []
unstarted.start()
unstarted.join()
thread = threading.Thread(target=lambda: idents.append(threading.get_native_id()))
thread.start()
thread.join()
assert idents != [threading.get_native_id()]
assert threading.current_thread() is threading.main_thread()
import multiprocessing.connection

assert subprocess.run([sys.executable, "-c", "print(5)"], capture_output=True, check=True).stdout.split() == [b"5"]
left, right = multiprocessing.connection.Pipe()
left.send("text")
assert right.recv() == "text"
left.close()
right.close()
items = queue.Queue()
thread = threading.Thread(target=items.put, args=(1,))
thread.start()
assert items.get(timeout=30) == 1
thread.join()
assert eventlet.spawn(lambda: (eventlet.sleep(0), 5)[1]).wait() == 5

# The same for a while.
made = []
with patcher.patched(time=True):
    assert time.sleep is not sleep
    with patcher.patched(time=True, thread=True):
        made.append(threading.Thread(target=time.sleep, args=(0,)))
    assert time.sleep is not sleep and not patcher.is_monkey_patched("thread")
assert time.sleep is sleep
made[0].start()
made[0].join()


def fail():
    with patcher.patched():
        assert patcher.is_monkey_patched("thread")
        raise ZeroDivisionError


_check.raises(ZeroDivisionError, fail)
assert not patcher.already_patched
_check.raises(ValueError, patcher.patched(auto=True).__enter__)
_check.raises(TypeError, patcher.patched(sockets=True).__enter__)
assert not patcher.already_patched and differences() == []
