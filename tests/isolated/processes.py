"""Patched, subprocess and os.waitpid wait cooperatively.

arguments: | late
"""

import sys

from _check import Rendezvous, import_all, raises

if "late" in sys.argv:
    import_all("subprocess")

import eventlet

eventlet.monkey_patch()

import os
import subprocess
import time

ticks = []


def tick():
    while True:
        ticks.append(None)
        time.sleep(0.001)


def cooperates(function, *args, **kwargs):
    ticks.clear()
    result = function(*args, **kwargs)
    assert ticks, (function, args)
    return result


eventlet.spawn(tick)
python = [sys.executable, "-S", "-c"]
slow = [*python, "import time; time.sleep(0.05); print('out')"]
assert cooperates(subprocess.call, slow, stdout=subprocess.DEVNULL) == 0
assert cooperates(subprocess.check_output, slow) == b"out\n"
done = cooperates(subprocess.run, [*python, "print(input().upper())"], input="text\n", capture_output=True, text=True)
assert (done.stdout, done.stderr) == ("TEXT\n", "")
error = raises(subprocess.CalledProcessError, subprocess.check_call, [*python, "raise SystemExit(3)"])
assert error.returncode == 3
raises(subprocess.TimeoutExpired, subprocess.run, [*python, "import time; time.sleep(60)"], timeout=0.02)
raises(FileNotFoundError, subprocess.Popen, ["/no/such/program"])

with subprocess.Popen([*python, "import sys; sys.stdout.write(sys.stdin.read())"], stdin=-1, stdout=-1) as process:
    reader = eventlet.spawn(process.stdout.read)
    process.stdin.write(b"x" * 300000)
    process.stdin.close()
    assert reader.wait() == b"x" * 300000

# many at once
meeting = Rendezvous(5, time.sleep)
pool = eventlet.GreenPool()


def run(_):
    with subprocess.Popen([*python, "print(input())"], stdin=-1, stdout=-1) as process:
        meeting.arrive()
        return process.communicate(b"line\n")[0]


assert list(pool.imap(run, range(5))) == [b"line\n"] * 5

# os itself
reading, writing = os.pipe()
eventlet.spawn_after(0.02, os.write, writing, b"data")
assert cooperates(os.read, reading, 10) == b"data"
writer = eventlet.spawn(os.write, writing, b"x" * 200000)
total = 0
while total < 200000:
    total += len(os.read(reading, 65536))
assert writer.wait() == 200000
os.close(writing)
assert os.read(reading, 1) == b""
os.close(reading)
raises(OSError, os.read, reading, 1)
pid = os.fork()
if not pid:
    eventlet.patcher.original("time").sleep(0.03)
    os._exit(7)
assert cooperates(os.waitpid, pid, 0) == (pid, 7 << 8)
raises(ChildProcessError, os.waitpid, pid, 0)
pid = os.fork()
if not pid:
    eventlet.patcher.original("time").sleep(0.03)
    os._exit(0)
assert cooperates(os.wait) == (pid, 0)
