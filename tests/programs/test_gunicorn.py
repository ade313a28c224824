"""gunicorn with `-k eventlet`: the parent process patches, and forks workers, each with a hub of its own."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.programs import _programs, _servers
from tests.programs.conftest import COUNT

pytestmark = [pytest.mark.isolated, pytest.mark.slow]

HUBS = [way for way in _programs.ways() if way.hub]


@pytest.fixture(params=HUBS, ids=str)
def way(request):
    _programs.skip_without("gunicorn")
    if importlib.util.find_spec("gunicorn.workers.geventlet") is None:
        pytest.skip("this gunicorn has no eventlet worker: the last with it is 25")
    return request.param


@pytest.fixture
def variables(way, tmp_path):
    environment = _programs.environment(way)
    return {
        **environment,
        "PYTHONPATH": os.pathsep.join([environment["PYTHONPATH"], str(_programs.SERVERS)]),
        "COUNT": str(COUNT),
        "BEGUN": str(tmp_path / "begun"),
        "END": str(tmp_path / "end"),
    }


def command(application):
    configuration = str(_programs.SERVERS / "gunicorn_conf.py")
    return lambda port: [
        *(sys.executable, "-m", "gunicorn", "-c", configuration, "-b", f"127.0.0.1:{port}", application),
    ]


def get(port, path, data=None):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", data, timeout=50) as response:
        return response.read()


def wait_until(condition):
    deadline = time.monotonic() + 50
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def test_worker(way, variables, tmp_path):
    with ThreadPoolExecutor(COUNT) as executor:
        with _servers.server(command("gunicorn_app:application"), tmp_path, variables=variables) as port:
            # The process's first thread is the only one, and has the hub that the environment names.
            assert get(port, "where").decode() == f"{way.hub} True"
            numbers = [str(number).encode() for number in range(COUNT)]
            assert list(executor.map(lambda number: get(port, f"meet/{number.decode()}"), numbers)) == numbers
            assert get(port, "file") == b"0123456789" * 100_000
            assert get(port, "echo", b"x" * 1_000_000) == b"x" * 1_000_000
            lingering = executor.submit(get, port, "linger")
            wait_until((tmp_path / "begun").exists)
            stopping = executor.submit(wait_until, lambda: "Handling signal: term" in (tmp_path / "log").read_text())
            stopping.add_done_callback(lambda _: (tmp_path / "end").touch())
        # The server was told to end while a request was in progress: that was answered.
        stopping.result(50)
        assert lingering.result(50) == b"ok"
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log, log
    assert "Shutting down: Master" in log, log


def test_socketio(way, variables, tmp_path):
    """Flask-SocketIO deployed as its documentation says: gunicorn -k eventlet -w 1."""
    _programs.skip_without("flask_socketio", "socketio", "requests")
    with _servers.server(command("socketio_app:app"), tmp_path, variables=variables) as port:
        said = _programs.run("socketio_client", f"http://127.0.0.1:{port}", str(COUNT), way=way)
    log = (tmp_path / "log").read_text()
    assert said == "done\n", log
    assert "Traceback" not in log, log
