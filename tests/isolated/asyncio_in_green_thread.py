"""Patched, asyncio loops run in green threads, several at once, and let others run."""

import asyncio

import _check

import eventlet

eventlet.monkey_patch()
import socket
import threading
import time

ticks = []


def tick():
    while True:
        ticks.append(None)
        time.sleep(0.001)


async def serve_and_fetch():
    async def handle(reader, writer):
        writer.write((await reader.readline()).upper())
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"line\n")
    await asyncio.sleep(0.02)
    line = await reader.read()
    writer.close()
    server.close()
    return line


eventlet.spawn(tick)
assert eventlet.spawn(asyncio.run, serve_and_fetch()).wait() == b"LINE\n"
threads = [eventlet.spawn(asyncio.run, serve_and_fetch()) for _ in range(3)]
assert [thread.wait() for thread in threads] == [b"LINE\n"] * 3
assert len(ticks) > 1  # the second one came while asyncio waited: its timer was due first


# A coroutine that blocks lets others run, which may have loops of their own, and goes on in its own.


async def blocks(wait):
    loop = asyncio.get_running_loop()
    wait()
    assert asyncio.get_running_loop() is loop
    await asyncio.sleep(0)
    return True


async def answers():
    await asyncio.sleep(0.001)
    return 42


def wait_for_lock():
    lock = threading.Lock()
    lock.acquire()
    eventlet.spawn_after(0.001, lock.release)
    lock.acquire()


def wait_for_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(asyncio.run(answers())))
    thread.start()
    thread.join()
    assert results == [42]


async def asks_a_thread():
    return await asyncio.get_running_loop().run_in_executor(None, lambda: asyncio.run(answers()))


for wait in (lambda: time.sleep(0.001), wait_for_lock, wait_for_thread):
    threads = [eventlet.spawn(asyncio.run, blocks(wait)) for _ in range(3)]
    assert [thread.wait() for thread in threads] == [True] * 3
assert asyncio.run(asks_a_thread()) == 42


# Who is in no loop takes none away from a coroutine that waits for a socket past its loop. (The hubs that
# run an asyncio loop themselves do.)


async def uses_a_plain_socket(sock):
    loop = asyncio.get_running_loop()
    for _ in range(3):
        sock.recv(1)
        assert asyncio.get_running_loop() is loop
        await asyncio.sleep(0)
    return True


def sends_after_waiting(sock):
    lock = threading.Lock()
    lock.acquire()
    for _ in range(3):
        time.sleep(0.001)
        assert not lock.acquire(timeout=0.001)
        sock.sendall(b"x")


if not eventlet.hubs.get_hub().name.startswith("asyncio"):
    mine, other = socket.socketpair()
    sender = eventlet.spawn(sends_after_waiting, other)
    assert asyncio.run(uses_a_plain_socket(mine))
    sender.wait()
    assert asyncio._get_running_loop() is None
    mine.close()
    other.close()
