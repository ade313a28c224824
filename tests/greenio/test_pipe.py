"""GreenPipe and GreenFileIO: files on pipes and other fds whose waiting lets others run."""

from __future__ import annotations

import errno
import io
import os
import random

import pytest

from eventlet.greenio import GreenFileIO, GreenPipe
from eventlet.greenthread import sleep, spawn
from eventlet.hubs import IOClosed
from eventlet.timeout import Timeout
from tests.helpers import settle

BIG = random.Random(0).randbytes(1_000_000)


@pytest.fixture
def pipe(hub_of_test, closing):
    """The fds of a pipe, whoever closes them."""
    fds = os.pipe()
    yield fds
    for fd in fds:
        try:
            os.close(fd)
        except OSError:
            pass


@pytest.fixture
def hub_of_test(request):
    return request.getfixturevalue("autojump_hub" if "autojump_hub" in request.fixturenames else "hub")


def test_text(hub, pipe):
    with GreenPipe(pipe[0], "r", encoding="utf-8") as reader:
        with GreenPipe(pipe[1], "w", encoding="utf-8") as writer:
            waiter = spawn(reader.readline)
            settle()
            assert not waiter.dead
            print("grün", file=writer)
            writer.flush()
            assert waiter.wait() == "grün\n"
            writer.write("rest")
        assert reader.read() == "rest"
        assert reader.read() == ""


def test_binary(hub, pipe):
    with GreenPipe(pipe[0], "rb") as reader:
        with GreenPipe(pipe[1], "wb") as writer:
            waiter = spawn(reader.read, 5)
            settle()
            writer.write(b"hel")
            writer.flush()
            settle()
            assert not waiter.dead
            writer.write(b"lo!")
            writer.flush()
            assert waiter.wait() == b"hello"
        assert reader.read() == b"!"


@pytest.mark.parametrize("buffering", [0, 1, -1, 10_000])
def test_lines(hub, pipe, buffering):
    if buffering == 1:
        opened = GreenPipe(pipe[0], "r", 1), GreenPipe(pipe[1], "w", 1)
        lines = ["one\n", "two\n", "three"]
    else:
        opened = GreenPipe(pipe[0], "rb", buffering), GreenPipe(pipe[1], "wb", buffering)
        lines = [b"one\n", b"two\n", b"three"]
    reader, writer = opened
    with reader:
        seen = []
        waiter = spawn(lambda: seen.extend(reader))
        with writer:
            for line in lines:
                writer.write(line)
                sleep(0)
        waiter.wait()
        assert seen == lines


def test_line_buffering_sends_lines(hub, pipe):
    with GreenPipe(pipe[0], "r") as reader, GreenPipe(pipe[1], "w", 1) as writer:
        writer.write("line\n")
        assert reader.readline() == "line\n"


@pytest.mark.parametrize("buffering", [0, -1])
def test_more_than_the_pipe_holds(hub, pipe, buffering):
    with GreenPipe(pipe[0], "rb", buffering) as reader:
        waiter = spawn(reader.read)
        with GreenPipe(pipe[1], "wb", buffering) as writer:
            assert writer.write(BIG) == len(BIG)
        assert waiter.wait() == BIG


def test_as_oslo_uses_it(hub, pipe):
    # A helper process that lives as long as the other end is open: reading one line blocks.
    reader = GreenPipe(pipe[0], "r")
    waiter = spawn(reader.read)
    settle()
    assert not waiter.dead
    os.close(pipe[1])
    assert waiter.wait() == ""
    reader.close()


def test_readinto_and_read_of_some(hub, pipe):
    with GreenPipe(pipe[0], "rb", 0) as reader:
        buffer = bytearray(10)
        waiter = spawn(reader.readinto, buffer)
        settle()
        os.write(pipe[1], b"hello")
        assert waiter.wait() == 5
        assert buffer[:5] == b"hello"
        os.write(pipe[1], b"world")
        assert reader.read(2) == b"wo"
        assert reader.read(0) == b""
        assert reader.readall.__self__ is reader
        os.close(pipe[1])
        assert reader.readall() == b"rld"
        assert reader.read(1) == b""


def test_files_and_objects_with_fileno_are_taken(hub, pipe):
    plain = os.fdopen(pipe[1], "wb")
    with GreenPipe(pipe[0], "rb") as reader:
        writer = GreenPipe(plain, "wb")
        waiter = spawn(reader.read)
        settle()
        writer.write(b"x")
        writer.close()
        assert plain.closed
        assert waiter.wait() == b"x"


def test_closefd_leaves_it_open(hub, pipe):
    with GreenPipe(pipe[1], "wb", closefd=False) as writer:
        writer.write(b"x")
    assert os.read(pipe[0], 9) == b"x"
    os.fstat(pipe[1])
    plain = os.fdopen(pipe[0], "rb", closefd=False)
    GreenPipe(plain, "rb", closefd=False).close()
    assert not plain.closed


def test_both_directions_on_a_socket(hub, pair):
    left, right = pair
    with GreenPipe(os.dup(left.fileno()), "r+b") as file:
        waiter = spawn(file.read, 2)
        settle()
        assert not waiter.dead
        file.write(b"question")
        file.flush()
        assert right.recv(99) == b"question"
        right.send(b"ok")
        assert waiter.wait() == b"ok"


# ---- regular files


def test_regular_files(hub, tmp_path):
    path = tmp_path / "file"
    with GreenPipe(str(path), "w", encoding="utf-8") as file:
        assert file.write("one\ntwo\n") == 8
    with GreenPipe(path, "a") as file:
        file.write("three\n")
    with GreenPipe(str(path)) as file:
        assert list(file) == ["one\n", "two\n", "three\n"]
        file.seek(4)
        assert file.readline() == "two\n"
    with GreenPipe(str(path), "r+b") as file:
        assert file.read(4) == b"one\n"
        file.write(b"2")
        file.seek(0)
        assert file.read() == b"one\n2wo\nthree\n"
        file.truncate(4)
    assert path.read_text() == "one\n"
    with GreenFileIO(str(path)) as raw:
        assert raw.tell() == 0
        assert raw.seek(0, os.SEEK_END) == 4
        assert raw.seekable()
        assert raw.name == str(path)
        with pytest.raises(io.UnsupportedOperation):
            raw.write(b"x")
    with pytest.raises(FileExistsError):
        GreenPipe(str(path), "x")
    with pytest.raises(FileNotFoundError):
        GreenPipe(str(tmp_path / "missing"))


# ---- errors


@pytest.mark.parametrize("mode", ["", "q", "rw", "rwb", "b", "+", "rbt", "rr"])
def test_bad_modes(hub, pipe, mode):
    with pytest.raises(ValueError, match="mode"):
        GreenPipe(pipe[0], mode)
    os.fstat(pipe[0])


def test_bad_combinations(hub, pipe):
    for arguments in (
        {"mode": "r", "buffering": 0},
        {"mode": "rb", "encoding": "ascii"},
        {"mode": "rb", "newline": "\n"},
    ):
        with pytest.raises(ValueError, match="can't|doesn't"):
            GreenPipe(pipe[0], **arguments)
    with pytest.raises(ValueError, match="closefd"):
        GreenPipe("name", closefd=False)
    with pytest.raises(LookupError):
        GreenPipe(pipe[0], "r", encoding="no such encoding", closefd=False)
    os.fstat(pipe[0])


def test_a_closed_fd_is_an_error_at_the_call(hub, pipe):
    os.close(pipe[0])
    for bad in (pipe[0], -1):
        with pytest.raises((OSError, ValueError)):
            GreenPipe(bad)
    with pytest.raises((TypeError, AttributeError)):
        GreenPipe(None)


def test_what_it_cannot_do(hub, pipe):
    with GreenPipe(pipe[0], "rb", 0) as reader, GreenPipe(pipe[1], "wb", 0) as writer:
        assert (reader.readable(), reader.writable(), reader.seekable()) == (True, False, False)
        assert (writer.readable(), writer.writable(), writer.isatty()) == (False, True, False)
        assert reader.fileno() == pipe[0]
        with pytest.raises(io.UnsupportedOperation, match="writ"):
            reader.write(b"x")
        with pytest.raises(io.UnsupportedOperation, match="read"):
            writer.read(1)
        for call in (reader.tell, lambda: reader.seek(0)):
            with pytest.raises(OSError, match=os.strerror(errno.ESPIPE)):
                call()
        assert "fd=" in repr(reader)
    assert "closed" in repr(reader)
    for call in (lambda: reader.read(1), lambda: writer.write(b"x"), reader.fileno, reader.readable, reader.tell):
        with pytest.raises(ValueError, match="closed"):
            call()


def test_a_broken_pipe(hub, pipe):
    writer = GreenPipe(pipe[1], "wb", 0)
    os.close(pipe[0])
    with pytest.raises(BrokenPipeError):
        writer.write(b"x")
    writer.close()


def test_a_reader_that_goes_away_ends_the_writer(hub, pipe):
    writer = GreenPipe(pipe[1], "wb", 0)
    waiter = spawn(writer.write, BIG)
    settle()
    assert not waiter.dead
    os.close(pipe[0])
    with pytest.raises(BrokenPipeError):
        waiter.wait()
    writer.close()


# ---- ended from outside


@pytest.mark.parametrize(("mode", "buffering"), [("rb", 0), ("rb", -1), ("r", -1)])
def test_close_wakes_the_reader(hub, pipe, mode, buffering):
    reader = GreenPipe(pipe[0], mode, buffering)
    waiter = spawn(reader.read, 1)
    settle()
    reader.close()
    assert reader.closed
    with pytest.raises((IOClosed, ValueError)):
        waiter.wait()
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(pipe[0])


@pytest.mark.parametrize("buffering", [0, -1])
def test_close_wakes_the_writer(hub, pipe, buffering):
    writer = GreenPipe(pipe[1], "wb", buffering)
    waiter = spawn(writer.write, BIG)
    settle()
    assert not waiter.dead
    writer.close()
    with pytest.raises((IOClosed, ValueError)):
        waiter.wait()
    assert writer.closed
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(pipe[1])


@pytest.mark.parametrize("buffering", [0, -1])
def test_a_timeout_ends_a_read_and_loses_nothing(autojump_hub, pipe, buffering):
    with GreenPipe(pipe[0], "rb", buffering) as reader:
        for _ in range(2):
            with pytest.raises(Timeout), Timeout(3):
                reader.read(5)
        assert autojump_hub.clock() == 6
        os.write(pipe[1], b"hello")
        assert reader.read(5) == b"hello"


def test_a_buffered_write_that_timed_out_goes_on_where_it_was(autojump_hub, pipe):
    writer = GreenPipe(pipe[1], "wb", len(BIG) * 2)
    writer.write(BIG)
    with pytest.raises(Timeout), Timeout(3):
        writer.flush()
    with GreenPipe(pipe[0], "rb") as reader:
        waiter = spawn(reader.read)
        writer.close()
        assert waiter.wait() == BIG


@pytest.mark.parametrize("mode", ["rb", "wb"])
def test_a_killed_waiter_leaves_nothing(hub, pipe, mode):
    with GreenPipe(pipe[mode == "wb"], mode, 0) as file:
        waiter = spawn(file.read, 1) if mode == "rb" else spawn(file.write, BIG)
        settle()
        waiter.kill()
        assert waiter.dead
        assert hub.get_readers() == hub.get_writers() == []


def test_a_second_reader_is_an_error(hub, pipe):
    with GreenPipe(pipe[0], "rb", 0) as reader:
        waiter = spawn(reader.read, 1)
        settle()
        with pytest.raises(RuntimeError, match="second simultaneous read"):
            reader.read(1)
        os.write(pipe[1], b"x")
        assert waiter.wait() == b"x"


def test_a_second_buffered_user_is_an_error_and_harms_nothing(hub, pipe):
    with GreenPipe(pipe[0], "rb") as reader:
        waiter = spawn(reader.read, 1)
        settle()
        with pytest.raises(RuntimeError):
            reader.read(1)
        os.write(pipe[1], b"xy")
        assert waiter.wait() == b"x"
        assert reader.read(1) == b"y"


def test_many_pipes_leave_nothing(hub):
    for _ in range(200):
        read_fd, write_fd = os.pipe()
        with GreenPipe(read_fd, "rb", 0) as reader, GreenPipe(write_fd, "wb", 0) as writer:
            waiter = spawn(reader.read, 1)
            sleep(0)
            writer.write(b"x")
            assert waiter.wait() == b"x"
    assert len(hub._records) <= 1


def test_the_fd_blocks_until_it_is_used(hub, pipe):
    # So a process that gets it as its standard input finds what it expects.
    with GreenPipe(os.dup(pipe[0]), "rb", 0) as reader:
        assert os.get_blocking(pipe[0])
        os.write(pipe[1], b"x")
        assert reader.read(1) == b"x"
        assert not os.get_blocking(pipe[0])


def test_line_buffering_of_bytes_is_warned_of_as_by_open(hub, pipe):
    with pytest.warns(RuntimeWarning, match="line buffering"), GreenPipe(os.dup(pipe[0]), "rb", 1):
        pass
