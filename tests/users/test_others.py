"""What nameko, python-engineio, kazoo, cassandra-driver, psycogreen and others do."""

from __future__ import annotations

import os
import socket

import pytest

import eventlet
from eventlet import hubs, patcher, queue, support, tpool
from tests.helpers import check_python, run_python

# ---- nameko


def test_get_errno():
    assert support.get_errno(OSError(9, "bad")) == 9


def test_dead_and_link(hub, settle):
    """Its container: a managed thread is linked to the container's handler, and looked at."""
    ended = []
    thread = eventlet.spawn(eventlet.sleep, 1000)
    thread.link(ended.append)
    settle()
    assert not thread.dead
    thread.kill()
    assert thread.dead
    assert ended == [thread]


# ---- python-engineio, python-socketio


@pytest.fixture(scope="module")
def zmq_is_loaded():
    """Before `hub`, which looks for files that stay open: loading ZMQ opens one."""
    pytest.importorskip("eventlet.green.zmq", reason="pyzmq is not installed")


def test_green_Event_and_queue(hub, spawn, settle):
    from eventlet.green import threading

    event, packets = threading.Event(), queue.Queue()
    waiting = spawn(event.wait, 20)
    getting = spawn(packets.get, timeout=20)
    settle()
    assert not waiting.dead
    event.set()
    packets.put("packet")
    assert (waiting.wait(), getting.wait()) == (True, "packet")
    with pytest.raises(queue.Empty):
        packets.get(timeout=0.001)
    packets.task_done()
    packets.join()


@pytest.mark.usefixtures("zmq_is_loaded")
def test_green_zmq(hub, spawn):
    """socketio.ZmqManager: PUSH to and SUB from what distributes the messages."""
    zmq = pytest.importorskip("eventlet.green.zmq", reason="pyzmq is not installed")
    with zmq.Context() as context:
        publisher, subscriber = context.socket(zmq.PUB), context.socket(zmq.SUB)
        puller, pusher = context.socket(zmq.PULL), context.socket(zmq.PUSH)
        with publisher, subscriber, puller, pusher:
            subscriber.setsockopt_string(zmq.SUBSCRIBE, "")
            subscriber.connect(f"tcp://127.0.0.1:{publisher.bind_to_random_port('tcp://127.0.0.1')}")
            pusher.connect(f"tcp://127.0.0.1:{puller.bind_to_random_port('tcp://127.0.0.1')}")
            listening = spawn(subscriber.recv)

            def publish():
                while not listening.dead:  # until the subscription has arrived
                    publisher.send(b"published")
                    eventlet.sleep(0.01)

            publishing, pulling = spawn(publish), spawn(puller.recv)
            pusher.send(b"pushed")
            assert (listening.wait(), pulling.wait()) == (b"published", b"pushed")
            publishing.wait()


# ---- kazoo


def test_green_modules_of_a_handler(hub, spawn):
    from eventlet.green import selectors, threading
    from eventlet.green import time as green_time

    for kind in (threading.Condition, threading.Event, threading.Lock, threading.RLock):
        kind()
    done = []
    thread = threading.Thread(target=done.append, args=(1,))
    thread.daemon = True
    thread.start()
    thread.join(20)
    assert done == [1]
    ran = spawn(done.append, 2)
    green_time.sleep(0.001)
    assert ran.dead
    with selectors.DefaultSelector() as selector:
        left, right = socket.socketpair()
        with left, right:
            selector.register(left, selectors.EVENT_READ)
            spawn(right.send, b"x")
            assert [key.fileobj for key, _ in selector.select(20)] == [left]


def test_LightQueue_between_green_threads(hub, spawn):
    callbacks = queue.LightQueue()
    got = spawn(callbacks.get, True, 20)
    callbacks.put("callback")
    assert got.wait() == "callback"
    with pytest.raises(queue.Empty):
        callbacks.get_nowait()


def test_stopping_at_exit():
    """Its `atexit` handler puts a stop mark into the queue of its worker and waits for that, with the hub's help."""
    said = check_python("""
        import atexit
        import eventlet
        from eventlet import queue
        callbacks = queue.LightQueue()

        def work():
            while callbacks.get() is not None:
                pass
            print("stopped")

        worker = eventlet.spawn(work)

        def stop():
            callbacks.put(None)
            worker.wait()
            print("end")

        atexit.register(stop)
        eventlet.sleep(0)
    """)
    assert said == "stopped\nend\n"


# ---- cassandra-driver


def test_a_reactor_of_green_sockets(hub, spawn, settle):
    """A connection reads in one green thread, which is killed when it is closed from another."""
    pytest.importorskip("OpenSSL", reason="pyOpenSSL is not installed")
    from eventlet.green import socket as green_socket
    from eventlet.green import ssl
    from eventlet.green.OpenSSL import SSL

    assert callable(SSL.Connection)
    assert callable(ssl.SSLContext)
    with eventlet.listen(("127.0.0.1", 0)) as listener:
        sock = green_socket.socket(green_socket.AF_INET, green_socket.SOCK_STREAM)
        sock.connect(listener.getsockname())
        seen = []

        def read():
            seen.append(eventlet.getcurrent())
            sock.recv(10)

        reader = spawn(read)
        settle()
        assert seen == [reader]
        if eventlet.getcurrent() is not reader:
            reader.kill()
        assert reader.dead
        sock.close()
        listener.accept()[0].close()


# ---- psycogreen, curl_cffi, kombu, sentry


def test_trampoline_on_a_number(hub, spawn):
    reading, writing = os.pipe()
    try:
        hubs.trampoline(writing, write=True)
        waiting = spawn(hubs.trampoline, reading, read=True)
        os.write(writing, b"x")
        waiting.wait()
    finally:
        os.close(reading)
        os.close(writing)


def test_execute_in_a_thread(hub):
    import threading

    assert tpool.execute(threading.get_ident) != threading.get_ident()


def test_is_monkey_patched_with_a_module():
    """kombu finds out what runs it: by the module object, after a look into sys.modules."""
    check_python("""
        import sys
        import socket
        import eventlet
        from eventlet import patcher
        assert "eventlet" in sys.modules
        assert not patcher.is_monkey_patched(socket)
        eventlet.monkey_patch()
        assert patcher.is_monkey_patched(socket) and patcher.is_monkey_patched("socket")
    """)


def test_sys_modules_has_no_eventlet_unless_it_was_imported():
    check_python("import sys; assert 'eventlet' not in sys.modules")


# ---- murano, sahara; ryu, os-ken, faucet


def test_import_patched(hub):
    from eventlet.green import socket as green_socket

    client = patcher.import_patched("http.client")
    assert client.socket is green_socket or client.socket.socket is green_socket.socket
    import http.client

    assert client is not http.client
    assert http.client.socket.socket is socket.socket


def test_connect_and_spawn_after(autojump_hub):
    with eventlet.listen(("127.0.0.1", 0)) as listener:
        with eventlet.connect(listener.getsockname()) as client:
            assert client.getpeername() == listener.getsockname()
        listener.accept()[0].close()
    later = eventlet.spawn_after(5, autojump_hub.clock)
    assert later.wait() == 5


# ---- environment


def test_EVENTLET_HUB():
    said = check_python(
        "from eventlet.hubs import get_hub; print(get_hub().__module__)", environment={"EVENTLET_HUB": "poll"}
    )
    assert said == "eventlet.hubs.poll\n"


def test_EVENTLET_THREADPOOL_SIZE():
    script = """
        import threading
        import eventlet
        from eventlet import patcher, tpool
        barrier = patcher.original("threading").Barrier(3, timeout=40)
        threads = [eventlet.spawn(tpool.execute, barrier.wait) for _ in range(3)]
        assert sorted(thread.wait() for thread in threads) == [0, 1, 2]
        seen = set()
        threads = [eventlet.spawn(tpool.execute, lambda: seen.add(threading.get_ident())) for _ in range(30)]
        for thread in threads:
            thread.wait()
        assert len(seen) <= 3, seen
    """
    check_python(script, environment={"EVENTLET_THREADPOOL_SIZE": "3"})
    refused = run_python(script, environment={"EVENTLET_THREADPOOL_SIZE": "many"})
    assert "EVENTLET_THREADPOOL_SIZE" in refused.stderr


@pytest.mark.parametrize("value", ["", "1"])
def test_EVENTLET_DEPRECATED_EAI_NODATA(value):
    """What it asks for is always so here: a name without an address is EAI_NODATA, as the system says."""
    check_python(
        """
        import socket
        from eventlet._dns import addrinfo
        assert addrinfo.no_address().errno == getattr(socket, "EAI_NODATA", socket.EAI_NONAME)
        """,
        environment={"EVENTLET_DEPRECATED_EAI_NODATA": value},
    )


@pytest.mark.parametrize("name", ["EVENTLET_TESTS", "EVENTLET_NOBLOCK"])
def test_other_variables_do_no_harm(name):
    """EVENTLET_TESTS was for upstream's own tests, EVENTLET_NOBLOCK is Celery's."""
    check_python(
        """
        import eventlet
        eventlet.monkey_patch()
        eventlet.sleep(0)
        """,
        environment={name: "1"},
    )
