"""What is finalised when the interpreter ends may take locks, as logging's handlers do, and ask for its thread."""

import _check

import eventlet

eventlet.monkey_patch()
import logging
import threading


class Node:
    """Part of a cycle: so it goes at the very end."""

    def __init__(self, value=None):
        self.itself = self
        self.value = value


expected = (threading.get_ident(), threading.main_thread())


class Finalised:
    locks = (threading.Lock(), threading.RLock(), threading.Condition())

    def __del__(self, expected=expected):
        for lock in self.locks:
            with lock:
                pass
        assert (threading.get_ident(), threading.current_thread()) == expected
        assert not threading.Event().wait(0)


nodes = Node(logging.StreamHandler()), Node(Finalised())
eventlet.sleep(0)
