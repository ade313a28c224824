import os as standard
import sys

import pytest

import eventlet
from eventlet.green import os


@pytest.fixture
def pipe(hub):
    fds = list(standard.pipe())
    yield fds
    for fd in fds:
        try:
            standard.close(fd)
        except OSError:
            pass


@pytest.mark.parametrize("blocking", [True, False])
def test_read_waits_for_data(pipe, spawn, blocking):
    standard.set_blocking(pipe[0], blocking)
    spawn(standard.write, pipe[1], b"data")

    assert os.read(pipe[0], 100) == b"data"


@pytest.mark.parametrize("blocking", [True, False])
def test_read_sees_the_end(pipe, spawn, blocking):
    standard.set_blocking(pipe[0], blocking)
    spawn(standard.close, pipe[1])

    assert os.read(pipe[0], 100) == b""


def test_write_to_a_blocking_pipe_writes_all(pipe, spawn):
    writer = spawn(os.write, pipe[1], b"x" * 300000)
    total = 0
    while total < 300000:
        total += len(os.read(pipe[0], 65536))

    assert writer.wait() == 300000


def test_write_to_a_non_blocking_pipe_waits_for_room(pipe, spawn):
    standard.set_blocking(pipe[1], False)
    while True:
        try:
            standard.write(pipe[1], b"x" * 65536)
        except BlockingIOError:
            break
    writer = spawn(os.write, pipe[1], b"last")
    eventlet.sleep(0)
    assert not writer.dead
    standard.read(pipe[0], 1 << 20)

    assert writer.wait() == 4


def test_regular_files(hub, tmp_path):
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    assert os.write(fd, b"text") == 4
    os.lseek(fd, 0, 0)
    assert os.read(fd, 10) == b"text"
    with os.fdopen(fd, "r") as file:
        assert file.read() == ""


def test_errors_are_the_standard_ones(hub):
    fd = standard.dup(0)
    standard.close(fd)
    for call in (lambda: os.read(fd, 1), lambda: os.write(fd, b"x"), lambda: os.fdopen(fd)):
        with pytest.raises(OSError, match="Bad file descriptor"):
            call()
    with pytest.raises(TypeError):
        os.read("fd", 1)
    with pytest.raises(TypeError):
        os.fdopen("name")


@pytest.mark.skipif(sys.version_info < (3, 13), reason="until Python 3.12 nothing is said about it")
def test_fdopen_warns_of_a_bool():
    # Before it does anything: True is standard output.
    with pytest.raises(RuntimeWarning, match="bool is used as a file descriptor"):
        os.fdopen(True)


def test_fdopen_gives_a_green_file(pipe, spawn):
    with os.fdopen(pipe[0], "r", encoding="ascii") as reader:
        spawn(standard.write, pipe[1], b"line\n")
        assert reader.readline() == "line\n"
    pipe.pop(0)


def child(seconds, status):
    script = f"import time; time.sleep({seconds}); raise SystemExit({status})"
    return standard.spawnl(standard.P_NOWAIT, sys.executable, sys.executable, "-S", "-c", script)


def test_waitpid_lets_others_run(hub, spawn):
    ran = []
    spawn(ran.append, 1)
    pid = child(0.01, 7)

    assert os.waitpid(pid, 0) == (pid, 7 << 8)
    assert ran == [1]
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, 0)


def test_waitpid_without_pidfd(hub, monkeypatch):
    monkeypatch.setattr(os._os, "pidfd_open", None, raising=False)
    monkeypatch.delattr(os._os, "pidfd_open")
    pid = child(0.01, 1)

    assert os.waitpid(pid, 0) == (pid, 1 << 8)


def test_wait_takes_any_child(hub):
    pid = child(0.01, 0)

    assert os.wait() == (pid, 0)


def test_nohang_never_waits(hub):
    pid = child(0.05, 0)
    assert os.waitpid(pid, os.WNOHANG) == (0, 0)
    assert os.waitpid(pid, 0) == (pid, 0)
