"""Objects of queue.SimpleQueue that exist before patching are made green, with what is in them, or named.

arguments: | os-threads
"""

import concurrent.futures
import queue
import sys
import threading
import time
import warnings

import _check

simple = queue.SimpleQueue()
alias = simple
simple.put("first")
simple.put("second")
executor = concurrent.futures.ThreadPoolExecutor(1)


class Worker:
    def __init__(self):
        self.tasks = queue.SimpleQueue()


worker = Worker()
if "os-threads" in sys.argv:
    # These stay as they are, and are named.
    served = queue.SimpleQueue()
    thread = threading.Thread(target=served.get)
    thread.start()
    busy = concurrent.futures.ThreadPoolExecutor(1)
    assert busy.submit(len, "text").result(30) == 4
else:
    put = simple.put

import eventlet
from eventlet import patcher
from eventlet.green.queue import SimpleQueue

early = {found.attribute: found for found in patcher.unpatched_locks() if found.module == "__main__"}
with open(__file__) as file:
    lines = file.read().splitlines()
for name, text in (("simple", "simple = "), ("worker.tasks", "self.tasks = ")):
    found = early[name]
    assert found.file == __file__ and text in lines[found.line - 1], found
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    eventlet.monkey_patch()
left = {found.attribute: found for found in patcher.unpatched_locks() if found.module == "__main__"}
assert set(left) & set(early) == early.keys() & {"served", "busy._work_queue"}, left
if "os-threads" in sys.argv:
    assert left["served"].reason == "OS threads run, which may wait for it", left
    assert left["busy._work_queue"].reason == "others hold references to it"
    for found in left.values():
        assert str(found) in str(caught[0].message), caught[0].message
else:
    assert not caught and put.__self__ is simple

assert type(simple) is SimpleQueue and alias is simple and type(worker.tasks) is SimpleQueue
assert (simple.get(), simple.get()) == ("first", "second")
eventlet.spawn_after(0.001, simple.put, "third")
assert simple.get(timeout=30) == "third"

# Green threads that take tasks from an executor's queue wait for them cooperatively.
rendezvous = _check.Rendezvous(2, time.sleep)
first = executor.submit(rendezvous.arrive)
rendezvous.arrive()
first.result(30)
executor.shutdown()

if "os-threads" in sys.argv:
    served.put(None)  # still the queue that the OS thread waits for
    busy.submit(len, "text").result(30)
    busy.shutdown()
