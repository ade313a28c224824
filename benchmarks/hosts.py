"""What does a hub do in the loop of a host, and is the host on time meanwhile?

An echo server like that of `echo.py`, while a timer of the host ticks every 5 ms and notes how long
after the last tick it came. That is the one figure that cannot be seen from outside: the server tells it
whoever sends QUESTION.
"""

from __future__ import annotations

import asyncio
import ctypes
import ctypes.util
import os
import socket
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmarks._job import Case, Metric, Unsupported
from benchmarks._load import MESSAGE, PingPong, connect
from benchmarks.echo import BUFFER, Announce

if TYPE_CHECKING:
    from benchmarks._server import Server

_FEW: dict[str, float] = {"connections": 100, "seconds": 2.0}
_QUICKLY: dict[str, float] = {"connections": 10, "seconds": 0.1}
_HOSTS = ("none", "asyncio", "uvloop", "libuv", "libev", "tk", "qt", "glib", "twisted")
CASES = tuple(Case(host, f"in_{host}", _FEW, quick=_QUICKLY) for host in _HOSTS)
METRICS = (
    Metric("messages_per_second", "messages per second over 100 connections, in the loop of", higher_is_better=True),
    Metric("latency_us", "microseconds of a round trip over one connection", mark=" (latency)"),
    # The second of these two is what green threads have to do with: neighbours on a shared machine do not lengthen it.
    Metric("p99_gap_ms", "milliseconds between two ticks of the host, 5 asked for: 99 % are below", compared=False),
    Metric("longest_cpu_ms", "CPU milliseconds between two ticks of the host: longest", compared=False),
)
CANNOT = {
    f"{api}_in_{host}": f"{api} has no way into the loop of a host" for api in ("gevent", "asyncio") for host in _HOSTS
}

TICK_SECONDS = 0.005
QUESTION = b"?" * len(MESSAGE)
ANSWER = struct.Struct("2d")


class _Work:
    """The echo server, and the notes of the host's timer."""

    def __init__(self, announce: Announce) -> None:
        self._announce = announce
        self._forget()

    def begin(self, host: Any) -> None:
        """Embed the hub in `host`, and start the server there."""
        import eventlet

        embed = getattr(__import__("eventlet.hubs").hubs, "embed", None)
        if embed is None:
            raise Unsupported("this eventlet has no way into the loop of a host")
        try:
            embed(host)
        except eventlet.hubs.HubError as error:
            raise Unsupported(str(error)) from None
        eventlet.spawn(self.serve)

    def tick(self) -> None:
        """For the host's timer."""
        now, cpu = time.perf_counter(), time.process_time()
        self._gaps.append(now - self._last)
        self._cpu_gaps.append(cpu - self._last_cpu)
        self._last, self._last_cpu = now, cpu

    def serve(self) -> None:
        import eventlet

        listener = eventlet.listen(("127.0.0.1", 0))
        self._announce(listener.getsockname()[1])
        pool = eventlet.GreenPool(10_000)
        while True:
            connection, _ = listener.accept()
            pool.spawn_n(self._echo, connection)

    def _echo(self, connection: socket.socket) -> None:
        while True:
            data = connection.recv(BUFFER)
            if not data:
                break
            connection.sendall(self._answer() if data == QUESTION else data)

    def _answer(self) -> bytes:
        gaps, cpu_gaps = sorted(self._gaps), self._cpu_gaps
        self._forget()
        nan = float("nan")
        return ANSWER.pack(gaps[len(gaps) * 99 // 100] if gaps else nan, max(cpu_gaps, default=nan)).ljust(len(MESSAGE))

    def _forget(self) -> None:
        self._last, self._last_cpu = time.perf_counter(), time.process_time()
        self._gaps: list[float] = []
        self._cpu_gaps: list[float] = []


def eventlet_in_none(announce: Announce) -> None:
    import eventlet

    work = _Work(announce)
    eventlet.spawn(work.serve)
    while True:
        eventlet.sleep(TICK_SECONDS)
        work.tick()


def eventlet_in_asyncio(announce: Announce, new_loop: Callable[[], Any] = asyncio.new_event_loop) -> None:
    work = _Work(announce)

    async def main() -> None:
        work.begin(asyncio.get_running_loop())
        while True:
            await asyncio.sleep(TICK_SECONDS)
            work.tick()

    new_loop().run_until_complete(main())


def eventlet_in_uvloop(announce: Announce) -> None:
    try:
        import uvloop
    except ImportError:
        raise Unsupported("uvloop is not installed") from None
    eventlet_in_asyncio(announce, uvloop.new_event_loop)


def eventlet_in_libuv(announce: Announce) -> None:
    timer_handle, run_default = 13, 0  # UV_TIMER, UV_RUN_DEFAULT of uv.h
    uv = _library("uv", "libuv.so.1")
    work = _Work(announce)
    loop = ctypes.create_string_buffer(uv.uv_loop_size())
    uv.uv_loop_init(loop)
    timer = ctypes.create_string_buffer(uv.uv_handle_size(timer_handle))
    on_timer = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _timer: work.tick())
    milliseconds = ctypes.c_uint64(round(TICK_SECONDS * 1000))
    uv.uv_timer_init(loop, timer)
    uv.uv_timer_start(timer, on_timer, milliseconds, milliseconds)
    from eventlet.hubs.hosts import libuv

    work.begin(libuv.Host(ctypes.addressof(loop), uv))
    uv.uv_run(loop, run_default)


def eventlet_in_libev(announce: Announce) -> None:
    ev = _library("ev", "libev.so.4")
    ev.ev_loop_new.restype = ctypes.c_void_p
    work = _Work(announce)
    loop = ctypes.c_void_p(ev.ev_loop_new(0))

    def tick_again() -> None:
        ev.ev_once(loop, -1, 0, ctypes.c_double(TICK_SECONDS), on_timer, None)

    def tick(_events: int, _argument: object) -> None:
        work.tick()
        tick_again()

    on_timer = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)(tick)
    tick_again()
    from eventlet.hubs.hosts import libev

    work.begin(libev.Host(loop.value or 0, ev))
    ev.ev_run(loop, 0)


def eventlet_in_tk(announce: Announce) -> None:
    try:
        import tkinter as tk
    except ImportError:
        raise Unsupported("this Python has no tkinter") from None
    try:
        root = tk.Tk()
    except tk.TclError as error:
        raise Unsupported(f"{error} (xvfb-run python -m benchmarks ... would give it one)") from None
    work = _Work(announce)

    def tick() -> None:
        work.tick()
        root.after(round(TICK_SECONDS * 1000), tick)

    tick()
    work.begin(root)
    root.mainloop()


def eventlet_in_qt(announce: Announce) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        from PySide6.QtCore import QTimer
        from PySide6.QtGui import QGuiApplication
    except ImportError as error:
        raise Unsupported(f"PySide6: {error}") from None
    application = QGuiApplication([])
    work = _Work(announce)
    timer = QTimer()
    timer.timeout.connect(work.tick)
    timer.start(round(TICK_SECONDS * 1000))
    work.begin(application)
    application.exec()


def eventlet_in_glib(announce: Announce) -> None:
    try:
        from gi.repository import GLib
    except ImportError:
        raise Unsupported("PyGObject is not installed") from None
    loop = GLib.MainLoop()
    work = _Work(announce)

    def tick() -> bool:
        work.tick()
        return True

    GLib.timeout_add(round(TICK_SECONDS * 1000), tick)
    work.begin(loop)
    loop.run()


def eventlet_in_twisted(announce: Announce) -> None:
    try:
        from twisted.internet import reactor, task
    except ImportError:
        raise Unsupported("twisted is not installed") from None
    work = _Work(announce)
    task.LoopingCall(work.tick).start(TICK_SECONDS)
    work.begin(reactor)
    reactor.run()


def _library(name: str, file: str) -> Any:
    try:
        return ctypes.CDLL(ctypes.util.find_library(name) or file)
    except OSError:
        raise Unsupported(f"{file} is not installed") from None


def drive(server: Server, connections: int, seconds: float) -> dict[str, float]:
    """Load the server: first one connection, for the latency; then all of them, for the rest."""
    opened = connect(server.port, connections)
    asking = opened[0]
    alone = PingPong(opened[1:2])
    alone.run(seconds / 8)
    messages = alone.run(seconds / 4)
    load = PingPong(opened[1:])
    load.run(seconds / 4)
    _ask(asking)
    start = time.perf_counter()
    total = load.run(seconds)
    elapsed = time.perf_counter() - start
    p99, longest_cpu = _ask(asking)
    for connection in opened:
        connection.close()
    return {
        "messages_per_second": total / elapsed,
        "latency_us": seconds / 4 / messages * 1e6,
        "p99_gap_ms": p99 * 1000,
        "longest_cpu_ms": longest_cpu * 1000,
    }


def _ask(connection: socket.socket) -> tuple[float, float]:
    connection.setblocking(True)
    connection.sendall(QUESTION)
    answer = connection.recv(len(MESSAGE), socket.MSG_WAITALL)
    connection.setblocking(False)
    return ANSWER.unpack(answer[: ANSWER.size])
