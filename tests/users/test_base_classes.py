"""Classes that projects derive from: their constructors and what is overridden are an interface."""

from __future__ import annotations

import pytest

import eventlet
from eventlet import pools
from eventlet.greenpool import GreenPool
from eventlet.timeout import Timeout


def test_Timeout(autojump_hub):
    """swift: with its own arguments, and the text of the base class within its own."""

    class MessageTimeout(Timeout):
        def __init__(self, seconds=None, msg=None):
            Timeout.__init__(self, seconds=seconds)
            self.msg = msg

        def __str__(self):
            return f"{Timeout.__str__(self)}: {self.msg}"

    with pytest.raises(MessageTimeout) as raised, MessageTimeout(2, "reading"):
        eventlet.sleep(3)
    assert str(raised.value) == "2 seconds: reading"
    assert raised.value.msg == "reading"
    with pytest.raises(Timeout) as raised, Timeout(seconds=1), MessageTimeout(2, "not this one"):
        eventlet.sleep(3)
    assert type(raised.value) is Timeout


def test_GreenPool_that_runs_one_at_a_time(hub):
    """swift's RestrictedGreenPool: with the size 1 spawn_n returns when all is done; spawn and link are as ever."""

    class RestrictedGreenPool(GreenPool):
        def __init__(self, size=1024):
            super().__init__(size=size)
            self._rgp_do_wait = size == 1

        def spawn_n(self, *args, **kwargs):
            super().spawn_n(*args, **kwargs)
            if self._rgp_do_wait:
                self.waitall()

    done = []
    RestrictedGreenPool(1).spawn_n(done.append, 1)
    assert done == [1]
    several = RestrictedGreenPool(2)
    several.spawn_n(done.append, 2)
    assert done == [1]
    several.spawn(done.append, 3).link(lambda thread, more: done.append(more), 4)
    several.waitall()
    assert done == [1, 2, 3, 4]


def test_GreenPool_whose_green_threads_are_killed(hub, settle):
    """swift's ContextPool: on leaving it, whatever still runs is killed."""

    class ContextPool(GreenPool):
        def __enter__(self):
            return self

        def __exit__(self, *_error):
            for thread in list(self.coroutines_running):
                thread.kill()

    ended = []

    def run(name):
        try:
            eventlet.sleep(1000)
        finally:
            ended.append(name)

    with ContextPool(10) as pool:
        pool.spawn(run, "spawned")
        pool.spawn_n(run, "spawned by spawn_n")
        settle()
        assert pool.running() == 2
    assert sorted(ended) == ["spawned", "spawned by spawn_n"]
    assert pool.running() == 0


def test_Pool(hub, spawn, settle):
    class Connections(pools.Pool):
        made = 0

        def __init__(self, max_size):
            super().__init__(max_size=max_size)

        def create(self):
            self.made += 1
            return f"connection {self.made}"

        def put(self, item):
            super().put(item.strip())

        def get(self):
            return super().get() + " "

    pool = Connections(max_size=1)
    with pool.item() as item:
        assert item == "connection 1 "
        waiting = spawn(pool.get)
        settle()
        assert pool.waiting() == 1
    assert waiting.wait() == "connection 1 "
    assert (pool.made, pool.max_size) == (1, 1)


def test_HTTPConnection_and_HTTPResponse(hub, spawn):
    """swift's bufferedhttp: own connection and response classes, private names, and a higher limit on headers."""
    from eventlet.green import httplib
    from eventlet.green.httplib import _UNKNOWN, HTTPConnection, HTTPResponse, ImproperConnectionState

    class BufferedHTTPResponse(HTTPResponse):
        def __init__(self, sock, debuglevel=0, method=None, **kwargs):
            super().__init__(sock, debuglevel, method=method, **kwargs)
            self.was_unknown = self.chunked is _UNKNOWN and self.length is _UNKNOWN

    class BufferedHTTPConnection(HTTPConnection):
        response_class = BufferedHTTPResponse

        def getresponse(self):
            self.asked = True
            return super().getresponse()

    with eventlet.listen(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                headers = "".join(f"X-{number}: {number}\r\n" for number in range(150))
                connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n{headers}\r\nbody".encode())

        answering = spawn(answer)
        limit, httplib._MAXHEADERS = httplib._MAXHEADERS, 200
        try:
            connection = BufferedHTTPConnection(*listener.getsockname())
            with pytest.raises(ImproperConnectionState):
                connection.getresponse()
            connection.request("GET", "/")
            response = connection.getresponse()
            assert (type(response), response.was_unknown, connection.asked) == (BufferedHTTPResponse, True, True)
            assert (response.read(), response.getheader("X-149")) == (b"body", "149")
            connection.close()
        finally:
            httplib._MAXHEADERS = limit
        answering.wait()
