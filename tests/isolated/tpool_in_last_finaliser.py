"""tpool.execute in a finaliser at the very end of the interpreter is an ordinary call: the pool's threads have stopped.

arguments: | unused | patched
"""

import subprocess
import sys

import _check

PROGRAM = """
import os, sys, eventlet
from eventlet import tpool

class Last:
    def __del__(self, execute=tpool.execute, write=os.write):
        write(1, b"%d" % execute(len, "text"))

if "unused" not in sys.argv:
    tpool.execute(len, "text")
if "patched" in sys.argv:
    eventlet.monkey_patch()
last = Last()
in_cycle = Last()
in_cycle.itself = in_cycle
"""
done = subprocess.run(
    [sys.executable, "-c", PROGRAM, *sys.argv[1:]], capture_output=True, text=True, timeout=30, check=False
)
assert (done.returncode, done.stdout, done.stderr) == (0, "44", ""), done
