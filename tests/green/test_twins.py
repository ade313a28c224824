"""The green twins of protocol modules and frameworks: the standard library's code, over green modules."""

from __future__ import annotations

import importlib
import warnings

import pytest

from eventlet import patcher
from eventlet.green import asyncio, socket, threading, time
from eventlet.green import signal as green_signal
from eventlet.green.concurrent import futures
from tests.helpers import SOME_SECONDS


def load(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return importlib.import_module(f"eventlet.green.{name}")
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            pytest.skip(f"this Python has no {name}")


def one_line_server(spawn, *lines):
    """Return the port of a server that greets, and answers each line with the next of `lines`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with listener, connection, connection.makefile("rb") as requests:
            connection.sendall(lines[0])
            for line in lines[1:]:
                requests.readline()
                connection.sendall(line)

    spawn(serve)
    return listener.getsockname()[1]


def test_smtplib(hub, spawn):
    port = one_line_server(spawn, b"220 here\r\n", b"250 hello\r\n", b"221 bye\r\n")
    client = load("smtplib").SMTP("127.0.0.1", port, local_hostname="me", timeout=SOME_SECONDS)
    assert client.ehlo() == (250, b"hello")
    assert client.quit() == (221, b"bye")


def test_poplib(hub, spawn):
    port = one_line_server(spawn, b"+OK here\r\n", b"+OK 2 320\r\n", b"+OK bye\r\n")
    client = load("poplib").POP3("127.0.0.1", port, timeout=SOME_SECONDS)
    assert client.stat() == (2, 320)
    assert client.quit() == b"+OK bye"


def test_telnetlib(hub, spawn):
    telnetlib = load("telnetlib")
    port = one_line_server(spawn, b"login: ", b"welcome\n")
    with telnetlib.Telnet("127.0.0.1", port, SOME_SECONDS) as client:
        assert client.read_until(b": ", SOME_SECONDS) == b"login: "
        client.write(b"me\n")
        assert client.read_until(b"\n", SOME_SECONDS) == b"welcome\n"


def test_asyncore_and_asynchat(hub, spawn):
    asyncore, asynchat = load("asyncore"), load("asynchat")
    assert asynchat.asyncore is asyncore
    server, client = socket.socketpair()
    got = []

    class Reader(asyncore.dispatcher):
        def handle_read(self):
            got.append(self.recv(10))
            self.close()

    sockets = {}
    Reader(server, sockets)
    with client:
        loop = spawn(asyncore.loop, map=sockets)
        client.sendall(b"text")
        loop.wait()
    assert got == [b"text"]


def test_xmlrpc(hub, spawn):
    server = load("xmlrpc.server").SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False)
    server.register_function(pow)
    with server:
        spawn(server.handle_request)
        with load("xmlrpc.client").ServerProxy(f"http://127.0.0.1:{server.server_address[1]}/") as proxy:
            assert proxy.pow(2, 10) == 1024


def test_sched(hub, spawn):
    done = []
    scheduler = load("sched").scheduler()
    scheduler.enter(0.01, 1, done.append, (2,))
    scheduler.enter(0.0, 1, done.append, (1,))
    spawn(scheduler.run).wait()
    assert done == [1, 2]


def test_workers_of_a_thread_pool_are_green(hub):
    together = threading.Barrier(3)
    with futures.ThreadPoolExecutor(3) as executor:
        # Each waits for the others: OS threads would block here, too, but not these in one.
        idents = {f.result(SOME_SECONDS) for f in [executor.submit(os_thread_of, together) for _ in range(3)]}
    assert len(idents) == 1


def os_thread_of(barrier):
    barrier.wait(SOME_SECONDS)
    return patcher.original("threading").get_ident()


def test_futures_raise_the_standard_exceptions(hub):
    from concurrent import futures as standard
    from concurrent.futures import process as standard_process

    from eventlet.green.concurrent.futures import process

    future = futures.Future()
    future.cancel()
    with pytest.raises(standard.CancelledError):
        future.result()
    assert futures.BrokenExecutor is standard.BrokenExecutor
    assert process.BrokenProcessPool is standard_process.BrokenProcessPool


def test_each_green_thread_may_run_an_asyncio_loop(hub, spawn):
    together = []

    async def main(number):
        together.append(number)
        while len(together) < 3:
            await asyncio.sleep(0.001)
        return number

    threads = [spawn(asyncio.run, main(number)) for number in range(3)]
    assert [thread.wait() for thread in threads] == [0, 1, 2]


def test_asyncio_over_sockets_and_threads(hub):
    async def main():
        async def answer(reader, writer):
            writer.write((await reader.readline()).upper())
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        writer.write(b"line\n")
        line = await reader.read()
        writer.close()
        server.close()
        return line, await asyncio.get_running_loop().run_in_executor(None, lambda: time.sleep(0) or 5)

    assert asyncio.run(main()) == (b"LINE\n", 5)


def test_asyncio_raises_the_standard_exceptions(hub):
    import asyncio as standard

    async def main():
        await asyncio.wait_for(asyncio.Event().wait(), 0.001)

    with pytest.raises(standard.TimeoutError):
        asyncio.run(main())


@pytest.mark.skipif(not hasattr(green_signal, "sigtimedwait"), reason="no sigtimedwait")
def test_waiting_for_a_blocked_signal_lets_others_run(hub, spawn):
    import signal

    wanted = {signal.SIGUSR1}
    me = patcher.original("threading").get_ident()  # other OS threads do not block it
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
    try:
        spawn(signal.pthread_kill, me, signal.SIGUSR1)
        assert green_signal.sigwait(wanted) == signal.SIGUSR1
        spawn(signal.pthread_kill, me, signal.SIGUSR1)
        assert green_signal.sigtimedwait(wanted, SOME_SECONDS).si_signo == signal.SIGUSR1
        assert green_signal.sigtimedwait(wanted, 0) is None
        assert green_signal.sigtimedwait(wanted, 0.01) is None
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, wanted)
