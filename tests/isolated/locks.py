"""Locks that exist before patching are green afterwards; those that must stay are named."""

import logging
import multiprocessing.managers
import threading
import warnings

import _check

logging.basicConfig(level=logging.INFO, stream=__import__("io").StringIO())
handler = logging.getLogger().handlers[0]
lock, rlock, held = threading.Lock(), threading.RLock(), threading.Lock()
same = lock
held.acquire()
event, condition = threading.Event(), threading.Condition()
semaphore = threading.Semaphore(0)
thread = threading.Thread(target=event.set)


class Holder:
    lock = threading.Lock()

    def __init__(self):
        self.own = threading.Lock()
        self.again = threading.RLock()
        self.condition = threading.Condition(self.own)
        self.queue = __import__("queue").Queue()
        self.several = {"a": threading.Lock(), "b": [threading.Lock()]}


class Slotted:
    __slots__ = ("lock",)

    def __init__(self):
        self.lock = threading.Lock()


class Careful:
    def __init__(self):
        lock = self.lock = threading.Lock()
        self.locked = lambda: lock.locked()

    @property
    def __dict__(self):
        raise AssertionError("nobody is to ask")


holder, slotted, careful = Holder(), Slotted(), Careful()
nested = [{"holder": Holder()}]
fixed = (threading.Lock(),)


class Shared:
    def __init__(self):
        self.lock = threading.Lock()
        self.locks = iter([self.lock])  # which cannot be looked into


shared = Shared()
busy = threading.Condition()
with busy:
    busy._waiters.append(None)

import eventlet
from eventlet import patcher
from eventlet.green.thread import LockType, RLock

early = {lock.attribute: lock for lock in patcher.unpatched_locks() if lock.module == "__main__"}
assert set(early) >= {"lock", "rlock", "held", "Holder.lock", "holder.own", "slotted.lock"}, early
assert {name for name, lock in early.items() if lock.reason != "it has not been patched"} == {"held", "shared.lock"}
with open(__file__) as file:
    lines = file.read().splitlines()
for name, text in (
    ("lock", "lock, rlock, held ="),
    ("Holder.lock", "    lock = "),
    ("holder.own", "self.own = "),
    ("slotted.lock", "self.lock = "),
    ("fixed[0]", "fixed = "),
    ("holder.several['a']", "self.several ="),
):
    found = early[name]
    assert found.file == __file__ and text in lines[found.line - 1], found

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    eventlet.monkey_patch()
(warning,) = caught
assert warning.category is RuntimeWarning and warning.filename == __file__
left = {lock.attribute: lock.reason for lock in patcher.unpatched_locks() if lock.module == "__main__"}
assert set(left) == {"held", "fixed[0]", "shared.lock", "busy._lock"}, left
assert left["held"] == "somebody holds it" and left["shared.lock"] == "others hold references to it"
for name in left:
    assert f"__main__: {name} ({__file__}, line {early[name].line}): " in str(warning.message), warning.message
assert {lock.module for lock in patcher.unpatched_locks()} == {"__main__"}, patcher.unpatched_locks()
with warnings.catch_warnings():
    warnings.simplefilter("error")
    eventlet.monkey_patch()  # says it once

assert type(holder.own) is LockType and type(holder.again) is RLock and type(slotted.lock) is LockType
assert holder.condition._lock is holder.own and holder.queue.mutex is holder.queue.not_empty._lock
assert type(holder.several["a"]) is LockType and type(holder.several["b"][0]) is LockType
assert type(nested[0]["holder"].own) is LockType
mutex = multiprocessing.managers.BaseProxy._mutex  # which keeps its lock's methods, too
assert type(mutex._lock) is LockType and mutex.acquire.__self__ is mutex.release.__self__ is mutex._lock
with shared.lock:
    assert next(shared.locks).locked()  # still the lock that its owner means
assert type(lock) is LockType and same is lock and type(rlock) is RLock
assert type(Holder.lock) is LockType
assert type(held) is not LockType and held.locked()
assert type(logging._lock) is RLock and type(handler.lock) is RLock
assert type(threading._active_limbo_lock) is RLock
assert type(event._cond._lock) is LockType and type(condition._lock) is RLock

# and they work
with lock:
    assert not eventlet.spawn(lock.acquire, blocking=False).wait()
with rlock:
    assert not eventlet.spawn(rlock.acquire, blocking=False).wait()
thread.start()  # made before, started after
assert event.wait(30)
thread.join()
eventlet.spawn_after(0.001, semaphore.release)
assert semaphore.acquire(timeout=30)


def notify():
    with condition:
        condition.notify_all()


with condition:
    eventlet.spawn_after(0.001, notify)
    assert condition.wait(30)

# A green thread that logs while another holds the handler waits for it, cooperatively.
handler.acquire()
logging_thread = eventlet.spawn(logging.info, "text")
eventlet.sleep(0.001)
assert not logging_thread.dead
handler.release()
logging_thread.wait()
