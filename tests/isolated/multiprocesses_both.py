"""The standard multiprocessing and the green one in an unpatched program: what there is once, they share.

arguments: fork | spawn | forkserver
"""

import gc
import multiprocessing as standard
import multiprocessing.managers
import multiprocessing.pool
import multiprocessing.queues
import pickle
import sys

from _check import raises

gc.disable()  # see multiprocesses.py

import eventlet
from eventlet.green import multiprocessing as green
from eventlet.green import socket
from eventlet.green.multiprocessing import forkserver, heap, managers, pool, queues, resource_tracker, shared_memory
from eventlet.green.multiprocessing import spawn as green_spawn
from eventlet.green.multiprocessing.reduction import ForkingPickler

METHOD = sys.argv[1]


class Special:
    def __init__(self, word):
        self.word = word


def rebuild(word):
    return Special(word.upper())


standard.reduction.register(Special, lambda special: (rebuild, (special.word,)))


def inside(name, special, locks, results):
    """Run in a process of either package, with objects of both."""
    assert standard.current_process() is green.current_process()
    assert standard.current_process().name == name
    assert standard.parent_process().pid == green.parent_process().pid
    assert green.parent_process() is green.parent_process()
    assert standard.get_start_method() == green.get_start_method() == METHOD
    for lock in locks:
        with lock:
            pass
    for result in results:
        result.put((name, special and special.word))


def sends(connection):
    connection.send(1)


def main():
    # What is not the green package's own.
    assert resource_tracker is standard.resource_tracker and shared_memory is standard.shared_memory
    assert heap is standard.heap and green_spawn is standard.spawn
    assert pool is not standard.pool and queues is not standard.queues and queues.Queue is not standard.queues.Queue
    for name in ("AuthenticationError", "BufferTooShort", "ProcessError", "TimeoutError"):
        assert getattr(green, name) is getattr(green.context, name) is getattr(standard, name)
    assert pool.MaybeEncodingError is standard.pool.MaybeEncodingError
    assert managers.RemoteError is standard.managers.RemoteError
    assert forkserver._forkserver.__dict__ is standard.forkserver._forkserver.__dict__
    for value in (green.Process, green.get_context("spawn").Process, pool.worker, queues.Queue, managers.ListProxy):
        assert value.__module__.startswith("eventlet.green.multiprocessing.")
        assert pickle.loads(pickle.dumps(value)) is value

    # The start method, whoever sets it.
    assert standard.get_start_method(allow_none=True) is green.get_start_method(allow_none=True) is None
    default = green.get_start_method()
    assert standard.get_start_method(allow_none=True) == default == standard.get_all_start_methods()[0]
    raises(RuntimeError, standard.set_start_method, METHOD)
    green.set_start_method(None, force=True)
    assert standard.get_start_method(allow_none=True) is None
    standard.set_start_method(METHOD)
    assert green.get_start_method() == METHOD
    assert type(green.get_context()).__module__ == "eventlet.green.multiprocessing.context"

    # Processes of both, with objects of both. Children are known to both.
    packages = {"a green one": green, "a standard one": standard}
    locks = [package.Lock() for package in packages.values()]
    results = [package.SimpleQueue() for package in packages.values()]
    for name, package in packages.items():
        process = package.Process(target=inside, name=name, args=(name, Special("word"), locks, results))
        process.start()
        assert process in standard.active_children() and process in green.active_children()
        word = "word" if METHOD == "fork" else "WORD"
        assert [result.get() for result in results] == [(name, word)] * 2
        process.join()
        assert process.exitcode == 0 and process not in standard.active_children()

    # What is sent to a process by a green queue is pickled as others have registered it; sockets are green there, too.
    queue = green.SimpleQueue()
    queue.put(Special("word"))
    assert queue.get().word == "WORD"
    one, other = socket.socketpair()
    with one, other, pickle.loads(ForkingPickler.dumps(one)) as received:
        assert type(received) is socket.socket

    # A green connection in a standard process.
    for duplex in (False, True):
        here, there = green.Pipe(duplex)
        process = standard.Process(target=sends, args=(there,))
        process.start()
        assert here.recv() == 1
        process.join()


if __name__ == "__main__":
    if METHOD in standard.get_all_start_methods():
        main()
