"""What the scripts here share. Imports nothing but `sys` and `faulthandler`: the order of imports is what they test."""

import faulthandler
import sys

faulthandler.dump_traceback_later(50, exit=True)  # a call that is not cooperative shows as a hang


class Rendezvous:
    """`arrive()` returns when `count` callers are in it: only if all of them wait at once.

    Uses nothing that patching changes but `sleep`, which is handed in.
    """

    def __init__(self, count, sleep):
        self.count = count
        self.sleep = sleep
        self.arrived = 0

    def arrive(self):
        self.arrived += 1
        while self.arrived < self.count:
            self.sleep(0.001)


def raises(kind, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        return error
    raise AssertionError(f"{function!r} did not raise {kind.__name__}")


def import_all(*names):
    for name in names:
        __import__(name)
    return [sys.modules[name] for name in names]
