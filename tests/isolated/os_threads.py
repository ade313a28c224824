"""Patched locks, events and logging work between green threads and OS threads."""

import io
import logging
import threading

import _check

import eventlet

eventlet.monkey_patch()
os_threading = eventlet.patcher.original("threading")
stream = io.StringIO()
logging.basicConfig(stream=stream, level=logging.INFO, format="%(threadName)s: %(message)s")
lock, event = threading.Lock(), threading.Event()
got = []


def in_os_thread():
    got.append(lock.acquire(timeout=30))
    lock.release()
    got.append(event.wait(30))
    for number in range(100):
        logging.info("from an OS thread %d", number)
    got.append(threading.current_thread().name)


def in_green_thread():
    for number in range(100):
        logging.info("from a green thread %d", number)
        eventlet.sleep(0)


lock.acquire()
threads = [os_threading.Thread(target=in_os_thread) for _ in range(3)]
for thread in threads:
    thread.start()
eventlet.sleep(0.05)
assert got == []
lock.release()
greens = [eventlet.spawn(in_green_thread) for _ in range(3)]
event.set()
for green in greens:
    green.wait()
for thread in threads:
    thread.join(30)
    assert not thread.is_alive()
assert got.count(True) == 6 and len(got) == 9, got
assert len(stream.getvalue().splitlines()) == 600
