"""A program that uses multiprocessing ends by itself, whatever it leaves, and what it has put into queues arrives.

arguments: fork | spawn | forkserver | fork twin | spawn twin | forkserver twin | fork both
"""

import atexit
import gc
import os
import sys

import _check

gc.disable()  # see multiprocesses.py


def check():
    if not os.path.exists("read"):
        os.write(2, b"not all of it has arrived")


if __name__ == "__main__":
    atexit.register(check)  # before multiprocessing's own, and so called after it

import eventlet

if "twin" not in sys.argv:
    eventlet.monkey_patch()

if "twin" in sys.argv or "both" in sys.argv:
    from eventlet.green import multiprocessing, time
    from eventlet.green.concurrent.futures import ProcessPoolExecutor
else:
    import multiprocessing
    import time
    from concurrent.futures import ProcessPoolExecutor


def get(queue, started, path):
    started.release()
    while queue.get() != "last":
        pass
    with open(path, "w") as file:
        file.write("all")


def put(queue, started):
    """The last thing it does: the thread that feeds the queue still has most of it when this returns."""
    started.release()
    for _ in range(1000):
        queue.put(b"x" * 1000)
    queue.put("last")


def main():
    context = multiprocessing.get_context(sys.argv[1])
    eventlet.spawn(time.sleep, 3600)
    # A daemon, which is terminated, and a manager.
    context.Process(target=time.sleep, args=(3600,), daemon=True).start()
    manager = context.Manager()
    assert manager.list([1])[0] == 1
    # A pool and an executor that nobody closes.
    pool = context.Pool(1)
    assert pool.apply(int, ("5",)) == 5
    executor = ProcessPoolExecutor(1, context)
    assert executor.submit(int, "6").result() == 6
    sys.left = (manager, pool, executor)  # whose finalisers have nothing to say then
    # Processes that are waited for, once they have begun: at exit semaphores lose their names before that.
    queue, started = context.Queue(), context.Semaphore(0)
    context.Process(target=get, args=(queue, started, "read")).start()
    context.Process(target=put, args=(queue, started)).start()
    assert started.acquire() and started.acquire()


if __name__ == "__main__":
    if sys.argv[1] in multiprocessing.get_all_start_methods():
        main()
