"""A server that sends back whatever it gets, for thousands of connections at once.

    python examples/echoserver.py --port 6000   # then, elsewhere:  nc 127.0.0.1 6000

Each connection has a green thread of its own, in a pool that lets at most 10,000 run: past that,
`spawn_n` waits, and so does the next caller, in the kernel's queue. Ctrl-C ends the server.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from _support import hub_name, parse_arguments, positive_int, raise_fd_limit, run, show_address

import eventlet


def echo(connection: Any, peer: tuple[Any, ...]) -> None:
    """Send back what `connection` sends, until it has no more."""
    try:
        with connection:
            while True:
                data = connection.recv(32768)
                if not data:
                    break
                connection.sendall(data)
    except ConnectionError:
        pass  # it went away; nobody is left to tell
    except (OSError, ValueError) as error:  # on the select hub, one connection too many
        print(f"{show_address(peer)} is not served: {error}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Send back whatever comes in, on many connections at once.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=6000, help="the port; 0 takes a free one (default %(default)s)")
    parser.add_argument("--size", type=positive_int, default=10_000, help="connections at once (default %(default)s)")
    arguments = parse_arguments(parser)

    raise_fd_limit()
    pool = eventlet.GreenPool(arguments.size)
    served = 0
    with eventlet.listen((arguments.host, arguments.port), backlog=1024) as server:
        here = show_address(server.getsockname())
        try:
            print(f"Echo server on {here}, {hub_name()} hub. Ctrl-C ends it.", flush=True)
            while True:
                connection, peer = server.accept()
                pool.spawn_n(echo, connection, peer)
                served += 1
        except KeyboardInterrupt:
            print(f"\nEnding after {served:,} connections, {pool.running():,} of them open.", flush=True)
    return 0


if __name__ == "__main__":
    run(main)
