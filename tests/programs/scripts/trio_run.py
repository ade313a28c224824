"""Runs trio in green threads: while its tasks sleep, talk over TCP and wait for threads, others run.

libraries: trio
"""

import signal
import threading
import time
from functools import partial

import trio

import eventlet

COUNT = 5


async def arrive(arrived, everybody):
    arrived.append(None)
    if len(arrived) == COUNT:
        everybody.set()
    await everybody.wait()
    await trio.sleep(0.001)


async def echo(stream):
    async for data in stream:
        await stream.send_all(data)


async def talk():
    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, host="127.0.0.1"), echo, 0)
        async with await trio.open_tcp_stream("127.0.0.1", listener.socket.getsockname()[1]) as stream:
            await stream.send_all(b"text" * 5_000)
            received = 0
            while received < 20_000:
                received += len(await stream.receive_some())
        nursery.cancel_scope.cancel()


def in_thread(main_token):
    """Waits for a green thread, which can only run if this is cooperative, and for trio."""
    done = threading.Event()
    eventlet.spawn(done.set)
    assert done.wait(60)
    return trio.from_thread.run(double, 21, trio_token=main_token)


async def double(number):
    await trio.sleep(0.001)
    return 2 * number


async def main():
    arrived, everybody = [], trio.Event()
    async with trio.open_nursery() as nursery:
        for _ in range(COUNT):
            nursery.start_soon(arrive, arrived, everybody)
    with trio.fail_after(60):
        await talk()
        token = trio.lowlevel.current_trio_token()
        assert await trio.to_thread.run_sync(in_thread, token) == 42
        # Green threads run while trio waits, and end its wait.
        event = trio.Event()
        eventlet.spawn(token.run_sync_soon, event.set)
        await event.wait()
    with trio.open_signal_receiver(signal.SIGUSR1) as signals:
        eventlet.spawn_after(0.001, signal.raise_signal, signal.SIGUSR1)
        async for number in signals:
            assert number == signal.SIGUSR1
            break


ticks = []


def tick():
    while True:
        ticks.append(None)
        time.sleep(0.0005)


ticking = eventlet.spawn(tick)
trio.run(main)
assert len(ticks) > 2
ticking.kill()
print("done")
