"""Starts real servers, each on a free port of loopback, and ends them by their process."""

from __future__ import annotations

import contextlib
import glob
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.programs._programs import environment

SECONDS_TO_START = 90.0
SECONDS_TO_END = 30.0
ATTEMPTS = 3  # somebody else may take a port between our look for a free one and the server's


def command_of(name: str, package: str, *patterns: str) -> str:
    """Return the path of a server's program, or skip the test, naming Debian's package.

    `patterns` are more places to look at than PATH, as /usr/lib/postgresql/*/bin/postgres.
    """
    places = [shutil.which(name), shutil.which(name, path="/usr/sbin:/sbin")]
    places += [path for pattern in patterns for path in sorted(glob.glob(pattern), reverse=True)]
    for place in places:
        if place is not None:
            return place
    pytest.skip(f"there is no {name} here (Debian: {package})")


def free_port() -> int:
    """Return the number of a port that nobody on loopback has now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def accepts(port: int) -> bool:
    """Whether somebody accepts connections at this port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


@contextlib.contextmanager
def server(
    command: Callable[[int], list[str]],
    directory: Path,
    is_ready: Callable[[int], bool] = accepts,
    stop: Callable[[subprocess.Popen[bytes]], object] = subprocess.Popen.terminate,
    variables: dict[str, str] | None = None,
) -> Iterator[int]:
    """Run `command(port)` in `directory` until the end of the block; its value is the port, once `is_ready(port)`.

    Its output is in the file `log` there. `stop(process)` asks it to end; what does not, is killed.
    """
    with open(directory / "log", "ab") as log:
        for _attempt in range(ATTEMPTS):
            port = free_port()
            process = subprocess.Popen(
                command(port),
                cwd=directory,
                env={**environment(), **(variables or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                if _wait_until_ready(process, lambda port=port: is_ready(port)):
                    yield port
                    return
            finally:
                end(process, stop)
    pytest.fail(f"{command(0)[0]} did not start:\n{(directory / 'log').read_text(errors='replace')}")


def _wait_until_ready(process: subprocess.Popen[bytes], is_ready: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        if is_ready():
            # It may have been another's port that answered.
            return process.poll() is None
        time.sleep(0.02)
    return False


def end(
    process: subprocess.Popen[bytes], stop: Callable[[subprocess.Popen[bytes]], object] = subprocess.Popen.terminate
) -> None:
    """Have a process end, in its own way if it does that."""
    if process.poll() is None:
        stop(process)
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
