"""multiprocessing and ProcessPoolExecutor: their processes, queues and locks, while other green threads run.

arguments: fork | spawn | forkserver | fork imported-before
"""

import gc
import sys

from _check import raises

# A semaphore that is collected while the resource tracker is in use makes CPython warn on stderr.
gc.disable()

if "imported-before" in sys.argv:
    import multiprocessing.connection
    import multiprocessing.pool
    import multiprocessing.synchronize

import eventlet

eventlet.monkey_patch()

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

BIG = b"x" * 1000000


def square(number):
    return number * number


def fail(word):
    raise ValueError(word)


def put(queue, count):
    for number in range(count):
        queue.put(number)


def echo(connection):
    connection.send(connection.recv())


def wait_for(start, end):
    start.wait()
    end.set()


def hold(lock, has_it, leave):
    with lock:
        has_it.set()
        leave.wait()


def main():
    context = multiprocessing.get_context(sys.argv[1])
    turns = []

    def others():
        while True:
            turns.append(None)
            time.sleep(0.001)

    eventlet.spawn(others)

    # a process: waiting for its end
    start, end = context.Event(), context.Event()
    process = context.Process(target=wait_for, args=(start, end))
    process.start()
    assert not end.wait(0.01)
    eventlet.spawn_after(0.01, start.set)
    assert end.wait(30)
    process.join()
    assert process.exitcode == 0

    # a lock that another process holds: others run, and the timeout holds
    lock, has_it, leave = context.RLock(), context.Event(), context.Event()
    process = context.Process(target=hold, args=(lock, has_it, leave))
    process.start()
    has_it.wait()
    assert not lock.acquire(timeout=0.01)
    before = len(turns)
    eventlet.spawn_after(0.01, leave.set)
    assert lock.acquire() and len(turns) > before
    process.join()
    # it is a green thread's
    assert lock.acquire()
    assert eventlet.spawn(lock.acquire, False).wait() is False
    assert eventlet.spawn(raises, AssertionError, lock.release).wait()
    lock.release()
    lock.release()
    raises(AssertionError, lock.release)

    # queues and pipes
    for queue in (context.Queue(), context.SimpleQueue()):
        process = context.Process(target=put, args=(queue, 100))
        process.start()
        assert [queue.get() for _ in range(100)] == list(range(100))
        process.join()
    here, there = context.Pipe()
    process = context.Process(target=echo, args=(there,))
    process.start()
    here.send(BIG)
    assert here.recv() == BIG
    process.join()
    assert not here.poll(0.001)

    # pools
    with context.Pool(2) as pool:
        assert pool.map(square, range(50)) == [number * number for number in range(50)]
        assert pool.apply_async(square, (3,)).get(30) == 9
        assert str(raises(ValueError, pool.apply, fail, ("why",))) == "why"
    pool.join()
    pool = context.Pool(2)
    assert list(pool.imap(square, range(5))) == [0, 1, 4, 9, 16]
    pool.close()
    pool.join()
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        assert list(executor.map(square, range(20))) == [number * number for number in range(20)]
        assert str(raises(ValueError, executor.submit(fail, "why").result)) == "why"

    with context.Manager() as manager:
        shared = manager.list([1])
        shared.append(2)
        assert list(shared) == [1, 2]


if __name__ == "__main__":
    if sys.argv[1] in multiprocessing.get_all_start_methods():
        main()
