"""What swift does, and who does the same: glance, heat, senlin, nova, cinder."""

from __future__ import annotations

import threading
import time

import pytest

import eventlet
from eventlet import debug, greenio, hubs, tpool
from eventlet.hubs import get_hub
from eventlet.support.greenlets import GreenletExit
from tests.helpers import check_python


def test_an_exception_is_thrown_into_a_green_thread_by_the_hub(hub, settle):
    """`hub.schedule_call_global(0, green_thread.throw, error)`."""
    got = []

    def run():
        try:
            eventlet.sleep(1000)
        except ValueError as error:
            got.append(error)

    thread = eventlet.spawn(run)
    settle()
    error = ValueError("stop")
    get_hub().schedule_call_global(0, thread.throw, error)
    thread.wait()
    assert got == [error]


def test_debug_exceptions_of_the_hub(hub, capsys):
    assert get_hub().debug_exceptions in (True, False)
    debug.hub_exceptions(False)
    assert get_hub().debug_exceptions is False
    eventlet.spawn(int, "no number")
    eventlet.sleep(0)
    assert capsys.readouterr().err == ""
    debug.hub_exceptions(True)
    eventlet.spawn(int, "no number")
    eventlet.sleep(0)
    assert "ValueError" in capsys.readouterr().err


def test_the_hub_is_chosen_by_name():
    """swift: use_hub('poll'); glance and others: then 'selects' if that fails, or for another platform."""
    check_python("""
        import eventlet
        from eventlet import hubs
        hubs.use_hub("poll")
        assert hubs.get_hub().__module__ == "eventlet.hubs.poll"
        hubs.use_hub("selects")
        assert hubs.get_hub().__module__ == "eventlet.hubs.selects"
        eventlet.sleep(0.001)
    """)


def test_several_OS_threads_wait_for_one_pipe():
    """debug.hub_prevent_multiple_readers(False), and `trampoline` in green threads of several OS threads."""
    check_python("""
        import os
        import eventlet
        from eventlet import debug, hubs, patcher
        debug.hub_prevent_multiple_readers(False)
        threading = patcher.original("threading")
        reading, writing = os.pipe()
        got = []

        def wait():
            hubs.trampoline(reading, read=True)
            got.append(1)

        def several():
            threads = [eventlet.spawn(wait) for _ in range(2)]
            for thread in threads:
                thread.wait()

        os_threads = [threading.Thread(target=several) for _ in range(3)]
        for thread in os_threads:
            thread.start()
        several_here = eventlet.spawn(several)
        eventlet.sleep(0.01)
        assert not got
        os.write(writing, b"x")
        several_here.wait()
        for thread in os_threads:
            thread.join(40)
            assert not thread.is_alive()
        assert len(got) == 8
    """)


def test_shutdown_safe(hub, pair):
    left, right = pair
    greenio.shutdown_safe(left)
    assert right.recv(1) == b""
    greenio.shutdown_safe(left)
    left.close()
    greenio.shutdown_safe(left)


def test_green_profile(hub):
    from eventlet.green import profile

    def work():
        eventlet.sleep(0)
        return 5

    measured = profile.Profile()
    assert measured.runcall(work) == 5
    measured.create_stats()
    assert any(name == "work" for _, _, name in measured.stats)


def test_set_num_threads(hub):
    seen = set()

    def where():
        seen.add(threading.get_ident())

    try:
        tpool.set_num_threads(1)
        for _ in range(5):
            tpool.execute(where)
        assert len(seen) == 1
        tpool.set_num_threads(0)
        tpool.execute(where)
        assert len(seen) == 2
        assert threading.get_ident() in seen
    finally:
        tpool.set_num_threads(tpool.DEFAULT_SIZE)


def test_GreenletExit_of_support(hub, settle):
    thread = eventlet.spawn(eventlet.sleep, 1000)
    settle()
    thread.kill()
    with pytest.raises(GreenletExit):
        thread.wait()


# ---- nova, cinder


class Domain:
    """As of libvirt: its methods block and return more such objects."""

    def __init__(self, name):
        self.name = name

    def __str__(self):
        return f"domain {self.name}"

    def __repr__(self):
        return f"Domain({self.name!r})"

    def snapshot(self):
        return Domain(f"{self.name}'s snapshot")


def test_Proxy_str_repr_and_autowrap(hub):
    domain = tpool.Proxy(Domain("one"), autowrap=(Domain,))
    assert tpool.Proxy.__str__(domain) == "domain one"
    assert tpool.Proxy.__repr__(domain) == "Domain('one')"
    snapshot = domain.snapshot()
    assert isinstance(snapshot, tpool.Proxy)
    assert str(snapshot) == "domain one's snapshot"


def test_an_executor_over_a_pool(hub, settle):
    """futurist: `_pool.coroutines_running` and `_pool.size` say how busy it is."""
    pool = eventlet.GreenPool(size=2)
    stop = eventlet.Event()
    pool.spawn_n(stop.wait)
    settle()
    assert (len(pool.coroutines_running), pool.size) == (1, 2)
    stop.send()
    pool.waitall()
    assert len(pool.coroutines_running) == 0


def test_the_clock_of_the_hub_is_monotonic():
    """nova 19: `hub.clock is monotonic.monotonic`, which is `time.monotonic`."""
    hubs.use_hub()
    try:
        assert get_hub().clock is time.monotonic
    finally:
        get_hub().close()
        hubs.use_hub()


def test_no_greendns_in_the_environment_before_the_import():
    check_python("""
        import os
        os.environ["EVENTLET_NO_GREENDNS"] = "yes"
        import sys
        import eventlet
        eventlet.monkey_patch()
        import socket
        assert socket.getaddrinfo("127.0.0.1", 80)[0][4] == ("127.0.0.1", 80)
        assert "dns" not in sys.modules
    """)
