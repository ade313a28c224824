"""Patched, what threading says of green threads that it has not started, and of itself; and what ends with the program.

arguments: | late
"""

import sys

from _check import import_all, raises

if "late" in sys.argv:
    import_all("threading")

import eventlet
from eventlet import greenthread

eventlet.monkey_patch()

import _thread
import subprocess
import threading
import time

from greenlet import greenlet

main = threading.current_thread()
seen = []


def look():
    current = threading.current_thread()
    assert current is threading.current_thread() is not main
    assert isinstance(current, threading.Thread) and current.daemon and current.is_alive()
    assert current.ident == threading.get_ident() and current in threading.enumerate()
    assert current.native_id == threading.get_native_id() == main.native_id
    raises(RuntimeError, current.join)
    local.value = current
    time.sleep(0)
    assert threading.current_thread() is current is local.value
    seen.append(current.name)


local = threading.local()

# However they are started, they have threads of their own, of which nothing stays.
active = dict(threading._active)
for start in (
    lambda: eventlet.spawn(look).wait(),
    lambda: eventlet.spawn_n(look),
    lambda: greenthread.spawn_after(0, look).wait(),
    lambda: eventlet.GreenPool(2).spawn_n(look),
    lambda: list(eventlet.GreenPool(2).imap(lambda _: look(), range(3))),
    lambda: eventlet.hubs.get_hub().schedule_call_global(0, eventlet.spawn_n, look),
):
    del seen[:]
    start()
    while not seen:
        time.sleep(0.001)
    assert all(name.startswith("GreenThread-") for name in seen), seen
raw = greenlet(look, eventlet.hubs.get_hub().greenlet)
eventlet.hubs.get_hub().schedule_call_global(0, raw.switch)
del seen[:]
while not seen:
    time.sleep(0.001)
del raw
for _ in range(100):
    eventlet.spawn_n(threading.current_thread)
while threading._active != active:
    time.sleep(0.001)
assert threading.enumerate() == [main] and threading.active_count() == 1
assert not hasattr(local, "value")

# Also of one that somebody keeps.
kept = eventlet.spawn(look)
kept.value = 5
kept.wait()
while threading._active != active:
    time.sleep(0.001)
assert kept.dead and kept.value == 5
del kept

# One that threading has started.
ran = []


def work():
    ran.append((threading.current_thread(), threading.get_ident(), threading.get_native_id()))


thread = threading.Thread(target=work, name="mine")
assert thread.ident is None and thread.native_id is None and not thread.daemon
thread.start()
thread.join(30)
assert ran == [(thread, thread.ident, main.native_id)] and thread.native_id == main.native_id
raises(RuntimeError, threading.Thread(target=work).join)

# The OS thread's name is the main thread's: it does not get those of the others, which share it.
get_os_name = getattr(_thread, "_get_name", None)
if get_os_name is not None:  # since Python 3.14
    main.name = "of the main"
    assert get_os_name() == "of the main"

    def rename_oneself():
        threading.current_thread().name = "another"
        ran.append(get_os_name())

    thread = threading.Thread(target=rename_oneself, name="of a green")
    thread.start()
    thread.join()
    assert ran[-1] == get_os_name() == "of the main"
    assert thread.name == "another"


def join_oneself():
    raises(RuntimeError, threading.current_thread().join)
    ran.append("not joined")


thread = threading.Thread(target=join_oneself, daemon=True)
thread.start()
raises(RuntimeError, setattr, thread, "daemon", False)
thread.join()
assert ran[-1] == "not joined"


def inherits():
    ran.append(threading.Thread().daemon)


for daemon in (True, False):
    thread = threading.Thread(target=inherits, daemon=daemon)
    thread.start()
    thread.join()
    assert ran[-1] is daemon

# excepthook: with all that it says; and an error in itself is not lost.
caught = []
threading.excepthook = caught.append


def fail():
    raise KeyError("why")


thread = threading.Thread(target=fail)
thread.start()
thread.join()
(args,) = caught
assert args.thread is thread and args.exc_type is KeyError and args.exc_value.args == ("why",)
assert args.exc_traceback.tb_frame is not None
del args
caught.clear()
threading.excepthook = threading.__excepthook__ if hasattr(threading, "__excepthook__") else sys.excepthook

# Threads that are started are profiled and traced.
events = []


def note(frame, event, arg):
    events.append(frame.f_code.co_name)


def traced():
    assert sys.getprofile() is note if setter is threading.setprofile else sys.gettrace() is note
    inner()


def inner():
    sys.setprofile(None)
    sys.settrace(None)


def others(frame, event, arg):
    """The profiler of the main green thread."""


def waits():
    time.sleep(0.001)


for setter, mine, set_mine in (
    (threading.setprofile, sys.getprofile, sys.setprofile),
    (threading.settrace, sys.gettrace, sys.settrace),
):
    for before in (None, others):
        set_mine(before)
        setter(note)
        threads = [threading.Thread(target=waits) for _ in range(2)]
        threads[0].start()
        threads[0].join()
        assert mine() is before, "it ends with the thread"
        threads = [threading.Thread(target=waits) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert mine() is not note
        setter(None)
        set_mine(None)
for setter in (threading.setprofile, threading.settrace):
    events.clear()
    setter(note)
    thread = threading.Thread(target=traced)
    thread.start()
    thread.join()
    setter(None)
    assert "traced" in events and "inner" in events, events
    assert sys.getprofile() is None and sys.gettrace() is None
for name in ("setprofile_all_threads", "settrace_all_threads"):  # since 3.12
    if hasattr(threading, name):
        events.clear()
        thread = threading.Thread(target=lambda: (time.sleep(0.001), inner()))
        thread.start()
        getattr(threading, name)(note)
        thread.join()
        getattr(threading, name)(None)
        assert "inner" in events, events

# A program waits for threads at its end, but not for daemons.
program = """
import eventlet
eventlet.monkey_patch()
import threading, time
def work(seconds, text):
    time.sleep(seconds)
    print(text, flush=True)
threading.Thread(target=work, args=(0.05, "thread")).start()
threading.Thread(target=work, args=(600, "daemon"), daemon=True).start()
threading.Timer(0.06, print, ("timer",)).start()
eventlet.spawn(time.sleep, 600)
print("main", flush=True)
"""
said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=40, check=False)
assert (said.returncode, said.stderr) == (0, ""), said
assert said.stdout.split()[0] == "main" and sorted(said.stdout.split()) == ["main", "thread", "timer"], said
