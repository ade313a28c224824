"""green.thread and green.threading, without patching."""

import _thread as standard_thread
import copy
import pickle
import sys
import threading as standard_threading

import pytest
from greenlet import getcurrent

import eventlet
from eventlet import _pristine
from eventlet.green import thread, threading
from tests.helpers import SOME_SECONDS, OSThread, settle


class TestStartNewThread:
    def test_runs_with_arguments_in_this_os_thread(self, hub):
        got = []
        ident = thread.start_new_thread(
            lambda *args, **kwargs: got.append((args, kwargs, thread.get_ident())), (1,), {"a": 2}
        )
        settle()

        assert got == [((1,), {"a": 2}, ident)]

    @pytest.mark.parametrize("arguments", [(None,), (print, []), (print, (), [])])
    def test_wrong_arguments(self, hub, arguments):
        with pytest.raises(TypeError):
            thread.start_new_thread(*arguments)

    def test_exit_ends_it_quietly(self, hub, reported):
        thread.start_new_thread(thread.exit)
        settle()

        assert reported == []

    def test_other_errors_go_to_the_hook_as_a_real_threads_do(self, hub, reported, monkeypatch):
        def fail():
            raise KeyError("x")

        def hook(arguments):
            got.append(arguments)
            hooked.release()

        got, hooked = [], standard_threading.Semaphore(0)
        monkeypatch.setattr(sys, "unraisablehook", hook)
        thread.start_new_thread(fail)
        settle()
        assert hooked.acquire(timeout=0)
        standard_thread.start_new_thread(fail, ())
        assert hooked.acquire(timeout=SOME_SECONDS)

        green, real = got
        assert reported == []
        assert (green.exc_type, green.err_msg, green.object) == (real.exc_type, real.err_msg, real.object)
        assert green.exc_traceback.tb_next.tb_frame.f_code is fail.__code__

    def test_begins_with_an_empty_context(self, hub):
        from contextvars import ContextVar

        variable, got = ContextVar("variable", default="default"), []
        variable.set("spawner's")
        thread.start_new_thread(lambda: got.append(variable.get()))
        settle()

        assert got == ["default"]

    def test_count(self, hub):
        before = thread._count()
        gate = eventlet.Event()
        thread.start_new_thread(gate.wait)
        settle()
        assert thread._count() == before + 1
        gate.send()
        settle()
        assert thread._count() == before


class TestIdent:
    def test_of_the_main_greenlet_is_the_os_thread_s(self, hub):
        assert thread.get_ident() == standard_threading.get_ident() == thread.get_ident(getcurrent())

    def test_of_green_threads_differ(self, hub, spawn):
        threads = [spawn(thread.get_ident) for _ in range(5)]
        idents = [green.wait() for green in threads]

        assert len({*idents, thread.get_ident()}) == 6
        assert [thread.get_ident(green) for green in threads] == idents

    def test_of_the_main_greenlet_asked_for_by_a_green_thread(self, hub, spawn):
        main = getcurrent()

        assert spawn(thread.get_ident, main).wait() == standard_threading.get_ident()


@pytest.mark.parametrize("make", [thread.allocate_lock, thread.RLock])
class TestLocks:
    def test_waits(self, hub, spawn, make):
        lock, order = make(), []

        def use(name):
            with lock:
                order.append(name)
                eventlet.sleep(0)
                order.append(name)

        threads = [spawn(use, name) for name in "abc"]
        for green in threads:
            green.wait()

        assert order == list("aabbcc")

    def test_timeout(self, autojump_hub, spawn, make):
        lock = make()
        lock.acquire()

        assert spawn(lock.acquire, timeout=2).wait() is False
        assert spawn(lock.acquire, False).wait() is False
        assert autojump_hub.clock() == 2
        lock.release()

    def test_release_of_a_free_one(self, hub, make):
        with pytest.raises(RuntimeError):
            make().release()

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [((False, 1), ValueError), ((True, -2), ValueError), ((True, "1"), TypeError), ((True, None), TypeError),
         ((True, float("nan")), ValueError), ((True, thread.TIMEOUT_MAX * 2), OverflowError)],
    )  # fmt: skip
    def test_wrong_arguments(self, hub, make, arguments, error):
        with pytest.raises(error):
            make().acquire(*arguments)

    def test_between_os_threads(self, hub, make):
        lock = make()
        lock.acquire()
        other = OSThread(lambda: (lock.acquire(), lock.release()))
        eventlet.sleep(0.01)
        assert other.is_alive()
        lock.release()

        assert other.join() == (True, None)

    def test_says_what_it_is(self, hub, make):
        lock = make()
        assert "unlocked" in repr(lock)
        with lock:
            assert "unlocked" not in repr(lock)

    def test_looks_like_the_standard_one(self, hub, make):
        lock = make()
        standard = _pristine.thread.RLock() if make is thread.RLock else _pristine.thread.allocate_lock()
        for kind in type(lock), type(standard):
            assert (kind.__module__, kind.__name__) == ("_thread", type(standard).__name__)
        assert repr(lock).partition(" at ")[0] == repr(standard).partition(" at ")[0]
        for function in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match=f"cannot pickle '_thread.{type(standard).__name__}' object"):
                function(lock)


class TestRLock:
    def test_owner_takes_it_again(self, hub, spawn):
        lock = thread.RLock()
        with lock, lock:
            assert spawn(lock.acquire, blocking=False).wait() is False
            assert lock._recursion_count() == 2
        assert spawn(lock.acquire).wait()

    def test_only_the_owner_releases(self, hub, spawn):
        lock = thread.RLock()
        with lock:
            with pytest.raises(RuntimeError):
                spawn(lock.release).wait()


class TestHandle:
    def test_join(self, hub):
        handle = thread.start_joinable_thread(lambda: eventlet.sleep(0.001))
        assert not handle.is_done()
        handle.join(0)
        assert not handle.is_done()
        handle.join()
        assert handle.is_done()
        handle.join()

    def test_errors(self, hub):
        handle = thread.ThreadHandle()
        with pytest.raises(RuntimeError, match="not started"):
            handle.join()
        got = []

        def join_itself():
            try:
                handle.join()
            except RuntimeError as error:
                got.append(str(error))

        thread.start_joinable_thread(join_itself, handle)
        with pytest.raises(RuntimeError, match="already started"):
            thread.start_joinable_thread(print, handle)
        handle.join()
        assert got == ["Cannot join current thread"]
        with pytest.raises(TypeError):
            thread.start_joinable_thread(None)
        with pytest.raises(TypeError):
            thread.start_joinable_thread(print, "handle")

    def test_join_all_waits_for_all_but_daemons(self, hub):
        from eventlet.green import _thread_handle

        ended = []
        daemon = thread.start_joinable_thread(lambda: eventlet.sleep(60))
        thread.start_joinable_thread(lambda: (eventlet.sleep(0.001), ended.append(1)), daemon=False)
        _thread_handle.join_all()
        assert ended == [1]
        assert not daemon.is_done()
        for entry in hub.pending_timers():
            sleeper = entry[1]
            hub.cancel(entry)
            hub.call_soon(sleeper.switch)  # ends the daemon
        eventlet.sleep(0.001)


class TestThreading:
    def test_threads(self, hub):
        native_ids = []
        threads = [threading.Thread(target=lambda: native_ids.append(threading.get_native_id())) for _ in range(3)]
        for green in threads:
            green.start()
        for green in threads:
            green.join()

        assert native_ids == [standard_threading.get_native_id()] * 3

    def test_several_join_one_thread(self, hub, spawn):
        gate = threading.Event()
        waited_for = threading.Thread(target=gate.wait)
        waited_for.start()
        joining = [spawn(waited_for.join) for _ in range(3)]
        joining += [spawn(waited_for.join, 20) for _ in range(3)]
        settle()
        assert not any(one.dead for one in joining)
        gate.set()
        for one in joining:
            one.wait()

        assert not waited_for.is_alive()

    def test_one_who_is_killed_in_join_changes_nothing(self, hub, spawn):
        gate = threading.Event()
        waited_for = threading.Thread(target=gate.wait)
        waited_for.start()
        joining = [spawn(waited_for.join) for _ in range(3)]
        settle()
        joining[1].kill()
        with eventlet.Timeout(0.001, False):
            waited_for.join()
        assert waited_for.is_alive()
        assert waited_for in threading.enumerate()
        gate.set()
        settle()
        joining[0].kill()  # it is served, or was: the last one is all the same

        joining[2].wait()
        waited_for.join()
        assert not waited_for.is_alive()
        assert waited_for not in threading.enumerate()

    def test_the_standard_module_is_untouched(self, hub):
        assert threading.Thread is not standard_threading.Thread
        assert standard_threading.Lock is not threading.Lock
        assert standard_threading.current_thread() is standard_threading.main_thread()

    def test_current_thread(self, hub, spawn):
        assert threading.current_thread() is threading.main_thread()
        assert threading.main_thread().ident == standard_threading.main_thread().ident

        def look():
            current = threading.current_thread()
            return current is threading.current_thread(), current.name, current.is_alive(), current.daemon

        same, name, alive, daemon = spawn(look).wait()
        assert same
        assert alive
        assert daemon
        assert name.startswith("GreenThread-")

    def test_green_threads_leave_no_threads_behind(self, hub):
        before = set(threading.enumerate())
        for _ in range(100):
            eventlet.spawn(threading.current_thread)
            settle()

        assert not set(threading.enumerate()) - before  # (some of an earlier test may go meanwhile)

    def test_a_green_thread_s_stand_in_cannot_be_joined(self, hub, spawn):
        with pytest.raises(RuntimeError):
            spawn(threading.current_thread).wait().join()

    def test_condition_event_timer_barrier(self, hub):
        event = threading.Event()
        threading.Timer(0.001, event.set).start()
        assert event.wait(20)
        barrier = threading.Barrier(2)
        threading.Thread(target=barrier.wait).start()
        barrier.wait(20)
        condition = threading.Condition()
        with condition:
            assert not condition.wait(0.001)
        settle()

    def test_local(self, hub, spawn):
        local = threading.local()
        local.value = 1
        assert not spawn(hasattr, local, "value").wait()

    def test_excepthook(self, hub, monkeypatch):
        caught = []
        monkeypatch.setattr(threading, "excepthook", lambda args: caught.append(args.exc_type))

        def fail():
            raise KeyError

        green = threading.Thread(target=fail)
        green.start()
        green.join()
        assert caught == [KeyError]

    def test_arguments_of_an_rlock_are_ignored_as_long_as_they_were(self, hub):
        if sys.version_info >= (3, 15):
            with pytest.raises(TypeError, match="takes no arguments"):
                thread.RLock(1, a=2)
        else:
            assert thread.RLock(1, a=2).acquire()

    @pytest.mark.skipif(sys.version_info < (3, 10), reason="currentThread is current_thread itself")
    def test_old_name(self, hub):
        with pytest.warns(DeprecationWarning, match="currentThread"):
            assert threading.currentThread() is threading.current_thread()
