"""`GreenPipe`: file objects on pipes and other fds, whose reads and writes let others run.

Also which files were made non-blocking here, so that green threads can wait for them. Whoever makes a file non-blocking
himself wants BlockingIOError, and gets it from the patched `os.read`; but not because a green pipe is behind the file.
"""

from __future__ import annotations

import io

from eventlet._pristine import os
from eventlet.hubs._current import get_hub
from eventlet.hubs._readiness import FdRecord, file_identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

__all__ = ["GreenFileIO", "GreenPipe"]

#: By fd, so that it cannot grow for ever: an fd that was closed behind our back is overwritten by its next user.
_made: dict[int, Any] = {}


def set_nonblocking(fd: Any) -> None:
    """Make `fd`, a number or an object with `fileno()`, non-blocking at the OS level. Never switches.

    It is for green threads that way: `os.read` and `os.write` go on to wait for it, when patched.
    """
    fd = fd if isinstance(fd, int) else fd.fileno()
    os.set_blocking(fd, False)
    _made[fd] = file_identity(fd)


def _make_nonblocking(fd: int) -> None:
    """As `set_nonblocking`, but what is non-blocking already stays as whoever did that wants it."""
    if os.get_blocking(fd):
        set_nonblocking(fd)


def was_made_nonblocking_here(fd: int) -> bool:
    """Whether the file behind `fd`, or behind an fd that it was duplicated from, is non-blocking for our sake."""
    identity = file_identity(fd)
    return identity is not None and identity in _made.values()


def _forget(fd: int) -> None:
    """`fd` is about to be closed."""
    _made.pop(fd, None)


class GreenFileIO(io.RawIOBase):
    """Unbuffered binary I/O on a file descriptor, as io.FileIO; waiting switches.

    The fd is made non-blocking, for everybody who shares it, when it is first read or written: until
    then it can be handed to another process that knows nothing of this. Regular files cannot be waited for:
    reading them blocks the thread, as everywhere on Unix.
    """

    def __init__(self, name: Any, mode: str = "r", closefd: bool = True, opener: Any = None) -> None:
        """Open `name`: a path, a file descriptor, or an object with `fileno()`, which is then kept.

        Raises ValueError for a bad mode, or a path with `closefd` false.
        """
        kinds = set(mode.replace("b", ""))
        if len(kinds - {"+"}) != 1 or not kinds <= set("rwax+") or len(mode) != len(set(mode)):
            raise ValueError(f"invalid mode: {mode!r}")
        self.mode = mode
        self._owner: Any = None
        if isinstance(name, (str, bytes, os.PathLike)):
            if not closefd:
                raise ValueError("Cannot use closefd=False with file name")
            with io.FileIO(name, mode.replace("b", ""), opener=opener) as opened:
                self._fd = os.dup(opened.fileno())
            self.name: Any = name
        elif isinstance(name, int):
            self._fd = name
            os.fstat(name)
            self.name = name
        else:
            self._owner = name
            self._fd = name.fileno()
            self.name = getattr(name, "name", self._fd)
        self._closefd = closefd
        self._can_read = "r" in kinds or "+" in kinds
        self._can_write = bool(kinds & set("wax+"))
        self._seekable: bool | None = None
        #: Whether `write` goes on until everything is written. A buffer above it wants to
        #: know about each part instead: when it is interrupted, it must not send that again.
        self._writes_all = True
        self._is_nonblocking = False
        self._record = FdRecord(self._fd)

    # ---- I/O

    def _set_nonblocking(self) -> None:
        _make_nonblocking(self._fd)
        self._is_nonblocking = True

    def _reading(self, attempt: Callable[..., Any], *args: Any) -> Any:
        if not self._is_nonblocking:
            self._set_nonblocking()
        while True:
            try:
                return attempt(self._fd, *args)
            except BlockingIOError:
                self._check_open()
                get_hub().wait_readable(self._record, None)

    def read(self, size: int | None = -1) -> bytes:
        """Return up to `size` bytes (negative: all there are until the end); b"" at the end. Switches to wait."""
        self._check(self._can_read, "read")
        if size is None or size < 0:
            return self.readall()
        return self._reading(os.read, size)  # type: ignore[no-any-return]

    def readall(self) -> bytes:
        """Return everything until the end. Switches to wait."""
        self._check(self._can_read, "read")
        chunks: list[bytes] = []
        while True:
            chunk = self._reading(os.read, io.DEFAULT_BUFFER_SIZE)
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)

    def readinto(self, b: Any) -> int:
        """Read into `b` up to its size; return how many bytes. Switches to wait."""
        self._check(self._can_read, "read")
        with memoryview(b) as view, view.cast("B") as target:
            data = self._reading(os.read, len(target))
            target[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        """Write all of `data`; return how many bytes that is. Switches to wait for room.

        Below a buffer it writes what there is room for, and at least one byte.
        """
        self._check(self._can_write, "writ")
        if not self._is_nonblocking:
            self._set_nonblocking()
        with memoryview(data) as view, view.cast("B") as unsent:
            total = len(unsent)
            done = 0
            while done < total:
                try:
                    done += os.write(self._fd, unsent[done:])
                except BlockingIOError:
                    self._check_open()
                    get_hub().wait_writable(self._record, None)
                else:
                    if not self._writes_all:
                        break
        return done

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to `offset`; return the new position. Raises OSError on a pipe."""
        self._check_open()
        position: int = os.lseek(self._fd, offset, whence)
        return position

    def tell(self) -> int:
        """Return the present position. Never switches. Raises OSError on a pipe."""
        return self.seek(0, 1)

    def truncate(self, size: int | None = None) -> int:
        """Cut the file at `size` bytes; None or negative: at the present position. Return the size."""
        self._check(self._can_write, "writ")
        if size is None or size < 0:
            size = self.tell()
        os.ftruncate(self._fd, size)
        return size

    # ---- what it is

    def fileno(self) -> int:
        """Return the file descriptor."""
        self._check_open()
        return self._fd  # type: ignore[no-any-return]

    def isatty(self) -> bool:
        """Whether it is a terminal. Never switches."""
        self._check_open()
        return os.isatty(self._fd)  # type: ignore[no-any-return]

    def readable(self) -> bool:
        """Whether its mode lets it be read. Never switches."""
        self._check_open()
        return self._can_read

    def writable(self) -> bool:
        """Whether its mode lets it be written. Never switches."""
        self._check_open()
        return self._can_write

    def seekable(self) -> bool:
        """Whether it has positions: a regular file has, a pipe has not. Never switches."""
        self._check_open()
        if self._seekable is None:
            try:
                os.lseek(self._fd, 0, 1)
                self._seekable = True
            except OSError:
                self._seekable = False
        return self._seekable

    def close(self) -> None:
        """Close it, and the fd unless `closefd` was false; who waits on it gets IOClosed. Never switches."""
        if self.closed:
            return
        try:
            super().close()
        finally:
            record = getattr(self, "_record", None)
            if record is not None:
                if record.hub is not None:
                    record.hub.drop(record)
                    record.hub = None
                if self._closefd:
                    _forget(self._fd)
                if self._owner is not None:
                    if self._closefd:
                        self._owner.close()
                elif self._closefd:
                    os.close(self._fd)

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file.")

    def _check(self, allowed: bool, what: str) -> None:
        self._check_open()
        if not allowed:
            raise io.UnsupportedOperation(f"not {what}able" if what != "writ" else "not writable")

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"fd={self._fd}"
        return f"<{type(self).__name__} {state} mode={self.mode!r}>"


# A green thread that waits inside of a buffer holds its lock, which nobody else in this
# OS thread can wait for: RuntimeError. Closing what it waits on ends the wait.


class _Reader(io.BufferedReader):
    def close(self) -> None:
        _close_anyway(super().close, self.raw)


class _Writer(io.BufferedWriter):
    def close(self) -> None:
        _close_anyway(super().close, self.raw)


class _Random(io.BufferedRandom):
    def close(self) -> None:
        _close_anyway(super().close, self.raw)


class _Pair(io.BufferedRWPair):
    def __init__(self, raw: Any, size: int) -> None:
        super().__init__(raw, raw, size)
        self.raw = raw

    def close(self) -> None:
        _close_anyway(super().close, self.raw)


class _Text(io.TextIOWrapper):
    def close(self) -> None:
        _close_anyway(super().close, self.buffer)


def _close_anyway(close: Callable[[], None], inner: Any) -> None:
    try:
        close()
    except RuntimeError:
        inner.close()


def GreenPipe(
    name: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    """Return a file object like the built-in `open` does, whose waiting switches.

    `name` is a path, a file descriptor, or an object with `fileno()`. The arguments are those
    of `open`. Text unless `mode` has a 'b'.
    """
    binary = "b" in mode
    if binary and "t" in mode:
        raise ValueError("can't have text and binary mode at once")
    if binary and (encoding is not None or errors is not None or newline is not None):
        raise ValueError("binary mode doesn't take an encoding, errors or newline argument")
    if buffering == 0 and not binary:
        raise ValueError("can't have unbuffered text I/O")
    if binary and buffering == 1:
        import warnings  # seldom needed

        message = "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    raw = GreenFileIO(name, mode.replace("t", "").replace("b", ""), closefd, opener)
    if buffering == 0:
        return raw
    raw._writes_all = False
    line_buffering = buffering == 1
    size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
    buffer: Any
    if raw.readable() and raw.writable():
        buffer = _Random(raw, size) if raw.seekable() else _Pair(raw, size)
    elif raw.readable():
        buffer = _Reader(raw, size)
    else:
        buffer = _Writer(raw, size)
    if binary:
        return buffer
    text = _Text(buffer, encoding, errors, newline, line_buffering)
    text.mode = mode  # type: ignore[misc]
    return text
