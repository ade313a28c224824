"""Connect to many addresses at once and tell which of them answer.

    python examples/connect.py   # a few addresses on this machine, one of them closed
    python examples/connect.py HOST:PORT [HOST:PORT ...]

`probe` connects as blocking code does. The pile runs one for each address and yields the results in the
order of the addresses. The slowest takes as long as the timeout, and so does the whole.
"""

from __future__ import annotations

import argparse
import time
from typing import Any, NamedTuple

from _support import address, hub_name, parse_arguments, positive_int, raise_fd_limit, run, show_address

import eventlet
from eventlet.green import socket


class Result(NamedTuple):
    address: tuple[str, int]
    seconds: float
    problem: str


def probe(target: tuple[str, int], timeout: float) -> Result:
    """Connect to `target`, for at most `timeout` seconds, and hang up."""
    started = time.monotonic()
    problem = ""
    try:
        with eventlet.Timeout(timeout), socket.create_connection(target):
            pass
    except eventlet.Timeout:
        problem = f"no answer within {timeout} s"
    except OSError as error:
        problem = error.strerror or str(error)
    return Result(target, time.monotonic() - started, problem)


def some_addresses() -> tuple[list[Any], list[tuple[str, int]]]:
    """Nine addresses on this machine where somebody listens, and one where nobody does."""
    listeners = [eventlet.listen(("127.0.0.1", 0)) for _ in range(10)]
    targets = [listener.getsockname() for listener in listeners]
    listeners.pop().close()
    return listeners, targets


def main() -> int:
    parser = argparse.ArgumentParser(description="Connect to many addresses at once and tell which of them answer.")
    parser.add_argument("addresses", nargs="*", type=address, metavar="HOST:PORT", help="where to connect to")
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds for each (default %(default)s)")
    parser.add_argument("--concurrency", type=positive_int, default=500, help="how many at once (default %(default)s)")
    arguments = parse_arguments(parser)

    raise_fd_limit()
    listeners: list[Any] = []
    targets = arguments.addresses
    if not targets:
        listeners, targets = some_addresses()
    started = time.monotonic()
    answered = 0
    try:
        print(f"Connecting to {len(targets):,} addresses on the {hub_name()} hub.", flush=True)
        pile = eventlet.GreenPile(arguments.concurrency)
        for target in targets:
            pile.spawn(probe, target, arguments.timeout)
        for result in pile:
            answered += not result.problem
            outcome = result.problem or f"answers after {result.seconds * 1000:.1f} ms"
            print(f"{show_address(result.address):<24} {outcome}", flush=True)
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        return 130
    print(f"{answered:,} of {len(targets):,} answer; it took {time.monotonic() - started:.2f} s.", flush=True)
    expected = len(listeners) or len(targets)
    for listener in listeners:
        listener.close()
    return 0 if answered == expected else 1


if __name__ == "__main__":
    run(main)
