"""What the examples share and do not set out to show: the --hub option, addresses, a progress line."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import NoReturn

import eventlet
import eventlet.hubs


def parse_arguments(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the command line, with a --hub option added, and use the hub that was asked for."""
    parser.add_argument("--hub", help="epolls, poll, selects… (default: EVENTLET_HUB, or the best one here)")
    arguments = parser.parse_args()
    try:
        eventlet.hubs.use_hub(arguments.hub)
    except eventlet.hubs.HubError as error:  # it says what there is
        parser.error(str(error))
    return arguments


def run(main: Callable[[], int]) -> NoReturn:
    """Exit with what `main` returns; quietly, when Ctrl-C comes where `main` does not expect it."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)


def hub_name() -> str:
    return eventlet.hubs.get_hub().name


def positive_int(text: str) -> int:
    """An argparse type: a whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


def address(text: str) -> tuple[str, int]:
    """An argparse type: HOST:PORT, or [HOST]:PORT for an IPv6 address."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def show_address(sockaddr: tuple[object, ...]) -> str:
    host, port = str(sockaddr[0]), sockaddr[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def raise_fd_limit() -> int:
    """Let this process open as many files as it may; returns that number.  Each connection is one file."""
    try:
        import resource
    except ImportError:  # not on Windows
        return 512
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Progress:
    """A progress line, rewritten in place on a terminal; elsewhere a line now and then."""

    def __init__(self, what: str, total: int | None = None) -> None:
        self._what = what
        self._total = total
        self._in_place = sys.stdout.isatty()
        self._seconds_between = 0.1 if self._in_place else 1.0
        self._started = self._shown = time.monotonic()
        self.done = 0

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._started

    def step(self) -> None:
        self.done += 1
        now = time.monotonic()
        if now - self._shown >= self._seconds_between or self.done == self._total:
            self._shown = now
            self.show()

    def show(self) -> None:
        out_of = f"{self.done:,}" if self._total is None else f"{self.done:,} of {self._total:,}"
        rate = self.done / self.elapsed if self.elapsed else 0.0
        line = f"{out_of} {self._what}, {self.elapsed:.1f} s, {rate:,.0f}/s"
        if not self._in_place:
            print(line, flush=True)
            return
        last = self.done == self._total
        print(f"\r{line}\x1b[K", end="\n" if last else "", flush=True)
