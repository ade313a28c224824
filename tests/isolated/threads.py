"""Patched, threads are green: all in one OS thread, waiting for each other in every way that threading has.

arguments: | late | in-green-thread
"""

import sys

from _check import Rendezvous, import_all, raises

if "late" in sys.argv:
    import_all("threading", "queue", "concurrent.futures.thread", "logging", "socketserver")

import eventlet

if "in-green-thread" in sys.argv:
    eventlet.spawn(eventlet.monkey_patch).wait()
else:
    eventlet.monkey_patch()

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

main = threading.current_thread()
assert main is threading.main_thread() and main.name == "MainThread"
assert threading.get_ident() == main.ident

# Threads run, interleaved, in this OS thread.
native_ids, names, idents = set(), [], set()
meeting = Rendezvous(20, time.sleep)


def work(number):
    meeting.arrive()
    native_ids.add(threading.get_native_id())
    current = threading.current_thread()
    assert current.ident == threading.get_ident() and current.is_alive()
    names.append(current.name)
    idents.add(current.ident)


threads = [threading.Thread(target=work, args=(number,), name=f"worker {number}") for number in range(20)]
for thread in threads[:-1]:
    thread.start()
assert threading.active_count() == 20  # with the main one: these cannot end before the last one arrives
threads[-1].start()
for thread in threads:
    thread.join()
assert native_ids == {threading.get_native_id()}
assert sorted(names) == sorted(thread.name for thread in threads)
assert len(idents) == 20
assert threading.enumerate() == [main]
assert not any(thread.is_alive() for thread in threads)

# join with a timeout
gate = threading.Event()
thread = threading.Thread(target=gate.wait)
thread.start()
thread.join(0.01)
assert thread.is_alive()
gate.set()
thread.join()
raises(RuntimeError, thread.start)
raises(RuntimeError, main.join)

# Barrier, Condition, Semaphore, Timer
barrier = threading.Barrier(5)
threads = [threading.Thread(target=barrier.wait) for _ in range(4)]
for thread in threads:
    thread.start()
barrier.wait()
for thread in threads:
    thread.join()

condition, items = threading.Condition(), []


def consume():
    with condition:
        assert condition.wait_for(lambda: items, timeout=20)
        items.pop()


threads = [threading.Thread(target=consume) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(3):
    with condition:
        items.append(None)
        condition.notify()
for thread in threads:
    thread.join()
with condition:
    assert not condition.wait(0.001)

semaphore = threading.BoundedSemaphore(2)
assert semaphore.acquire() and semaphore.acquire() and not semaphore.acquire(blocking=False)
threading.Timer(0.001, semaphore.release).start()
assert semaphore.acquire(timeout=20)
semaphore.release()
semaphore.release()
raises(ValueError, semaphore.release)

# Locks
lock = threading.Lock()
assert lock.acquire() and not lock.acquire(False) and not lock.acquire(timeout=0.001) and lock.locked()
raises(ValueError, lock.acquire, False, 1)
raises(ValueError, lock.acquire, True, -2)
raises(OverflowError, lock.acquire, True, threading.TIMEOUT_MAX * 2)
threading.Timer(0.001, lock.release).start()
with lock:
    pass
raises(RuntimeError, lock.release)

rlock = threading.RLock()
with rlock, rlock:
    assert rlock._is_owned()
    got = []
    thread = threading.Thread(target=lambda: got.append(rlock.acquire(blocking=False)))
    thread.start()
    thread.join()
    assert got == [False]
raises(RuntimeError, rlock.release)

# thread-local data: threads, green threads, main
local = threading.local()
local.value = "main"
seen = []


def look():
    seen.append(getattr(local, "value", None))
    local.value = "other"
    time.sleep(0)
    seen.append(local.value)


thread = threading.Thread(target=look)
thread.start()
thread.join()
eventlet.spawn(look).wait()
assert seen == [None, "other"] * 2 and local.value == "main"

# queues
for kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue):
    channel = kind()
    threading.Timer(0.001, channel.put, ("item",)).start()
    assert channel.get(timeout=20) == "item"
    raises(queue.Empty, channel.get, timeout=0.001)
    raises(queue.Empty, channel.get_nowait)
    assert channel.empty() and channel.qsize() == 0
bounded = queue.Queue(1)
bounded.put(1)
raises(queue.Full, bounded.put, 2, timeout=0.001)
threading.Timer(0.001, bounded.get).start()
bounded.put(2, timeout=20)
bounded.get()
bounded.task_done()
bounded.task_done()
bounded.join()

# futures
meeting = Rendezvous(10, time.sleep)
with ThreadPoolExecutor(10) as executor:
    futures = [executor.submit(meeting.arrive) for _ in range(10)]
    for future in futures:
        future.result(timeout=20)
    assert list(executor.map(str, range(30))) == list(map(str, range(30)))

# A green thread that threading has not started.
names = []


def green():
    names.append(threading.current_thread().name)
    assert threading.current_thread() is threading.current_thread()
    assert isinstance(threading.current_thread(), threading.Thread)
    assert threading.current_thread() in threading.enumerate()


for _ in range(3):
    eventlet.spawn(green).wait()
assert all(name.startswith("GreenThread-") for name in names), names
for _ in range(5):
    time.sleep(0.001)
assert len(threading.enumerate()) <= 2, threading.enumerate()

# What a thread raises is reported to threading.excepthook; SystemExit ends just the thread.
caught = []
threading.excepthook = lambda args: caught.append(args.exc_type)
for error in (KeyError, SystemExit):

    def fail(error=error):
        raise error

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
assert caught[0] is KeyError, caught
