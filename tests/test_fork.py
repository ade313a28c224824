"""fork() with live green threads, timers and listeners."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import traceback

import pytest

from eventlet import tpool
from eventlet._pristine import workers
from eventlet.event import Event
from eventlet.green import os as green_os
from eventlet.greenthread import kill, sleep, spawn, spawn_after, spawn_n
from eventlet.hubs import get_hub, trampoline
from eventlet.queue import Queue
from tests.helpers import SOME_SECONDS, OSThread, check_python, open_fds, settle

pytestmark = [pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here"), pytest.mark.every_provider]


def in_child(function):
    """Run `function` in a forked child; fail with its traceback if it raises. Blocks the hub meanwhile."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(read_end)
            if hasattr(signal, "alarm"):
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(int(SOME_SECONDS))  # a child that hangs is no watchdog's business
            function()
            status = 0
        except BaseException:
            os.write(write_end, traceback.format_exc().encode())
        finally:
            os._exit(status)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as said:
        message = said.read().decode()
    _, status = os.waitpid(pid, 0)
    assert status == 0, f"the child ended with status {status}:\n{message}"


def test_the_parents_green_threads_and_timers_do_not_run_in_the_child(hub):
    ran = []
    parked = spawn(lambda: (sleep(0.001), ran.append("sleeper")))
    ready = spawn(ran.append, "ready")
    timer = hub.schedule_call_global(0.001, ran.append, "timer")
    later = spawn_after(0.001, ran.append, "later")
    sleep(0)
    ran.clear()
    event = Event()
    waiter = spawn(lambda: (event.wait(), ran.append("waiter")))
    sleep(0)

    def child():
        assert get_hub() is hub
        sleep(0.01)
        assert ran == []
        assert hub.get_timers_count() == 0

    in_child(child)
    event.send()
    sleep(0.01)
    parked.wait()
    waiter.wait()
    later.wait()
    assert sorted(ran) == ["later", "sleeper", "timer", "waiter"]  # they run here
    assert ready.dead
    assert timer.called


def test_the_child_can_use_everything(hub):
    spawn(sleep, 0).wait()

    def child():
        queue = Queue()
        spawn_after(0.001, queue.put, "item")
        assert queue.get() == "item"
        left, right = socket.socketpair()
        spawn(right.send, b"x")
        trampoline(left, read=True, timeout=SOME_SECONDS)
        thread = OSThread(lambda: (time.sleep(0.005), queue.put("from a thread")))
        assert queue.get(timeout=SOME_SECONDS) == "from a thread"
        thread.join()

    in_child(child)
    assert spawn(lambda: "fine").wait() == "fine"


def test_the_childs_fds_are_its_own(hub, pair):
    """What the child does with its poller changes nothing for the parent."""
    left, right = pair
    waiter = spawn(trampoline, left, read=True)
    settle()

    def child():
        assert hub.get_readers() == []
        spawn(sleep, 0).wait()
        a, b = socket.socketpair()
        reader = spawn(trampoline, a, read=True)
        settle()
        kill(reader)
        hub.notify_close(left.fileno())
        left.close()
        b.send(b"x")
        trampoline(a, read=True, timeout=SOME_SECONDS)

    in_child(child)
    assert not waiter.dead
    right.send(b"x")
    waiter.wait()


def test_waking_the_child_does_not_wake_the_parent(hub):
    sleep(0)

    def child():
        for _ in range(100):
            get_hub().wakeup()
        sleep(0.001)

    in_child(child)
    before = open_fds()
    sleep(0.001)
    assert open_fds() == before


def test_signals_wake_the_child(hub):
    sleep(0)

    def child():
        event = Event()
        signal.signal(signal.SIGUSR1, lambda *_: event.send("handled"))
        thread = OSThread(lambda: (time.sleep(0.01), os.kill(os.getpid(), signal.SIGUSR1)))
        assert event.wait(SOME_SECONDS) == "handled"
        thread.join()

    in_child(child)


def test_forking_in_a_green_thread(hub):
    def work():
        def child():
            sleep(0.001)
            assert spawn(lambda: 5).wait() == 5

        in_child(child)
        return "parent"

    others = [spawn(sleep, 0.001) for _ in range(3)]
    assert spawn(work).wait() == "parent"
    for other in others:
        other.wait()


def test_forking_in_a_hub_callback(hub):
    done = Event()

    def callback():
        in_child(lambda: None)
        done.send("parent")

    hub.call_soon(lambda: None)
    hub.schedule_call_global(0, callback)
    assert done.wait(SOME_SECONDS) == "parent"


def status_of_child_of_green_thread(function, spawner=spawn):
    """Fork in a green thread, for which nobody waits; return how the child ends after `function()`."""
    parent, found = os.getpid(), Event()

    def work():
        pid = os.fork()
        if pid == 0:
            signal.alarm(int(SOME_SECONDS))
            function()
        else:
            found.send(pid)

    spawner(work)
    pid = found.wait()  # nobody will send that in the child
    if os.getpid() != parent:
        os._exit(99)
    return os.waitstatus_to_exitcode(green_os.waitpid(pid, 0)[1])


needs_alarm = pytest.mark.skipif(not hasattr(signal, "alarm"), reason="no alarm()")


@needs_alarm
@pytest.mark.parametrize("spawner", [spawn, spawn_n, lambda function: get_hub().call_soon(function)])
def test_the_child_of_a_green_thread_ends_with_it(hub, spawner):
    if spawner is spawn_n:
        sleep(0)
    assert status_of_child_of_green_thread(lambda: None, spawner) == 0
    assert spawn(lambda: 5).wait() == 5


@needs_alarm
def test_the_child_of_a_green_thread_ends_when_all_is_done_that_it_has_begun(hub):
    reading, writing = os.pipe()
    tpool.execute(int)  # the parent has OS threads of which the child must not be confused

    def child():
        os.close(reading)
        left, right = socket.socketpair()

        def receive():
            trampoline(left, read=True)
            os.write(writing, left.recv(10))
            thread = OSThread(lambda: (time.sleep(0.01), event.send("thread ")))
            os.write(writing, event.wait().encode())
            thread.join()
            assert tpool.execute(os.write, writing, b"pool") == 4

        event = Event()
        spawn_after(0.01, right.send, b"timer ")
        spawn(receive)

    try:
        assert status_of_child_of_green_thread(child) == 0
        os.close(writing)
        writing = None
        assert os.read(reading, 100) == b"timer thread pool"
    finally:
        os.close(reading)
        if writing is not None:
            os.close(writing)


@needs_alarm
def test_the_child_of_a_green_thread_that_waits_for_a_signal_goes_on(hub):
    def child():
        event = Event()
        signal.signal(signal.SIGUSR1, lambda *_: event.send())
        pid = os.fork()
        if pid == 0:
            time.sleep(0.05)  # blocks all that there is
            os.kill(os.getppid(), signal.SIGUSR1)
            os._exit(0)
        event.wait()
        os.waitpid(pid, 0)
        os._exit(5)

    assert status_of_child_of_green_thread(child) == 5


@needs_alarm
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_error_in_the_child_of_a_green_thread_is_reported(hub, capfd):
    def child():
        raise ZeroDivisionError

    assert status_of_child_of_green_thread(child) == 0  # as of OS threads
    assert capfd.readouterr().err.count("Traceback") == 1


@needs_alarm
def test_a_child_of_a_child_of_a_green_thread(hub):
    def child():
        def work():
            pid = os.fork()
            if pid == 0:
                signal.alarm(int(SOME_SECONDS))
            else:
                os._exit(3 if green_os.waitpid(pid, 0) == (pid, 0) else 4)

        spawn(work)

    assert status_of_child_of_green_thread(child) == 3


@needs_alarm
def test_who_waits_for_the_forking_green_thread_goes_on_in_the_child():
    """The main one, too: then the child ends when that does."""
    said = check_python(
        """
        import os, signal, sys, eventlet
        def work():
            pid = os.fork()
            return pid
        pid = eventlet.spawn(work).wait()
        if pid == 0:
            signal.alarm(20)
            eventlet.sleep(0.01)
            event = eventlet.Event()
            signal.signal(signal.SIGUSR1, lambda *_: event.send("signal"))
            helper = os.fork()
            if helper == 0:
                import time
                time.sleep(0.05)
                os.kill(os.getppid(), signal.SIGUSR1)
                os._exit(0)
            print("child", event.wait())
            sys.exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
    )
    assert said == "child signal\n7\n"


@needs_alarm
def test_a_thread_of_threading_that_forks_patched_as_unpatched():
    program = """
        import sys
        if "patched" in sys.argv:
            import eventlet
            eventlet.monkey_patch()
        import os, signal, threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        done = threading.Event()
        def work():
            pid = os.fork()
            if pid == 0:
                signal.alarm(20)
                os.write(1, b"child ")
                return
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            done.set()
        thread = threading.Thread(target=work)
        thread.start()
        done.wait()
        thread.join()
        print("parent")
        """
    assert check_python(program, "patched") == check_python(program) == "child 0\nparent\n"


@pytest.mark.filterwarnings("ignore:This process .*fork:DeprecationWarning")  # since 3.12: threads are about
def test_forking_in_another_os_thread(hub):
    sleep(0)

    def work():
        def child():
            assert spawn(lambda: (sleep(0.001), 5)[1]).wait() == 5
            assert threading.active_count() == 1

        spawn(sleep, 0).wait()
        in_child(child)

    OSThread(work).join()
    assert spawn(lambda: "fine").wait() == "fine"


def test_children_of_children(hub):
    sleep(0)
    in_child(lambda: (sleep(0), in_child(lambda: sleep(0.001))))


def test_a_fork_before_the_first_hub():
    said = check_python(
        """
        import os, eventlet
        pid = os.fork()
        eventlet.sleep(0.001)
        if pid == 0:
            os._exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
    )
    assert said == "7\n"


def test_an_ordinary_end_of_the_child_is_silent():
    said = check_python(
        """
        import os, sys, eventlet
        eventlet.spawn(eventlet.sleep, 1000)
        eventlet.sleep(0)
        pid = os.fork()
        if pid == 0:
            eventlet.spawn(eventlet.sleep, 0.001).wait()
            sys.exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
    )
    assert said == "7\n"


def test_a_call_in_a_thread_pool_that_forks_ends_in_the_child_too(hub):
    """Its worker goes on there, and takes leave as ever."""

    def fork():
        pid = os.fork()
        if not pid:
            try:
                workers.forget_after_fork()  # as a hub of this thread would have it
                workers.jobs.pop()  # as the worker will
                os._exit(0)
            except BaseException:
                os._exit(1)
        return os.waitpid(pid, 0)[1]

    assert tpool.execute(fork) == 0
