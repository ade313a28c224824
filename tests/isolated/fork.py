"""A patched program forks, in the main and in a green thread, while others hold locks and run."""

import os
import threading

import _check

import eventlet

eventlet.monkey_patch()
import logging
import time

logging.basicConfig(stream=__import__("io").StringIO(), level=logging.INFO)


def busy():
    while not stop:
        with logging.getLogger().handlers[0].lock:
            time.sleep(0.001)


def child():
    """Check that threads and locks work in the child, where nobody else runs."""
    status = 1
    try:
        assert threading.current_thread() is threading.main_thread()
        assert threading.active_count() == 1, threading.enumerate()
        logging.info("from the child")
        thread = threading.Thread(target=time.sleep, args=(0.001,))
        thread.start()
        thread.join()
        status = 0
    finally:
        os._exit(status)


def fork():
    pid = os.fork()
    if not pid:
        child()
    assert os.waitpid(pid, 0) == (pid, 0)
    results.append(pid)


stop, results = False, []
threads = [threading.Thread(target=busy) for _ in range(3)]
for thread in threads:
    thread.start()
fork()
in_thread = threading.Thread(target=fork)
in_thread.start()
in_thread.join()
stop = True
for thread in threads:
    thread.join()
assert len(results) == 2
