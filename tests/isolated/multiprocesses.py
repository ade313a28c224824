"""multiprocessing and ProcessPoolExecutor: their processes, queues and locks, while other green threads run.

Patched, or the green twins of a program that is not; or both.

arguments: fork | spawn | forkserver | fork imported-before | fork twin | spawn twin | forkserver twin | fork both
"""

import gc
import os
import signal
import sys

from _check import raises

# A semaphore that is collected while the resource tracker is in use makes CPython warn on stderr.
gc.disable()

if "imported-before" in sys.argv:
    import multiprocessing.connection
    import multiprocessing.pool
    import multiprocessing.resource_sharer
    import multiprocessing.synchronize

import eventlet

if "twin" not in sys.argv:
    eventlet.monkey_patch()

if "twin" in sys.argv or "both" in sys.argv:
    from eventlet.green import multiprocessing, threading, time
    from eventlet.green.concurrent.futures import ProcessPoolExecutor
    from eventlet.green.multiprocessing import connection, dummy, shared_memory
else:
    import multiprocessing
    import threading
    import time
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import connection, dummy, shared_memory

BIG = b"x" * 1000000
gate = None  # in a pool's process: what holds it up


def square(number):
    return number * number


def fail(word):
    raise ValueError(word)


def put(queue, count):
    for number in range(count):
        queue.put(number)


def work_off(queue, done):
    while True:
        item = queue.get()
        with done.get_lock():
            done.value += item
        queue.task_done()


def echo(one):
    one.send(one.recv())


def echo_on_what_comes(one):
    echo(one.recv())


def wait_for(start, end):
    start.wait()
    end.set()


def hold(lock, has_it, leave):
    with lock:
        has_it.set()
        leave.wait()


def meet(barrier, condition, numbers):
    barrier.wait()
    with condition:
        numbers[0] += 1
        condition.notify()


def wait_for_parent():
    parent = multiprocessing.parent_process()
    soon(os._exit, 5 if parent.is_alive() else 1)
    parent.join()


def leave_a_thread(event):
    def end():
        time.sleep(0.01)
        event.set()

    assert threading.main_thread().native_id == threading.get_native_id()
    threading.Thread(target=end).start()


def look_for(name):
    memory = shared_memory.SharedMemory(name)
    memory.buf[0] = 7
    memory.close()


def set_gate(event):
    global gate
    gate = event


def pass_gate(number):
    gate.wait()
    return number


def soon(function, *args):
    """Call it in a green thread: in vain if what comes next does not let that run."""
    eventlet.spawn_after(0.01, function, *args)


class Processes:
    def __init__(self, context):
        self.context = context

    def start(self, function, *args, **options):
        process = self.context.Process(target=function, args=args, **options)
        process.start()
        return process

    def test_process(self):
        start, end = self.context.Event(), self.context.Event()
        process = self.start(wait_for, start, end)
        assert process in multiprocessing.active_children()
        assert not end.wait(0.01)
        process.join(0.001)
        assert process.is_alive() and process.exitcode is None
        soon(start.set)
        assert end.wait(30)
        assert connection.wait([process.sentinel], 30) == [process.sentinel]
        process.join()
        assert process.exitcode == 0 and not process.is_alive()
        # one that goes on for ever, and several who wait for it: the standard fork server's processes know only of one
        process = self.start(time.sleep, 3600, daemon=True)
        timeouts = (None, 30) if "twin" in sys.argv or sys.argv[1] != "forkserver" else (None,)
        joining = [eventlet.spawn(process.join, timeout) for timeout in timeouts]
        soon(process.terminate)
        for thread in joining:
            thread.wait()
        assert process.exitcode == -signal.SIGTERM
        process.close()

    def test_its_threads(self):
        if "twin" in sys.argv or sys.argv[1] == "fork":  # others are not patched: theirs are OS threads
            event = self.context.Event()
            process = self.start(leave_a_thread, event)
            process.join()
            assert process.exitcode == 0 and event.is_set()

    def test_parent(self):
        if "twin" in sys.argv or sys.argv[1] == "fork":  # others are not patched
            process = self.start(wait_for_parent)
            process.join()
            assert process.exitcode == 5

    def test_lock_of_another_process(self):
        lock, has_it, leave = self.context.RLock(), self.context.Event(), self.context.Event()
        process = self.start(hold, lock, has_it, leave)
        has_it.wait()
        assert not lock.acquire(timeout=0.01)
        soon(leave.set)
        assert lock.acquire()
        process.join()
        # it is a green thread's
        assert lock.acquire()
        assert eventlet.spawn(lock.acquire, False).wait() is False
        assert eventlet.spawn(raises, AssertionError, lock.release).wait()
        lock.release()
        lock.release()
        raises(AssertionError, lock.release)

    def test_meeting(self):
        barrier, condition = self.context.Barrier(2), self.context.Condition()
        numbers = self.context.Array("i", [0, 5], lock=condition)
        process = self.start(meet, barrier, condition, numbers)
        with condition:
            barrier.wait()
            assert condition.wait(30)
        process.join()
        assert numbers[:] == [1, 5]
        semaphore = self.context.BoundedSemaphore(1)
        assert semaphore.acquire() and not semaphore.acquire(timeout=0.001)
        soon(semaphore.release)
        assert semaphore.acquire()

    def test_queues_and_pipes(self):
        for queue in (self.context.Queue(), self.context.SimpleQueue()):
            process = self.start(put, queue, 100)
            assert [queue.get() for _ in range(100)] == list(range(100))
            process.join()
        queue, done = self.context.JoinableQueue(), self.context.Value("i", 0)
        self.start(work_off, queue, done, daemon=True)
        put(queue, 10)
        queue.join()
        assert done.value == 45
        here, there = self.context.Pipe()
        process = self.start(echo, there)
        here.send(BIG)
        assert here.recv() == BIG
        process.join()
        assert not here.poll(0.001)
        # full until somebody reads it
        reader, writer = self.context.Pipe(duplex=False)
        reading = eventlet.spawn_after(0.01, reader.recv)
        writer.send(BIG)
        assert reading.wait() == BIG
        # a big object to begin with, of which the new process reads as much as it pleases
        turns = []

        def count_turns():
            while True:
                turns.append(1)
                eventlet.sleep(0)

        counting = eventlet.spawn(count_turns)
        process = self.start(len, BIG)
        counting.kill()
        # Each start switches a few times; while one waits for the new process there are tens of thousands.
        assert len(turns) > 50 or sys.argv[1] == "fork"
        process.join()
        assert process.exitcode == 0

    def test_connections(self):
        with connection.Listener(authkey=b"key") as listener:

            def serve():
                raises(connection.AuthenticationError, listener.accept)
                with listener.accept() as server:
                    echo(server)

            serving = eventlet.spawn(serve)
            raises(connection.AuthenticationError, connection.Client, listener.address, authkey=b"other")
            with connection.Client(listener.address, authkey=b"key") as client:
                client.send("word")
                assert client.recv() == "word"
            serving.wait()
        # one sent over the other
        here, there = self.context.Pipe()
        process = self.start(echo_on_what_comes, there)
        mine, its = self.context.Pipe()
        here.send(its)
        mine.send("word")
        assert mine.recv() == "word"
        process.join()
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())

    def test_shared_memory(self):
        memory = shared_memory.SharedMemory(create=True, size=1)
        process = self.start(look_for, memory.name)
        process.join()
        assert memory.buf[0] == 7
        memory.close()
        memory.unlink()

    def test_pool(self):
        event = self.context.Event()
        with self.context.Pool(2, set_gate, (event,)) as pool:
            assert pool.map(square, range(50)) == [number * number for number in range(50)]
            assert list(pool.imap(square, range(5))) == [0, 1, 4, 9, 16]
            error = raises(ValueError, pool.apply, fail, ("why",))
            assert str(error) == "why" and "in fail" in str(error.__cause__)
            result = pool.apply_async(pass_gate, (3,))
            raises(multiprocessing.TimeoutError, result.get, 0.001)
            soon(event.set)
            assert result.get() == 3
        pool.join()
        pool = self.context.Pool(1, maxtasksperchild=1)
        assert len(set(pool.map(pid_after, range(2), chunksize=1))) == 2
        pool.close()
        pool.join()

    def test_executor(self):
        event = self.context.Event()
        with ProcessPoolExecutor(2, self.context, set_gate, (event,)) as executor:
            assert list(executor.map(square, range(20))) == [number * number for number in range(20)]
            error = raises(ValueError, executor.submit(fail, "why").result)
            assert str(error) == "why" and "in fail" in str(error.__cause__)
            future = executor.submit(pass_gate, 3)
            soon(event.set)
            assert future.result() == 3

    def test_dummy(self):
        together, os_threads = threading.Barrier(4), [threading.get_native_id()]

        def meet():
            together.wait()
            os_threads.append(threading.get_native_id())

        process = dummy.Process(target=meet)
        process.start()
        with dummy.Pool(3) as pool:
            pool.starmap(meet, [()] * 3, chunksize=1)
        process.join()
        assert os_threads == os_threads[:1] * 5
        here, there = dummy.Pipe()
        assert not here.poll(0.001)
        soon(there.send, "word")
        assert here.poll(30) and here.recv() == "word"

    def test_manager(self):
        with self.context.Manager() as manager:
            shared, event = manager.list([1]), manager.Event()
            shared.append(2)
            assert list(shared) == [1, 2]
            # a connection for each green thread
            waiting = [eventlet.spawn(event.wait) for _ in range(3)]
            soon(event.set)
            assert [thread.wait() for thread in waiting] == [True] * 3
            process = self.start(put_in_list, shared)
            process.join()
            assert list(shared) == [1, 2, 3]
            raises(IndexError, shared.pop, 5)


def pid_after(_number):
    return multiprocessing.current_process().pid


def put_in_list(shared):
    shared.append(3)


def main():
    processes = Processes(multiprocessing.get_context(sys.argv[1]))
    # What starts them may have to be started first.
    for starting in [eventlet.spawn(processes.start, int) for _ in range(2)]:
        starting.wait().join()
    for name in dir(Processes):
        if name.startswith("test_"):
            getattr(processes, name)()


if __name__ == "__main__":
    if sys.argv[1] in multiprocessing.get_all_start_methods():
        main()
