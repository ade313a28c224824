"""Keywords that projects pass: they are accepted, and do what they say."""

from __future__ import annotations

import inspect
import socket

import pytest

import eventlet
from eventlet import pools, queue, semaphore, tpool
from eventlet.hubs import trampoline
from tests.helpers import check_python
from tests.helpers.sockets import has_ipv6
from tests.users._certificates import CERTIFICATE, KEY


def test_GreenPool_size(hub):
    assert eventlet.GreenPool(size=3).free() == 3


def test_listen_backlog_family_reuse_port(hub):
    family, host = (socket.AF_INET6, "::1") if has_ipv6() else (socket.AF_INET, "127.0.0.1")
    with eventlet.listen((host, 0), backlog=2, family=family, reuse_port=False) as listener:
        assert listener.family == family
        with eventlet.connect(listener.getsockname()[:2], family=family) as client:
            connection, _ = listener.accept()
            with connection:
                assert connection.getpeername() == client.getsockname()


def test_spawn_with_everything_as_keywords(hub):
    """oslo.service: eventlet.spawn(func=wsgi.server, sock=..., site=...)."""

    def server(sock, site, log=None):
        return sock, site, log

    thread = eventlet.spawn(func=server, sock=1, site=2, log=3)
    assert thread.wait() == (1, 2, 3)


@pytest.mark.parametrize("spawn", [eventlet.spawn, eventlet.spawn_n])
def test_spawn_locals(hub, spawn, settle):
    """To backdoor_server(sock, locals=...)."""
    got = []

    def server(sock, locals=None):
        got.append((sock, locals))

    spawn(server, "socket", locals={"name": 1})
    settle()
    assert got == [("socket", {"name": 1})]


@pytest.mark.parametrize("name", ["os", "time", "thread", "socket", "select", "subprocess"])
def test_monkey_patch_arguments(name):
    """Alone, and as what shall not be patched beside `all`."""
    check_python(f"""
        import eventlet
        from eventlet import patcher
        eventlet.monkey_patch(all=True, {name}=False)
        assert not patcher.is_monkey_patched("{name}")
        assert patcher.is_monkey_patched("socket" if "{name}" != "socket" else "time")
    """)
    check_python(f"""
        import eventlet
        from eventlet import patcher
        eventlet.monkey_patch(all=False, {name}=True)
        names = ["os", "time", "thread", "socket", "select", "subprocess"]
        assert [n for n in names if patcher.is_monkey_patched(n)] == ["{name}"]
        eventlet.monkey_patch()
        assert all(map(patcher.is_monkey_patched, names))
    """)


def _answer_over_tls(spawn, wrap_server, wrap_client):
    with eventlet.listen(("127.0.0.1", 0)) as listener:

        def answer():
            connection = wrap_server(listener.accept()[0])
            with connection:
                connection.sendall(connection.recv(4).upper())

        answering = spawn(answer)
        with wrap_client(eventlet.connect(listener.getsockname())) as client:
            client.sendall(b"ping")
            assert client.recv(4) == b"PING"
        answering.wait()


def test_wrap_ssl(hub, spawn):
    def wrap_server(sock):
        return eventlet.wrap_ssl(sock, certfile=CERTIFICATE, keyfile=KEY, server_side=True)

    _answer_over_tls(spawn, wrap_server, eventlet.wrap_ssl)


def test_green_ssl_wrap_socket(hub, spawn):
    """glance, heat, senlin: with the function that Python 3.12 has dropped."""
    from eventlet.green import ssl

    def wrap_server(sock):
        return ssl.wrap_socket(sock, certfile=CERTIFICATE, keyfile=KEY, server_side=True)

    def wrap_client(sock):
        return ssl.wrap_socket(sock, cert_reqs=ssl.CERT_REQUIRED, ca_certs=CERTIFICATE)

    _answer_over_tls(spawn, wrap_server, wrap_client)


def test_Timeout_seconds_exception(autojump_hub):
    error = KeyError("late")
    with pytest.raises(KeyError) as raised, eventlet.Timeout(seconds=1, exception=error):
        eventlet.sleep(2)
    assert raised.value is error
    assert autojump_hub.clock() == 1


def test_trampoline_read_write(hub, pair):
    left, right = pair
    trampoline(left, write=True)
    right.send(b"x")
    trampoline(left, read=True)
    assert left.recv(1) == b"x"


def test_Proxy_autowrap(hub):
    class Thing:
        def other(self):
            return Thing()

    thing = tpool.Proxy(Thing(), autowrap=(Thing,))
    assert type(thing.other()) is tpool.Proxy


def test_execute_passes_timeout_through(hub):
    def method(*args, **kwargs):
        return args, kwargs

    assert tpool.execute(method, 1, timeout=5, meth="m") == ((1,), {"timeout": 5, "meth": "m"})


def test_LightQueue_maxsize(hub):
    bounded = queue.LightQueue(maxsize=1)
    bounded.put(1)
    with pytest.raises(queue.Full):
        bounded.put_nowait(2)


def test_Pool_max_size(hub):
    pool = pools.Pool(max_size=2, create=object)
    pool.get()
    assert pool.free() == 1


def test_Semaphore_value(hub):
    assert semaphore.Semaphore(value=2).balance == 2
    assert eventlet.Semaphore(value=0).locked()


def test_green_Condition_lock(hub, spawn):
    from eventlet.green import threading

    lock = threading.Lock()
    condition = threading.Condition(lock=lock)

    def notify():
        with condition:
            condition.notify()

    with condition:
        assert lock.locked()
        spawn(notify)
        assert condition.wait(20)


def test_what_most_projects_import_is_there():
    from eventlet import event, greenpool, greenthread, hubs, patcher, timeout
    from eventlet.green import subprocess

    for function in (
        *(eventlet.monkey_patch, eventlet.sleep, eventlet.spawn, eventlet.spawn_n, eventlet.listen),
        *(eventlet.getcurrent, greenthread.sleep, tpool.execute, tpool.Proxy),
        *(patcher.is_monkey_patched, patcher.original, hubs.use_hub),
    ):
        assert callable(function)
    for kind in (
        *(greenpool.GreenPool, timeout.Timeout, event.Event, semaphore.Semaphore, queue.LightQueue, subprocess.Popen),
    ):
        assert inspect.isclass(kind)
    assert eventlet.GreenPool is greenpool.GreenPool
    assert eventlet.Timeout is timeout.Timeout
