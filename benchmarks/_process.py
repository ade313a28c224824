"""Running one child process to its end, within a time limit and without leaving anything behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from typing import Any

from benchmarks._command import command, environment
from benchmarks._contestant import Contestant

LIMIT_SECONDS = 90.0


class ChildFailed(Exception):
    """A child process ended badly or not at all; the text is one line on why."""


def answers(contestant: Contestant, python: str, role: str, order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a child process, run by `python` in the contestant's environment, answers to the order.

    Raises ChildFailed.
    """
    try:
        child = subprocess.Popen(
            command(python, role, order),
            env=environment(contestant),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    except OSError as error:
        raise ChildFailed(str(error)) from error
    try:
        output, errors = child.communicate(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise ChildFailed(f"no answer within {LIMIT_SECONDS:.0f} s") from None
    finally:
        _end_session(child)
    if child.returncode:
        raise ChildFailed((errors.strip().splitlines() or [f"exit status {child.returncode}"])[-1])
    return [json.loads(line) for line in output.splitlines()]


def _end_session(child: subprocess.Popen[str]) -> None:
    # The child leads a session of its own, so this reaches its server too, and nobody else. Only while the
    # child is unreaped: afterwards its number may be somebody else's. (A child that ends by itself has
    # ended its server.)
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
