"""What tests of several directories share. Fixtures are in tests/conftest.py."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from greenlet import getcurrent

import eventlet
from eventlet.greenthread import sleep
from eventlet.hubs import get_hub
from tests.helpers.virtual_time import VirtualClock as VirtualClock

ROOT = Path(eventlet.__file__).resolve().parent.parent
SOME_SECONDS = 20.0  # for what happens at once, on a machine as busy as it likes


def settle(turns: int = 1000) -> None:
    """Let everything run that can, without waiting: until the hub has nothing to do but wait.

    Fails if green threads keep one another running for `turns` turns.
    """
    hub = get_hub()
    quiet = 0
    for _ in range(turns):
        one_turn()
        quiet = 0 if hub._ready else quiet + 1
        if quiet == 3:  # a turn each for: what was ready, the fds that made ready, their answers
            return
    raise AssertionError(f"still busy after {turns} turns: {list(hub._ready)!r}")


def one_turn() -> None:
    """Let the hub make a turn: what was ready has run, fds were polled. (`sleep(0)` may come back sooner.)"""
    hub = get_hub()
    entry = hub.call_later(0, getcurrent().switch)
    try:
        while entry[1] is not None:
            hub.switch()
    finally:
        hub.cancel(entry)


def open_fds() -> dict[int, str] | None:
    """Return this process's open fds and what they refer to; None where the system does not tell."""
    try:
        numbers = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        return None
    found = {}
    for fd in numbers:
        try:
            found[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            pass  # the one that listdir() had open
    return found


def fill_send_buffer(sock: socket.socket) -> int:
    """Send until the kernel takes no more; return the number of bytes. `sock` must not block."""
    sent = 0
    while True:
        try:
            sent += sock.send(b"x" * 65536)
        except BlockingIOError:
            return sent


class OSThread:
    """A real thread whose outcome `join` passes on."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(function, *args), daemon=True)
        self._thread.start()

    def _run(self, function: Callable[..., Any], *args: Any) -> None:
        try:
            self._result = function(*args)
        except BaseException as error:
            self._error = error

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def join(self, timeout: float = SOME_SECONDS) -> Any:
        """Block the calling thread, hub and all; return what the function returned or raise its error."""
        self._thread.join(timeout)
        return self._outcome()

    def join_green(self, timeout: float = SOME_SECONDS) -> Any:
        """Like `join`, but letting the calling thread's hub run."""
        hub = get_hub()
        deadline = hub.clock() + timeout
        while self._thread.is_alive() and hub.clock() < deadline:
            sleep(0.001)
        return self._outcome()

    def _outcome(self) -> Any:
        if self._thread.is_alive():
            raise AssertionError("the thread is still running")
        if self._error is not None:
            raise self._error
        return self._result


def run_python(
    script: str,
    *arguments: str,
    environment: dict[str, str] | None = None,
    path: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run `script` in a fresh interpreter; warnings are errors, no EVENTLET_ and PYTHON variables are inherited."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("EVENTLET_", "PYTHON"))}
    inherited["PYTHONPATH"] = os.pathsep.join(filter(None, [path, str(ROOT)]))
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script), *arguments],
        env={**inherited, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def check_python(
    script: str,
    *arguments: str,
    environment: dict[str, str] | None = None,
    path: str = "",
) -> str:
    """Like `run_python`; return its output, and fail if it wrote to stderr or failed."""
    done = run_python(script, *arguments, environment=environment, path=path)
    said = f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert (done.returncode, done.stderr) == (0, ""), said
    return done.stdout
