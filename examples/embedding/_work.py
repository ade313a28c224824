"""What the examples of this directory have in common: green threads that do network I/O in a host's loop.

A host's timer calls `Work.tick` every few milliseconds, and each time the host hands an item to
a green thread. When the green threads are done, one of them ends the host's loop.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any, Callable

import eventlet
from eventlet.hubs import embed, get_hub
from eventlet.queue import Queue

TICK_MILLISECONDS = 5
GIVE_UP_AFTER_SECONDS = 60


def arguments(documentation: str | None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=10, metavar="N", help="green clients (default: 10)")
    parser.add_argument("--seconds", type=float, default=1.0, metavar="S", help="how long they work (default: 1)")
    return parser.parse_args()


class Work:
    """Green clients that talk to a green echo server, and a look at whether the host goes on meanwhile."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._ticks: list[float] = []
        self._cpu: list[float] = []
        self._from_host: Queue = Queue()
        self._received = 0
        self._latencies: list[float] = []
        self._elapsed = 0.0
        self._embedding: Any = None

    def begin(self, host: Any, stop: Callable[[], object]) -> None:
        """Embed the hub in `host`; when all is done, `stop()` is called there. To be called by the host."""
        self._embedding = embed(host)
        eventlet.spawn(self._receive)
        eventlet.spawn(self._main, stop)

    def tick(self) -> None:
        """Note that the host is alive, and give a green thread something. To be called by the host's timer."""
        self._ticks.append(time.monotonic())
        self._cpu.append(time.process_time())
        self._from_host.put("tick")

    def end(self) -> None:
        """Leave the host, and print how it went."""
        self._embedding.close()
        gaps = _gaps(self._ticks)
        cpu = _gaps(self._cpu)
        hub = get_hub()
        print(f"{type(self._embedding.host).__module__}, {hub.name} hub")
        print(f"{len(self._ticks)} ticks of the host, {self._received} of them received by a green thread")
        print(f"gap between ticks: median {statistics.median(gaps):.1f} ms, longest {gaps[-1]:.1f} ms")
        # What else the machine does does not count here: this is all that green threads can hold the host up by.
        print(f"CPU time between ticks: 90 % below {cpu[len(cpu) * 9 // 10]:.1f} ms, longest {cpu[-1]:.1f} ms")
        print(
            f"{len(self._latencies)} round trips, {len(self._latencies) / self._elapsed:.0f} a second, "
            f"median {1e6 * statistics.median(self._latencies):.0f} µs"
        )

    # ---- green threads

    def _receive(self) -> None:
        while True:
            self._from_host.get()
            self._received += 1

    def _main(self, stop: Callable[[], object]) -> None:
        listener = eventlet.listen(("127.0.0.1", 0))
        server = eventlet.spawn(eventlet.serve, listener, self._echo)
        began = time.monotonic()
        clients = [
            eventlet.spawn(self._client, listener.getsockname(), began + self._options.seconds)
            for _ in range(self._options.connections)
        ]
        for client in clients:
            client.wait()
        self._elapsed = time.monotonic() - began
        server.kill()
        listener.close()
        self._embedding.call(stop)

    def _echo(self, connection: Any, _address: Any) -> None:
        while True:
            data = connection.recv(4096)
            if not data:
                return
            connection.sendall(data)

    def _client(self, address: Any, until: float) -> None:
        with eventlet.connect(address) as connection:
            while time.monotonic() < until:
                began = time.monotonic()
                connection.sendall(b"x" * 64)
                connection.recv(4096)
                self._latencies.append(time.monotonic() - began)


def _gaps(times: list[float]) -> list[float]:
    """Return the milliseconds between any two that follow each other, the shortest first."""
    return sorted(1000 * (b - a) for a, b in zip(times, times[1:])) or [float("inf")]
