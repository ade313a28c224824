"""A contestant's server as a child process, and what its driver can see of it from outside."""

from __future__ import annotations

import ctypes
import re
import subprocess
import tempfile
import time
from types import TracebackType
from typing import Any

from benchmarks._command import command, environment
from benchmarks._contestant import Contestant
from benchmarks._job import Unsupported

UNSUPPORTED = "unsupported:"
SERVER_SECONDS = 120  # the longest life of a server, should its driver die without killing it


class Server:
    """A context manager: a server process that listens on 127.0.0.1 while the block runs.

    The figures are read from outside: the server's code stays what a user writes, and holds no instruments.
    """

    def __init__(self, contestant: Contestant, bench: str, job: str) -> None:
        self.contestant = contestant
        order: dict[str, Any] = {**contestant.as_order(), "bench": bench, "job": job}
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  _end closes it
        self._process = subprocess.Popen(
            command(contestant.python, "serve", order),
            env=environment(contestant),
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._cpu_clock = ctypes.c_int()

    def __enter__(self) -> Server:
        try:
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError(f"its server ended before it listened: {self._last_error()}")
            if line.startswith(UNSUPPORTED):
                raise Unsupported(line[len(UNSUPPORTED) :].strip())
            self.port = int(line)
            self._find_cpu_clock()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def cpu_seconds(self) -> float:
        """Return the CPU time that the server has used, to the nanosecond."""
        return time.clock_gettime(self._cpu_clock.value)

    def resident_bytes(self) -> int:
        """Return the server's resident memory."""
        return self._from_status("VmRSS") * 1024

    def context_switches(self) -> int:
        """Return how often the server's main thread has got the CPU: of a sleeper, how often it woke up."""
        return self._from_status("voluntary_ctxt_switches") + self._from_status("nonvoluntary_ctxt_switches")

    def _find_cpu_clock(self) -> None:
        # clock_getcpuclockid(3), which Python has for threads only: /proc/PID/stat counts in ticks of 10 ms.
        try:
            failure = ctypes.CDLL(None).clock_getcpuclockid(self._process.pid, ctypes.byref(self._cpu_clock))
        except AttributeError:
            raise Unsupported("this system has no CPU clocks of other processes") from None
        if failure:
            raise OSError(failure, "clock_getcpuclockid")

    def _from_status(self, field: str) -> int:
        try:
            with open(f"/proc/{self._process.pid}/status") as status:
                found = re.search(rf"^{field}:\s*(\d+)", status.read(), re.MULTILINE)
        except FileNotFoundError:
            raise Unsupported("this system has no /proc/PID/status") from None
        assert found is not None
        return int(found[1])

    def _last_error(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        return (self._errors.read().splitlines() or ["without a message"])[-1]

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()
