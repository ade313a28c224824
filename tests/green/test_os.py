import os as standard
import sys

import pytest

import eventlet
from eventlet import greenio, patcher
from eventlet.green import os, socket


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


@pytest.mark.skipif(not hasattr(standard, "readinto"), reason="Python 3.14 brought readinto()")
@pytest.mark.parametrize("blocking", [True, False])
def test_readinto_waits_for_data(pipe, spawn, blocking):
    standard.set_blocking(pipe[0], blocking)
    spawn(standard.write, pipe[1], b"data")
    buffer = bytearray(5)

    assert os.readinto(pipe[0], bytearray()) == 0
    assert os.readinto(pipe[0], buffer) == 4
    assert buffer == b"data\0"


@pytest.mark.skipif(not hasattr(standard, "readinto"), reason="Python 3.14 brought readinto()")
def test_patched_readinto_leaves_non_blocking_files_alone(patched_os, pipe, spawn):
    standard.set_blocking(pipe[0], False)
    with pytest.raises(BlockingIOError):
        standard.readinto(pipe[0], bytearray(5))
    standard.set_blocking(pipe[0], True)
    spawn(standard.write, pipe[1], b"data")
    assert standard.readinto(pipe[0], bytearray(5)) == 4


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


# ---- patched: as the standard ones, for who does not want to wait

@pytest.fixture
def patched_os(hub):
    with patcher.patched(os=True):
        yield standard


def test_patched_what_the_program_made_non_blocking_does_not_wait(patched_os, pipe):
    for fd in pipe:
        standard.set_blocking(fd, False)
    with pytest.raises(BlockingIOError):
        standard.read(pipe[0], 1)
    with pytest.raises(BlockingIOError):
        while True:
            standard.write(pipe[1], b"x" * 65536)


def test_patched_blocking_fds_wait(patched_os, pipe, spawn):
    spawn(standard.write, pipe[1], b"x" * 300000)
    total = 0
    while total < 300000:
        total += len(standard.read(pipe[0], 65536))


@pytest.mark.parametrize("duplicate", [False, True], ids=["itself", "a duplicate"])
def test_patched_what_a_green_pipe_made_non_blocking_waits(patched_os, pipe, spawn, duplicate):
    with greenio.GreenPipe(pipe[0], "rb", 0, closefd=False) as file:
        spawn(standard.write, pipe[1], b"12")
        assert file.read(1) == b"1"
        assert not standard.get_blocking(pipe[0])
        fd = standard.dup(pipe[0]) if duplicate else pipe[0]

        assert standard.read(fd, 1) == b"2"
        spawn(standard.write, pipe[1], b"3")
        assert standard.read(fd, 1) == b"3"
        if duplicate:
            standard.close(fd)


def test_patched_what_was_made_non_blocking_for_green_threads_waits(patched_os, pipe, spawn):
    greenio.set_nonblocking(pipe[0])
    spawn(standard.write, pipe[1], b"data")

    assert standard.read(pipe[0], 100) == b"data"


def test_patched_a_green_socket_waits(patched_os, spawn):
    left, right = socket.socketpair()
    with left, right:
        spawn(standard.write, right.fileno(), b"data")
        assert standard.read(left.fileno(), 100) == b"data"


def test_a_green_pipe_leaves_a_non_blocking_file_to_whoever_made_it_so(patched_os, pipe, spawn):
    standard.set_blocking(pipe[0], False)
    with greenio.GreenPipe(pipe[0], "rb", 0, closefd=False) as file:
        spawn(standard.write, pipe[1], b"data")
        assert file.read(4) == b"data"
        with pytest.raises(BlockingIOError):
            standard.read(pipe[0], 1)


def test_a_number_that_is_used_again_is_another_file(patched_os, hub):
    reader, writer = standard.pipe()
    greenio.set_nonblocking(reader)
    standard.close(reader)
    standard.close(writer)
    again = standard.pipe()
    assert again[0] == reader
    standard.set_blocking(reader, False)
    with pytest.raises(BlockingIOError):
        standard.read(reader, 1)
    for fd in again:
        standard.close(fd)


@pytest.mark.parametrize("call", [lambda pipe: os.read(pipe[1], 1), lambda pipe: os.write(pipe[0], b"x")])
def test_an_end_that_is_not_open_for_it_is_an_error(pipe, call):
    with pytest.raises(OSError, match="Bad file descriptor"):
        call(pipe)


def test_patched_errors_are_the_standard_ones(patched_os):
    fd = standard.dup(0)
    standard.close(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        standard.read(fd, 1)
    with pytest.raises(TypeError):
        standard.read("0", 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
class TestChildren:
    @pytest.fixture
    def wait(self, hub, spawn, tmp_path):
        """A shell command that goes on when another green thread has run."""
        gate = tmp_path / "gate"
        standard.mkfifo(gate)
        spawn(lambda: gate.write_text("go\n"))
        return f"read line <'{gate}'"

    def test_popen_lets_others_run(self, wait):
        with os.popen(f"{wait}; echo said") as said:
            assert said.read() == "said\n"

    def test_closing_what_popen_writes_to_waits_for_the_end(self, wait):
        file = os.popen(f"{wait}; cat >/dev/null; exit 3", "w")
        file.write("some")

        assert file.close() == 3 << 8

    @pytest.mark.parametrize("arguments", [(3,), ("true", "rw"), ("true", "r", 0)])
    def test_popen_refuses_what_the_standard_one_does(self, hub, arguments):
        with pytest.raises((TypeError, ValueError)) as error:
            standard.popen(*arguments)
        with pytest.raises(error.type):
            os.popen(*arguments)

    @pytest.mark.parametrize(("end", "status"), [("exit 3", 3), ("kill -9 $$", -9)])
    @pytest.mark.parametrize(
        ("name", "last"),
        [("spawnl", ()), ("spawnlp", ()), ("spawnle", ({},)), ("spawnlpe", ({"PATH": standard.defpath},))],
    )
    def test_spawn_lets_others_run(self, wait, name, last, end, status):
        assert getattr(os, name)(os.P_WAIT, "/bin/sh", "sh", "-c", f"{wait}; {end}", *last) == status

    def test_spawn_without_waiting_is_the_standard_one(self, hub):
        pid = os.spawnv(os.P_NOWAIT, "/bin/sh", ["sh", "-c", "exit 3"])

        assert os.waitpid(pid, 0) == (pid, 3 << 8)
