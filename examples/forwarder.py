"""Forward a port: whoever connects here is connected to another address, and bytes flow both ways.

    python examples/forwarder.py --listen 127.0.0.1:6002 --to 127.0.0.1:6000

Each connection has two green threads, one for a direction. One end of the stream is not both: when a side
says that it has no more to send, the other is told so, and can still answer.
"""

from __future__ import annotations

import argparse
from typing import Any

from _support import address, hub_name, parse_arguments, raise_fd_limit, run, show_address

import eventlet
from eventlet.green import socket


class Forwarder:
    def __init__(self, target: tuple[str, int], connect_timeout: float) -> None:
        self._target = target
        self._connect_timeout = connect_timeout
        self.forwarded_bytes = 0

    def handle(self, client: Any, peer: tuple[Any, ...]) -> None:
        """Forward one connection, from its start to the end of both directions."""
        with client:
            try:
                server = socket.create_connection(self._target, timeout=self._connect_timeout)
            except OSError as error:
                print(f"{show_address(peer)}: {show_address(self._target)} does not answer: {error}", flush=True)
                return
            server.settimeout(None)
            with server:
                before = self.forwarded_bytes
                back = eventlet.spawn(self._copy, server, client)
                self._copy(client, server)
                back.wait()
                print(f"{show_address(peer)}: closed after {self.forwarded_bytes - before:,} bytes.", flush=True)

    def _copy(self, source: Any, sink: Any) -> None:
        """Send all that `source` sends to `sink`, and then the end of the stream."""
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                sink.sendall(data)
                self.forwarded_bytes += len(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            # One side broke.  End both, or the other direction would wait for a peer that never comes back.
            eventlet.greenio.shutdown_safe(source)
            eventlet.greenio.shutdown_safe(sink)


def main() -> int:
    parser = argparse.ArgumentParser(description="Forward the connections to one address to another one.")
    parser.add_argument("--listen", type=address, default=("127.0.0.1", 6002), metavar="HOST:PORT", help="listen here")
    parser.add_argument("--to", type=address, required=True, metavar="HOST:PORT", help="connect there")
    parser.add_argument("--connect-timeout", type=float, default=10.0, help="seconds (default %(default)s)")
    arguments = parse_arguments(parser)

    raise_fd_limit()
    forwarder = Forwarder(arguments.to, arguments.connect_timeout)
    family = socket.AF_INET6 if ":" in arguments.listen[0] else socket.AF_INET
    with eventlet.listen(arguments.listen, family=family, backlog=1024) as server:
        here, there = show_address(server.getsockname()), show_address(arguments.to)
        try:
            print(f"Forwarding {here} to {there}, {hub_name()} hub. Ctrl-C ends it.", flush=True)
            eventlet.serve(server, forwarder.handle, concurrency=10_000)
        except KeyboardInterrupt:
            print(f"\nForwarded {forwarder.forwarded_bytes:,} bytes in all.", flush=True)
    return 0


if __name__ == "__main__":
    run(main)
