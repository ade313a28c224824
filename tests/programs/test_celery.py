"""Celery's worker with `-P eventlet`: Celery itself patches, and its tasks run in green threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.programs import _programs, _servers
from tests.programs._meeting import HTTPMeeting
from tests.programs._programs import Way
from tests.programs.conftest import COUNT

pytestmark = [pytest.mark.isolated, pytest.mark.slow]

HUBS = [way for way in _programs.ways() if way.hub]


@pytest.mark.parametrize("way", HUBS, ids=str)
def test_worker(way, redis_port, tmp_path):
    _programs.skip_without("celery", "redis")
    with HTTPMeeting(COUNT) as meeting:
        variables = {
            **_programs.environment(way),
            "BROKER": f"redis://127.0.0.1:{redis_port}",
            "MEETING": meeting.url,
            "C_FORCE_ROOT": "1",
        }
        variables["PYTHONPATH"] += os.pathsep + str(_programs.SERVERS)
        options = ["-P", "eventlet", "-c", str(COUNT // 2), "-l", "INFO", "-n", "worker@localhost"]
        with open(tmp_path / "log", "wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "celery_app", "worker", *options],
                cwd=tmp_path, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            client = _programs.run_unchecked(
                "celery_client", str(COUNT), way.hub, way=Way("never"), variables=variables, directory=tmp_path
            )
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
                worker.wait(_servers.SECONDS_TO_END)
        finally:
            _servers.end(worker, subprocess.Popen.kill)
    said = (tmp_path / "log").read_text()
    assert (client.stdout, client.stderr) == ("done\n", ""), f"{client.stderr}\n{said}"
    assert worker.returncode == 0, said
    assert said.count("Traceback") == said.count("KeyError: 'failed'") == 1, said
