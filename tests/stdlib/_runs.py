"""Runs a test module, however often its interpreter hangs or dies, and keeps the outcomes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
Outcomes = dict[str, "tuple[str, str]"]


def run(module: str, hub: str | None, seconds: float, skipped: set[str]) -> Outcomes:
    """Return the outcome, and details of it, of each test of `module`; patched if there is a `hub`.

    A test that takes more than `seconds` ends its interpreter, and its outcome is "hung"; one that kills it
    has "crashed". The rest is run in another interpreter then. When that is between tests, the module's own name
    gets the outcome. A module that is skipped as a whole has one outcome, too: "skipped", and the reason.
    """
    outcomes: Outcomes = {}
    with tempfile.TemporaryDirectory() as directory:
        while True:
            before = len(outcomes)
            complete = _run_once(module, hub, seconds, skipped | set(outcomes), outcomes, Path(directory))
            if complete or len(outcomes) == before:
                return outcomes


def _run_once(
    module: str, hub: str | None, seconds: float, skipped: set[str], outcomes: Outcomes, directory: Path
) -> bool:
    report, skip_list, said = directory / "report", directory / "skipped", directory / "said"
    report.write_text("")
    skip_list.write_text("\n".join(skipped))
    work = directory / "work"
    work.mkdir(exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("EVENTLET_", "PYTHON"))}
    environment["PYTHONPATH"] = str(ROOT)
    if hub:
        environment["EVENTLET_HUB"] = hub
    arguments = [module, str(report), str(skip_list), "patched" if hub else "unpatched"]
    with said.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "tests.stdlib._worker", *arguments],
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        hung = _watch(worker, report, seconds)
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    running = _read(lines, outcomes)
    complete = bool(lines) and lines[-1][0] == "end"
    if running:
        outcomes[running] = ("hung" if hung else "crashed", said.read_text(errors="replace")[-3000:])
    elif not complete:
        outcomes[f"test.{module}"] = ("hung" if hung else "crashed", said.read_text(errors="replace")[-3000:])
        return True
    return complete


def _watch(worker: subprocess.Popen[bytes], report: Path, seconds: float) -> bool:
    """Wait for the worker's end; make one, and return True, when it has not reported for `seconds`."""
    size, since, hung = -1, 0.0, False
    while worker.poll() is None:
        now = time.monotonic()
        if report.stat().st_size != size:
            size, since = report.stat().st_size, now
        if now - since > seconds:
            hung = True
            worker.send_signal(signal.SIGABRT)  # faulthandler tells where it is
            try:
                worker.wait(5)
            except subprocess.TimeoutExpired:
                worker.kill()
        time.sleep(0.05)
    try:
        os.killpg(worker.pid, signal.SIGKILL)  # and what it started
    except (ProcessLookupError, PermissionError):
        pass
    return hung


def _read(lines: list[list[str]], outcomes: Outcomes) -> str | None:
    """Add what was reported to `outcomes`; return the test that was running at the end."""
    running = None
    for kind, test, details in lines:
        if kind == "start":
            running = test
        elif kind != "end":
            outcomes[test] = (kind, details)
            running = None
    return running
