"""Coroutines and green threads wait for each other, on every hub."""

from __future__ import annotations

import asyncio
import contextvars
import socket
import threading

import pytest
from greenlet import GreenletExit, getcurrent

import eventlet
from eventlet import asyncio as green_asyncio
from eventlet.event import Event
from eventlet.greenio import GreenSocket
from eventlet.greenthread import kill, sleep, spawn
from eventlet.hubs import HubError, get_hub
from eventlet.hubs.hub import BaseHub
from tests.helpers import SOME_SECONDS, OSThread, settle

spawn_for_awaitable = green_asyncio.spawn_for_awaitable
to_green = green_asyncio.to_green


def has_fileno(hub):
    return type(hub).fileno is not BaseHub.fileno


async def double(number):
    await asyncio.sleep(0.001)
    return 2 * number


async def fail():
    await asyncio.sleep(0)
    raise KeyError("failed")


def wait_until(condition):
    for _ in range(int(SOME_SECONDS * 1000)):
        if condition():
            return
        sleep(0.001)
    raise AssertionError("it never happened")


# ---- green threads wait for awaitables


def test_a_coroutine_gives_its_result(hub):
    threads = [spawn_for_awaitable(double(n)) for n in range(20)]
    assert [thread.wait() for thread in threads] == list(range(0, 40, 2))


def test_upstreams_name_for_the_argument(hub):
    assert spawn_for_awaitable(coroutine=double(4)).wait() == 8


def test_its_exception_is_raised(hub, reported):
    with pytest.raises(KeyError, match="failed"):
        spawn_for_awaitable(fail()).wait()


@pytest.mark.parametrize("wrong", [None, 5, double])
def test_what_is_no_awaitable_is_refused_at_the_call(hub, wrong):
    with pytest.raises(TypeError, match="needs an awaitable"):
        spawn_for_awaitable(wrong)


def test_other_awaitables(hub):
    class Awaitable:
        def __await__(self):
            return double(4).__await__()

    assert spawn_for_awaitable(Awaitable()).wait() == 8

    async def make_task():
        return asyncio.ensure_future(double(5))

    task = spawn_for_awaitable(make_task()).wait()
    assert spawn_for_awaitable(task).wait() == 10
    assert spawn_for_awaitable(task).wait() == 10


def test_green_threads_run_while_a_coroutine_waits(hub):
    ticks = []

    def tick():
        while True:
            ticks.append(None)
            sleep(0.001)

    async def until_it_ticks():
        while len(ticks) < 3:
            await asyncio.sleep(0.001)

    ticker = spawn(tick)
    spawn_for_awaitable(asyncio.wait_for(until_it_ticks(), SOME_SECONDS)).wait()
    ticker.kill()


def test_coroutines_run_while_green_threads_never_wait(hub):
    busy = True

    def keep_busy():
        while busy:
            sleep(0)

    spawn(keep_busy)
    assert spawn_for_awaitable(double(1)).wait() == 2
    busy = False


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_program_reaches_main_and_the_loop_goes_on(hub, kind):
    async def end():
        raise kind("the end")

    caught = 0
    thread = spawn_for_awaitable(end())
    for _ in range(20):
        try:
            sleep(0.001)
        except kind:
            caught += 1
    assert caught
    with pytest.raises(kind, match="the end"):
        thread.wait()
    assert spawn_for_awaitable(double(2)).wait() == 4


def test_a_coroutine_of_a_loop_in_a_green_thread_that_waits_as_green_threads_do_keeps_its_loop(hub):
    here, there = map(GreenSocket, socket.socketpair())

    async def wait():
        task = asyncio.current_task()
        assert here.recv(10) == b"word"
        assert asyncio.get_running_loop() is loop
        assert asyncio.current_task() is task
        return await double(2)

    sleep(0.001)
    loop = green_asyncio.new_event_loop()
    eventlet.spawn_after(0.001, there.send, b"word")
    assert loop.run_until_complete(wait()) == 4
    loop.close()
    here.close()
    there.close()
    assert asyncio._get_running_loop() is None
    assert spawn_for_awaitable(double(3)).wait() == 6


def test_a_coroutine_that_stops_the_loop_stops_nobody_else(hub):
    async def stop():
        asyncio.get_running_loop().stop()

    threads = [spawn_for_awaitable(double(2)), spawn_for_awaitable(stop()), spawn_for_awaitable(double(3))]
    assert [thread.wait() for thread in threads] == [4, None, 6]


def test_the_hub_can_be_closed_while_a_coroutine_waits_as_green_threads_do(hub):
    async def wait_wrongly():
        sleep(SOME_SECONDS)

    if hub.name.startswith("asyncio"):
        pytest.skip("an error there: see test_blocking_in_a_coroutine_is_an_error_at_that_line")
    thread = spawn_for_awaitable(wait_wrongly())
    settle()
    hub.close()
    assert not thread.dead
    assert hub.asyncio_loop is None


def test_closing_the_hub_takes_its_file_from_the_loop_in_the_loops_greenlet(hub):
    """uvloop has pointers to its stack, on which others run by then, while its greenlet is suspended in a callback."""
    if not hub.name.startswith("asyncio"):
        pytest.skip("another hub")
    sleep(0.001)
    loop, host, in_loop = hub.asyncio_loop, hub._own_embedding.host, hub._loop_greenlet
    unwatch, greenlets = host.unwatch, []

    def unwatch_and_tell():
        greenlets.append(getcurrent())
        unwatch()

    host.unwatch = unwatch_and_tell
    hub.close()
    assert set(greenlets) == {in_loop}
    assert loop.is_closed()


@pytest.mark.parametrize("started", [True, False])
def test_killing_the_green_thread_cancels_the_coroutine(hub, started):
    ends = []

    async def endless():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    thread = spawn_for_awaitable(endless())
    if started:
        spawn_for_awaitable(double(1)).wait()
    thread.kill()
    with pytest.raises(GreenletExit):
        thread.wait()
    if started:
        wait_until(lambda: ends)
    else:
        spawn_for_awaitable(double(1)).wait()


def test_a_cancelled_task_raises_what_both_sides_know(hub, reported):
    async def make():
        return asyncio.ensure_future(asyncio.Event().wait())

    task = spawn_for_awaitable(make()).wait()
    thread = spawn_for_awaitable(task)
    settle()

    async def cancel():
        task.cancel()

    spawn_for_awaitable(cancel()).wait()
    with pytest.raises(asyncio.CancelledError) as caught:
        thread.wait()
    assert isinstance(caught.value, GreenletExit)
    assert reported == []


def test_contextvars_go_with_it(hub):
    variable = contextvars.ContextVar("variable", default="unset")

    async def look():
        await asyncio.sleep(0)
        return variable.get()

    variable.set("set")
    assert spawn_for_awaitable(look()).wait() == "set"


def test_a_thousand_at_once(hub):
    threads = [spawn_for_awaitable(double(n)) for n in range(1000)]
    assert sum(thread.wait() for thread in threads) == 999_000


def test_the_hub_tells_its_loop(hub):
    async def running():
        return asyncio.get_running_loop()

    loop = spawn_for_awaitable(running()).wait()
    assert loop is hub.asyncio_loop is spawn_for_awaitable(running()).wait()
    if hub.name == "asyncio:uvloop":
        assert type(loop).__module__.startswith("uvloop")


def test_green_threads_are_not_inside_a_running_loop(hub):
    spawn_for_awaitable(double(1)).wait()
    assert asyncio._get_running_loop() is None
    assert spawn(asyncio._get_running_loop).wait() is None


def test_asyncio_streams_and_green_sockets_talk(hub):
    async def upper(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    async def serve():
        return await asyncio.start_server(upper, "127.0.0.1", 0)

    server = spawn_for_awaitable(serve()).wait()

    def ask(number):
        with eventlet.connect(server.sockets[0].getsockname()[:2]) as sock:
            sock.sendall(b"line %d\n" % number)
            return sock.recv(100)

    assert [t.wait() for t in [spawn(ask, n) for n in range(20)]] == [b"LINE %d\n" % n for n in range(20)]

    async def stop():
        server.close()
        await server.wait_closed()

    spawn_for_awaitable(stop()).wait()


# ---- coroutines wait for green threads


def coroutine_result(function):
    """Run `await function()`, an async function, on the hub's loop."""
    return spawn_for_awaitable(function()).wait()


def test_await_gives_the_result(hub):
    async def main():
        first, second = spawn(lambda: 1), spawn(sleep, 0.001)
        return await first, await second, await first

    assert coroutine_result(main) == (1, None, 1)


def test_await_raises_the_exception(hub, reported):
    def fail():
        raise KeyError("failed")

    async def main():
        with pytest.raises(KeyError, match="failed"):
            await spawn(fail)
        return "went on"

    assert coroutine_result(main) == "went on"


def test_await_of_one_that_raises_stopiteration(hub, reported):
    def stop():
        raise StopIteration

    async def main():
        with pytest.raises(RuntimeError, match="StopIteration"):
            await asyncio.wait_for(spawn(stop), SOME_SECONDS)

    coroutine_result(main)


def test_cancelling_the_coroutine_kills_the_green_thread(hub):
    ends = []

    def wait():
        try:
            Event().wait()
        except GreenletExit:
            ends.append("killed")
            raise

    async def main():
        thread = spawn(wait)
        await asyncio.sleep(0.001)
        with pytest.raises((asyncio.TimeoutError, TimeoutError)):
            await asyncio.wait_for(thread, 0.001)

    coroutine_result(main)
    wait_until(lambda: ends)


def test_killing_the_green_thread_cancels_who_awaits_it(hub):
    async def main():
        thread = spawn(Event().wait)
        asyncio.get_running_loop().call_later(0.001, spawn, kill, thread)
        with pytest.raises(asyncio.CancelledError):
            await thread
        return "went on"

    assert coroutine_result(main) == "went on"


def test_await_outside_of_a_loop_is_an_error(hub):
    thread = spawn(sleep)
    with pytest.raises(RuntimeError, match="no running event loop"):
        thread.__await__()
    thread.wait()


def test_await_across_os_threads(hub):
    thread = spawn(lambda: sleep(0.01) or threading.get_ident())

    def elsewhere():
        async def main():
            return await thread

        try:
            return green_asyncio.run(main())
        finally:
            get_hub().close()

    assert OSThread(elsewhere).join_green() == threading.get_ident()


# ---- a loop in a green thread


def test_two_green_threads_each_run_a_loop(hub):
    meeting = []

    async def meet(name):
        meeting.append(name)
        while len(meeting) < 2:
            await asyncio.sleep(0.001)
        return name, asyncio.get_running_loop()

    first, second = (spawn(green_asyncio.run, meet(name)) for name in ("first", "second"))
    (first_name, first_loop), (second_name, second_loop) = first.wait(), second.wait()
    assert (first_name, second_name) == ("first", "second")
    assert first_loop is not second_loop


def test_run_ends_what_the_coroutine_leaves(hub):
    ends = []

    async def stay():
        try:
            await asyncio.Event().wait()
        finally:
            ends.append("ended")

    async def main():
        task = asyncio.ensure_future(stay())
        await asyncio.sleep(0)
        del task
        return 5

    assert green_asyncio.run(main()) == 5
    assert ends == ["ended"]


def test_run_raises_and_refuses(hub):
    with pytest.raises(KeyError, match="failed"):
        green_asyncio.run(fail())
    with pytest.raises(ValueError, match="a coroutine was expected"):
        green_asyncio.run(5)

    async def inner():
        coroutine = double(1)
        with pytest.raises(RuntimeError, match="from a running event loop"):
            green_asyncio.run(coroutine)
        coroutine.close()

    green_asyncio.run(inner())


def test_a_killed_loop_ends(hub):
    thread = spawn(green_asyncio.run, asyncio.sleep(1000))
    settle()
    thread.kill()
    with pytest.raises(GreenletExit):
        thread.wait()


def test_green_threads_work_for_a_loop_that_runs_in_one(hub):
    async def main():
        return await asyncio.gather(*(to_green(lambda n=n: sleep(0.001) or n) for n in range(10)))

    assert spawn(green_asyncio.run, main()).wait() == list(range(10))


# ---- the running loop hosts the hub


@pytest.fixture
def adoptive(hub):
    """The hub, if a running loop can host it; and runs coroutines on an ordinary loop in this OS thread."""
    if not has_fileno(hub):
        pytest.skip(f"the {hub.name} hub has no fileno for a host to watch")
    return hub


@pytest.fixture(params=["asyncio", "uvloop"])
def run_on(request, adoptive):
    """Runs a coroutine as a program does that knows nothing of eventlet: asyncio.run."""
    if request.param == "uvloop":
        loop_class = pytest.importorskip("uvloop", reason="uvloop is not installed").new_event_loop
    else:
        loop_class = asyncio.new_event_loop

    def run(coroutine):
        loop = loop_class()
        try:
            return loop.run_until_complete(coroutine)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            for dependant in list(adoptive._dependants):
                if getattr(dependant, "host", None) is not None and dependant.host.asyncio_loop is loop:
                    dependant.close()
            loop.close()

    return run


def test_to_green_runs_blocking_code_while_the_loop_goes_on(run_on):
    async def main():
        left, right = GreenSocket(), None
        left.bind(("127.0.0.1", 0))
        left.listen(5)

        def serve():
            connection, _ = left.accept()
            with connection:
                connection.sendall(connection.recv(100).upper())

        def ask():
            with eventlet.connect(left.getsockname()) as sock:
                sock.sendall(b"hello")
                return sock.recv(100)

        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.001)

        ticker = asyncio.ensure_future(tick())
        _, answer = await asyncio.gather(to_green(serve), to_green(ask))
        await to_green(sleep, 0.02)
        ticker.cancel()
        left.close()
        return answer, ticks, right

    answer, ticks, _ = run_on(main())
    assert answer == b"HELLO"
    assert ticks > 1


def test_to_green_raises_passes_arguments_and_context(run_on, reported):
    variable = contextvars.ContextVar("variable")

    async def main():
        variable.set("mine")
        with pytest.raises(ZeroDivisionError):
            await to_green(lambda: 1 / 0)
        with pytest.raises(TypeError, match="needs something callable"):
            await to_green(5)
        return await to_green(lambda a, b: (a, b, variable.get(), asyncio._get_running_loop()), 1, b=2)

    assert run_on(main()) == (1, 2, "mine", None)
    assert reported == []


def test_cancelling_to_green_kills(run_on):
    ends = []

    def wait():
        try:
            Event().wait()
        finally:
            ends.append("killed")

    async def main():
        task = asyncio.ensure_future(to_green(wait))
        await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(10000):
            if ends:
                return
            await asyncio.sleep(0.001)

    run_on(main())
    assert ends == ["killed"]


def test_await_of_a_green_thread_adopts(run_on):
    async def main():
        return await spawn(lambda: sleep(0.001) or 7)

    assert run_on(main()) == 7


def test_a_green_thread_awaits_a_coroutine_of_the_loop_that_hosts_it(run_on):
    async def main():
        loop = asyncio.get_running_loop()

        def blocking():
            assert get_hub().asyncio_loop is loop
            return spawn_for_awaitable(double(21)).wait()

        return await to_green(blocking)

    assert run_on(main()) == 42


def test_blocking_in_a_coroutine_is_an_error_at_that_line(run_on):
    async def main():
        await to_green(sleep, 0)
        with pytest.raises(RuntimeError, match="would block the host's loop"):
            sleep(1)
        return await to_green(lambda: "and the hub goes on")

    assert run_on(main()) == "and the hub goes on"


def test_what_does_not_wait_is_allowed_in_a_coroutine(run_on):
    async def main():
        event = Event()
        thread = await to_green(spawn, event.wait)
        victim = await to_green(spawn, Event().wait)
        event.send("sent")
        kill(victim)
        assert victim.dead
        return await thread

    assert run_on(main()) == "sent"


def test_one_loop_after_another(run_on):
    async def main(number):
        assert green_asyncio.adopt() is not None
        assert green_asyncio.adopt() is None
        return await to_green(lambda: sleep(0.001) or number)

    assert [run_on(main(n)) for n in range(3)] == [0, 1, 2]
    sleep(0.001)  # and the hub runs on its own again


def test_a_loop_that_ended_without_closing_the_embedding_does_no_harm(adoptive):
    async def main():
        return await to_green(lambda: sleep(0.001) or 1)

    assert asyncio.run(main()) == 1
    sleep(0.001)
    assert asyncio.run(main()) == 1
    assert spawn(lambda: sleep(0.001) or 2).wait() == 2
    for dependant in list(adoptive._dependants):
        if getattr(dependant, "host", None) is not None and dependant is not getattr(adoptive, "_own_embedding", None):
            dependant.close()


def test_adopt_outside_of_a_loop_is_an_error(hub):
    with pytest.raises(RuntimeError, match="no running event loop"):
        green_asyncio.adopt()


def test_hubs_without_a_fileno_cannot_be_adopted(hub):
    if has_fileno(hub):
        pytest.skip("this hub has one")

    async def main():
        with pytest.raises(HubError, match="no file descriptor that a host's loop could watch"):
            await to_green(sleep)

    asyncio.run(main())
