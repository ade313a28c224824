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

pristine_os, pristine_select = eventlet.patcher.original("os"), eventlet.patcher.original("select")
ticks = []
#: What children wait for before they end: that something else has run while we wait for them.
gate, opener = pristine_os.pipe()
os.set_inheritable(gate, True)
is_waiting = False


def tick():
    while True:
        ticks.append(None)
        if is_waiting and len(ticks) == 3:
            pristine_os.write(opener, b".")
        time.sleep(0.001)


def cooperates(function, *args, **kwargs):
    global is_waiting
    ticks.clear()
    is_waiting = True
    result = function(*args, **kwargs)
    is_waiting = False
    assert len(ticks) >= 3, (function, args)
    if pristine_select.select([gate], [], [], 0)[0]:
        pristine_os.read(gate, 1)  # it was not for a child
    return result


eventlet.spawn(tick)
python = [sys.executable, "-S", "-c"]
at_the_gate = f"import os; os.read({gate}, 1); "
slow = [*python, at_the_gate + "print('out')"]
assert cooperates(subprocess.call, slow, stdout=subprocess.DEVNULL, pass_fds=[gate]) == 0
assert cooperates(subprocess.check_output, slow, pass_fds=[gate]) == b"out\n"
upper = [*python, at_the_gate + "print(input().upper())"]
done = cooperates(subprocess.run, upper, input="text\n", capture_output=True, text=True, pass_fds=[gate])
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


def write_after_some_ticks():
    while len(ticks) < 3:
        time.sleep(0.001)
    os.write(writing, b"data")


eventlet.spawn(write_after_some_ticks)
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
    pristine_os.read(gate, 1)
    os._exit(7)
assert cooperates(os.waitpid, pid, 0) == (pid, 7 << 8)
raises(ChildProcessError, os.waitpid, pid, 0)
pid = os.fork()
if not pid:
    pristine_os.read(gate, 1)
    os._exit(0)
assert cooperates(os.wait) == (pid, 0)

# every way to wait for a process


def child(status):
    pid = os.fork()
    if not pid:
        pristine_os.read(gate, 1)
        os._exit(status)
    return pid


pid = child(3)
assert cooperates(os.wait3, 0)[:2] == (pid, 3 << 8)
pid = child(4)
assert cooperates(os.wait4, pid, 0)[:2] == (pid, 4 << 8)
raises(ChildProcessError, os.wait4, pid, 0)
if hasattr(os, "waitid"):
    pid = child(5)
    assert os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG) is None
    ended = cooperates(os.waitid, os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert (ended.si_pid, ended.si_status) == (pid, 5)
    assert os.waitid(os.P_ALL, 0, os.WEXITED).si_pid == pid
pid = os.posix_spawn(sys.executable, [*python, at_the_gate + "raise SystemExit(6)"], os.environ)
assert cooperates(os.waitpid, pid, 0) == (pid, 6 << 8)
assert cooperates(os.spawnv, os.P_WAIT, sys.executable, [*python, at_the_gate + "raise SystemExit(7)"]) == 7

# a pipe from one child to the next, as a shell has it: both ends block, as programs expect
writer = subprocess.Popen(
    [*python, at_the_gate + "import sys; [sys.stdout.write('x' * 100000) for _ in range(10)]"],
    stdout=subprocess.PIPE,
    pass_fds=[gate],
)
reader = subprocess.Popen(
    [sys.executable, "-c", "import sys; print(len(sys.stdin.buffer.read()))"],
    stdin=writer.stdout,
    stdout=subprocess.PIPE,
)
assert eventlet.patcher.original("os").get_blocking(writer.stdout.fileno())
writer.stdout.close()
assert cooperates(reader.communicate)[0] == b"1000000\n"
assert writer.wait() == 0
