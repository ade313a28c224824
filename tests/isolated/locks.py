"""Locks that exist before patching are green afterwards; those that somebody holds stay."""

import logging
import threading

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


import eventlet
from eventlet.green.thread import LockType, RLock

eventlet.monkey_patch()
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
