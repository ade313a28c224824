"""aiohttp, a server and a client of real life, whose handlers call blocking-style code: `adopt` and `to_green`."""

from __future__ import annotations

import asyncio
import socket

import pytest

import eventlet
from eventlet import asyncio as green_asyncio
from eventlet.event import Event
from eventlet.greenio import GreenSocket
from eventlet.greenthread import sleep, spawn
from eventlet.hubs.hub import BaseHub
from eventlet.queue import Queue
from tests.helpers import SOME_SECONDS

pytest.importorskip("aiohttp", reason="aiohttp is not installed: pip install aiohttp")
from aiohttp import ClientSession, ClientTimeout, web

to_green = green_asyncio.to_green


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request, hub):
    """Runs a coroutine on an ordinary loop, as a program does that has aiohttp's main loop."""
    if type(hub).fileno is BaseHub.fileno:
        pytest.skip(f"the {hub.name} hub has no fileno for a host to watch")
    if request.param == "uvloop":
        new_event_loop = pytest.importorskip("uvloop", reason="uvloop is not installed").new_event_loop
    else:
        new_event_loop = asyncio.new_event_loop

    def run(coroutine):
        loop = new_event_loop()
        try:
            return loop.run_until_complete(asyncio.wait_for(coroutine, SOME_SECONDS))
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    return run


class Site:
    """An application that is served on a port of its own, and a client for it."""

    def __init__(self, *routes):
        self._application = web.Application()
        self._application.add_routes(routes)

    async def __aenter__(self):
        self._embedding = green_asyncio.adopt()
        self._runner = web.AppRunner(self._application)
        await self._runner.setup()
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        await web.SockSite(self._runner, listener).start()
        self.address = listener.getsockname()
        self._client = ClientSession(f"http://127.0.0.1:{self.address[1]}", timeout=ClientTimeout(SOME_SECONDS))
        return self

    async def get(self, path):
        async with self._client.get(path) as response:
            return response.status, await response.text()

    async def __aexit__(self, *exc_info):
        await self._client.close()
        await self._runner.cleanup()
        self._embedding.close()


def upper_server():
    """A green server that answers in capitals; return (address, function that ends it)."""
    listener = eventlet.listen(("127.0.0.1", 0))

    def answer(client, _):
        with client:
            client.sendall(client.recv(100).upper())

    server = spawn(eventlet.serve, listener, answer)

    def end():
        server.kill()
        listener.close()

    return listener.getsockname(), end


def ask(address, text):
    """What a library does that knows nothing of asyncio."""
    with GreenSocket() as sock:
        sock.connect(address)
        sock.sendall(text.encode())
        return sock.recv(100).decode()


def test_handlers_call_blocking_style_code(run):
    async def main():
        address, end = upper_server()

        async def handler(request):
            return web.Response(text=await to_green(ask, address, request.match_info["word"]))

        async with Site(web.get("/{word}", handler)) as site:
            words = [f"word{number}" for number in range(40)]
            answers = await asyncio.gather(*(site.get(f"/{word}") for word in words))
            end()
        return answers == [(200, word.upper()) for word in words]

    assert run(main())


def test_requests_overlap_while_green_threads_wait(run):
    async def main():
        arrived, go_on = Queue(), Event()

        def wait():
            arrived.put(None)
            return go_on.wait()

        async def handler(request):
            return web.Response(text=await to_green(wait))

        async def quick(request):
            return web.Response(text="quick")

        async with Site(web.get("/slow", handler), web.get("/quick", quick)) as site:
            waiting = [asyncio.ensure_future(site.get("/slow")) for _ in range(5)]
            await to_green(lambda: [arrived.get() for _ in waiting])  # all five at once are in the middle
            assert (await site.get("/quick"))[1] == "quick"
            assert not any(one.done() for one in waiting)
            go_on.send("sent")
            return {text for _, text in await asyncio.gather(*waiting)}

    assert run(main()) == {"sent"}


def test_an_exception_is_the_handlers(run):
    async def main():
        def fail():
            sleep(0)
            raise LookupError("no such thing")

        async def handler(request):
            try:
                await to_green(fail)
            except LookupError as error:
                raise web.HTTPNotFound(text=str(error)) from error

        async with Site(web.get("/", handler)) as site:
            return await site.get("/")

    assert run(main()) == (404, "no such thing")


def test_a_handler_that_is_cancelled_kills_its_green_thread(run):
    async def main():
        ended, began = Event(), Event()

        def wait():
            began.send()
            try:
                Event().wait()
            finally:
                ended.send("killed")

        async def handler(request):
            task = asyncio.ensure_future(to_green(wait))
            await to_green(began.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return web.Response(text=await to_green(ended.wait))

        async with Site(web.get("/", handler)) as site:
            return await site.get("/")

    assert run(main()) == (200, "killed")


def test_green_threads_are_clients_of_the_server_in_the_same_thread(run):
    async def main():
        async def handler(request):
            await asyncio.sleep(0.001)
            return web.Response(text=request.query["word"] + await request.text())

        def post(address, word):
            with eventlet.connect(address) as sock:
                body = b"!" * 3
                head = f"POST /?word={word} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                sock.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                answer = b""
                while data := sock.recv(65536):
                    answer += data
            return answer.split(b"\r\n\r\n", 1)[1].decode()

        async with Site(web.post("/", handler)) as site:
            return await asyncio.gather(*(to_green(post, site.address, f"w{number}") for number in range(10)))

    assert run(main()) == [f"w{number}!!!" for number in range(10)]


def test_a_green_thread_awaits_what_aiohttps_client_gives(run):
    async def main():
        async def handler(request):
            return web.Response(text="fetched")

        async with Site(web.get("/", handler)) as site:

            def fetch():
                return green_asyncio.spawn_for_awaitable(site.get("/")).wait()

            return await to_green(fetch)

    assert run(main()) == (200, "fetched")
