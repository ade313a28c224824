"""What a benchmark module is made of: cases to run, figures to report, and the stopwatch for its jobs."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


class Unsupported(Exception):
    """Raised by a job that cannot be done here, with the reason for the footnote."""


@dataclass(frozen=True)
class Case:
    """One column of a table: a job and the arguments to call it with.

    `quick` replaces some arguments under --quick; None leaves the case out there.
    """

    title: str
    job: str
    params: Mapping[str, float]
    quick: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Metric:
    """A figure that a measurement yields under `key`; `mark` tells it from others in the summary.

    Uncompared ones get no ratio: they are explanations, or so near to zero that a quotient says nothing.
    """

    key: str
    title: str
    higher_is_better: bool = False
    compared: bool = True
    mark: str = ""


def cpu_time_per(operation: str) -> tuple[Metric]:
    """The figure of every job that only computes.

    CPU time and not wall time, because a neighbour on a shared machine lengthens the second but hardly the
    first. Nothing is hidden by that: these jobs wait for nothing but timers, and a hub that spins meanwhile
    pays for it here.
    """
    return (Metric("cpu_us", f"CPU microseconds per {operation}"),)


class Stopwatch:
    """Sums up the operations that a job did, and the time they took, over any number of calls of the job."""

    def __init__(self) -> None:
        self.operations = 0
        self.seconds = 0.0
        self.cpu_seconds = 0.0

    @contextlib.contextmanager
    def counting(self, operations: int) -> Iterator[None]:
        """Time the body, which does so many operations; what a job prepares outside of it is not counted."""
        gc.collect()  # garbage of the preparation is not to be collected at the expense of the body
        cpu_start = time.process_time()
        start = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - start
        self.cpu_seconds += time.process_time() - cpu_start
        self.operations += operations

    def figures(self) -> dict[str, float]:
        """Return the microseconds per operation, of CPU and by the clock on the wall."""
        return {
            "cpu_us": self.cpu_seconds / self.operations * 1e6,
            "wall_us": self.seconds / self.operations * 1e6,
        }
