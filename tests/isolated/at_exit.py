"""At its end a patched program waits for its threads but not for daemons, and runs what is left to do.

arguments: | futures | system-exit | exception-in-main-is-fine
"""

import atexit
import os
import sys
import threading

import _check

import eventlet

eventlet.monkey_patch()
import time
from concurrent.futures import ThreadPoolExecutor

done = []


def last():
    expected = ["thread", "future"] if "futures" in sys.argv else ["thread"]
    if sorted(done) != sorted(expected):
        sys.stderr.write(f"{done}\n")
        os._exit(3)
    time.sleep(0.001)  # still works
    os._exit(0) if "system-exit" in sys.argv else None


atexit.register(last)
threading.Thread(target=lambda: (time.sleep(0.05), done.append("thread"))).start()
threading.Thread(target=threading.Event().wait, daemon=True).start()
eventlet.spawn(eventlet.sleep, 3600)
if "futures" in sys.argv:
    ThreadPoolExecutor(2).submit(lambda: (time.sleep(0.02), done.append("future")))
if "system-exit" in sys.argv:
    sys.exit(5)
