"""Signal handlers that were set before patching may wait, as those may that are set afterwards. Both are called in the
main thread, as threading sees it.
"""

import os
import signal

import _check

handled, threads = [], []


def early(number, frame):
    wait()
    handled.append(number)
    threads.append(threading.current_thread())


def wait():
    time.sleep(0.001)


class Handler:
    def __call__(self, number, frame):
        early(number, frame)


other = Handler()
signal.signal(signal.SIGUSR1, early)
signal.signal(signal.SIGUSR2, other)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
interrupt = signal.getsignal(signal.SIGINT)
assert interrupt is signal.default_int_handler
standard_getsignal = signal.getsignal

import eventlet
from eventlet import patcher

eventlet.monkey_patch()
import threading
import time

assert signal.getsignal(signal.SIGUSR1) is early and signal.getsignal(signal.SIGUSR2) is other
assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
assert standard_getsignal(signal.SIGINT) is signal.default_int_handler
for number in (signal.SIGUSR1, signal.SIGUSR2):
    # It comes while everybody waits: in the hub.
    sender = patcher.original("threading").Timer(0.02, os.kill, (os.getpid(), number))
    sender.start()
    for _ in range(500):
        time.sleep(0.01)
        if number in handled:
            break
    assert handled.pop() == number and not handled
    assert threads.pop() is threading.main_thread() and not threads
    assert threading.active_count() == 1
    sender.join()
assert signal.signal(signal.SIGUSR1, signal.SIG_DFL) is early

patcher.unpatch("os")
assert standard_getsignal(signal.SIGUSR2) is other is signal.getsignal(signal.SIGUSR2)
