"""What the eventlet worker of gunicorn (before 26) does."""

from __future__ import annotations

import re
import socket

import pytest

import eventlet
from eventlet import greenthread
from eventlet.convenience import StopServe
from eventlet.greenio import GreenSocket
from tests.helpers import check_python


def test_the_version_can_be_compared():
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", eventlet.__version__)
    assert numbers is not None
    assert tuple(map(int, numbers.groups())) >= (0, 40, 3), "the least that gunicorn takes"


def test_the_listening_socket_is_adopted(hub, spawn):
    plain = socket.create_server(("127.0.0.1", 0))
    adopted = GreenSocket(plain)
    adopted.setblocking(1)
    with adopted, plain:
        accepting = spawn(adopted.accept)
        with socket.create_connection(plain.getsockname()[:2]) as client:
            connection, address = accepting.wait()
            with connection:
                assert address == client.getsockname()


def test_after_the_fork_a_hub_and_patching():
    said = check_python("""
        import os, eventlet
        from eventlet import hubs
        from eventlet.greenio import GreenSocket
        hubs.use_hub()
        eventlet.sleep(0)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            hubs.use_hub()
            eventlet.monkey_patch()
            import threading, time
            thread = threading.Thread(target=time.sleep, args=(0.001,))
            thread.start()
            thread.join()
            os.write(writing, b"child")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(os.read(reading, 5).decode())
    """)
    assert said == "child\n"


def test_link_with_the_server_and_the_connection(hub):
    """When the acceptor ends, its handler kills the server or closes the connection."""
    ended = []

    def cleanup(thread, server, connection):
        ended.append((thread.wait(), server, connection))

    eventlet.spawn(lambda: "result").link(cleanup, "server", "connection")
    eventlet.sleep(0)
    assert ended == [("result", "server", "connection")]


def test_kill_with_exc_info(hub, settle):
    got = []

    def server():
        try:
            eventlet.sleep(1000)
        except StopServe as stop:
            got.append(stop)

    one, other = eventlet.spawn(server), eventlet.spawn(server)
    settle()
    error = StopServe("by exc_info")
    greenthread.kill(one, StopServe, error, None)
    other.kill(StopServe())
    assert got[0] is error
    assert len(got) == 2


def test_sleep_0_lets_others_run(hub):
    ran = []
    eventlet.spawn(ran.append, 1)
    eventlet.sleep(0.0)
    assert ran == [1]


def test_greenpool_is_an_attribute():
    said = check_python("import eventlet; print(eventlet.greenpool.GreenPool(5).free())")
    assert said == "5\n"


def test_serve_ends_quietly_by_StopServe(hub, spawn, settle):
    with eventlet.listen(("127.0.0.1", 0)) as listener:
        serving = spawn(eventlet.serve, listener, lambda connection, address: None)
        settle()
        serving.kill(StopServe())
        assert serving.wait() is None
        with pytest.raises(BlockingIOError):
            listener.setblocking(0)
            listener.accept()
