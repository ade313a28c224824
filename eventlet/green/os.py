"""os, whose reading, writing and waiting for processes let other green threads run."""

from __future__ import annotations

import errno
import fcntl
import functools
import io
import stat
import sys
import warnings

from eventlet import _pristine, hubs
from eventlet.green import _children
from eventlet.green._lookalike import look_like, present
from eventlet.green._multiplex import wait_until
from eventlet.green._system import system_with as _system_with
from eventlet.greenio import GreenPipe
from eventlet.greenio.pipe import was_made_nonblocking_here
from eventlet.greenthread import sleep
from eventlet.hubs._readiness import READABLE, WRITABLE

_os = _pristine.os

__patched__ = present(
    _os, "fdopen", "open", "read", "readinto", "system", "wait", "wait3", "wait4", "waitid", "waitpid", "write"
)
__getattr__, __dir__ = look_like(globals(), _os)

#: What a pipe, once it says that it has room, takes without blocking: pipe(7), POSIX's PIPE_BUF.
_SAFE_CHUNK = getattr(_pristine.select, "PIPE_BUF", 512)


def read(fd, n):
    """Return up to `n` bytes from `fd`; b"" at the end. Switches to wait for the first.

    It waits for non-blocking fds, too. (When patched only for those that are non-blocking for the sake of green
    threads: sockets, green pipes, those of `greenio.set_nonblocking`. Others raise BlockingIOError.)
    """
    if n > 0 and _blocks(fd, _os.O_RDONLY):
        _wait(fd, READABLE)
    while True:
        try:
            return _os.read(fd, n)
        except BlockingIOError:
            _wait(fd, READABLE)


def write(fd, st):
    """Write `st` to `fd`; return how many bytes: all, unless `fd` is non-blocking. Switches to wait for room.

    It waits for non-blocking fds, too; see `read`.
    """
    if _blocks(fd, _os.O_WRONLY) and _may_fill_up(fd):
        return _write_all(fd, st)
    while True:
        try:
            return _os.write(fd, st)
        except BlockingIOError:
            _wait(fd, WRITABLE)


def _write_all(fd, data):
    with memoryview(data) as view, view.cast("B") as unsent:
        done = 0
        while True:
            _wait(fd, WRITABLE)
            done += _os.write(fd, unsent[done : done + _SAFE_CHUNK])
            if done == len(unsent):
                return done


@functools.wraps(read)
def _patched_read(fd, n, /):
    return _os.read(fd, n) if _is_not_to_wait(fd) else read(fd, n)


@functools.wraps(write)
def _patched_write(fd, data, /):
    return _os.write(fd, data) if _is_not_to_wait(fd) else write(fd, data)


#: What becomes of these names in the standard module, instead of what they are here.
__patched_with__ = {"read": _patched_read, "write": _patched_write}

if hasattr(_os, "readinto"):  # since Python 3.14

    def readinto(fd, buffer, /):
        """Fill `buffer` from `fd`, as far as there is something; return how many bytes: 0 at the end. See `read`."""
        if len(buffer) and _blocks(fd, _os.O_RDONLY):
            _wait(fd, READABLE)
        while True:
            try:
                return _os.readinto(fd, buffer)
            except BlockingIOError:
                _wait(fd, READABLE)

    @functools.wraps(readinto)
    def _patched_readinto(fd, buffer, /):
        return _os.readinto(fd, buffer) if _is_not_to_wait(fd) else readinto(fd, buffer)

    __patched_with__["readinto"] = _patched_readinto


def _is_not_to_wait(fd):
    """Whether the program itself has made `fd` non-blocking. Sockets are all non-blocking when they are green."""
    try:
        return not (_os.get_blocking(fd) or stat.S_ISSOCK(_os.fstat(fd).st_mode) or was_made_nonblocking_here(fd))
    except (OSError, TypeError, OverflowError):
        return True  # the call itself tells what is wrong


def _blocks(fd, access):
    """Whether the call would block. If `fd` is not open for that, it fails, where nothing would ever be ready."""
    try:
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    except (OSError, TypeError, ValueError, OverflowError):
        return False  # the call itself tells what is wrong
    return not flags & _os.O_NONBLOCK and flags & _os.O_ACCMODE in (access, _os.O_RDWR)


def _may_fill_up(fd):
    mode = _os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


def _wait(fd, event):
    if hasattr(_pristine.select, "poll"):
        poller = _pristine.select.poll()
        poller.register(fd, event)
        wait_until(lambda: poller.poll(0), [(fd, event)], None)
    else:
        hubs.trampoline(fd, read=event == READABLE, write=event == WRITABLE)


def open(path=None, flags=_os.O_RDONLY, mode=0o777, *, dir_fd=None, file=None):
    """As os.open; tells the hub of the new fd. Never switches."""
    # `file` is upstream's name of the first parameter.
    fd = _os.open(path if file is None else file, flags, mode, dir_fd=dir_fd)
    hubs.notify_opened(fd)
    return fd


if sys.version_info < (3, 10):
    # pathlib has a class with this attribute: a function would be a method there, what is written in C is not.
    open = functools.update_wrapper(functools.partial(open), open)


def fdopen(fd, mode="r", buffering=-1, encoding=None, *args, **kwargs):
    """Return a file object for `fd`: a GreenPipe, but for regular files and terminals to write to. Never switches."""
    if not isinstance(fd, int):
        raise TypeError(f"invalid fd type ({type(fd)}, expected integer)")
    if isinstance(fd, bool) and sys.version_info >= (3, 13):  # until 3.12 is dropped
        warnings.warn("bool is used as a file descriptor", RuntimeWarning, stacklevel=2)
    # A terminal belongs to others, too: making it non-blocking would break their output.
    if stat.S_ISREG(_os.fstat(fd).st_mode) or _os.isatty(fd) and "r" not in mode:
        return io.open(fd, mode, buffering, encoding, *args, **kwargs)
    return GreenPipe(fd, mode, buffering, encoding, *args, **kwargs)


def patch_in_place(os):
    """Let `open` be known as what the standard one is."""
    if _os.open in os.supports_dir_fd:
        os.supports_dir_fd.add(open)


def undo_in_place(os):
    """Undo `patch_in_place`."""
    os.supports_dir_fd.discard(open)


# ---- processes

#: Where the end of a process cannot be waited for, look in intervals that double up to the second number.
_FIRST_PAUSE, _LAST_PAUSE = 0.001, 0.05


def wait():
    """Wait for any child process to end; return (pid, status). Switches."""
    return waitpid(-1, 0)


def waitpid(pid, options):
    """Wait for the child process `pid` to change state; return (pid, status). Switches, unless WNOHANG is given."""
    if options & _os.WNOHANG:
        return _os.waitpid(pid, options)
    return _wait_for(lambda: _os.waitpid(pid, options | _os.WNOHANG), _has_pid, pid if not options else 0)


if hasattr(_os, "wait3"):

    def wait3(options):
        """Wait for any child process; return (pid, status, resource usage). Switches, unless WNOHANG is given."""
        if options & _os.WNOHANG:
            return _os.wait3(options)
        return _wait_for(lambda: _os.wait3(options | _os.WNOHANG), _has_pid)

    def wait4(pid, options):
        """Wait for the child process `pid`; return (pid, status, resource usage). Switches, unless WNOHANG is given."""
        if options & _os.WNOHANG:
            return _os.wait4(pid, options)
        return _wait_for(lambda: _os.wait4(pid, options | _os.WNOHANG), _has_pid, pid if not options else 0)


if hasattr(_os, "waitid"):

    def waitid(idtype, id, options, /):
        """Wait for children to change state; return what happened. Switches, unless WNOHANG is given."""
        if options & _os.WNOHANG:
            return _os.waitid(idtype, id, options)
        pid = id if idtype == _os.P_PID and options & ~_os.WNOWAIT == _os.WEXITED else 0
        return _wait_for(lambda: _os.waitid(idtype, id, options | _os.WNOHANG), bool, pid)


def _has_pid(ended):
    return ended[0] != 0


def _wait_for(look, is_over, pid=0):
    """Return what `look()` does as soon as `is_over` of it; the end of process `pid`, if given, is known at once."""
    ended = look()
    if is_over(ended):
        return ended
    if pid > 0:
        _wait_for_end(pid)
    pause = _FIRST_PAUSE
    while True:
        ended = look()
        if is_over(ended):
            return ended
        sleep(pause)
        pause = min(2 * pause, _LAST_PAUSE)


def _wait_for_end(pid):
    try:
        fd = _os.pidfd_open(pid)
    except (AttributeError, OSError) as error:
        if getattr(error, "errno", None) == errno.EMFILE:
            raise
        return
    try:
        hubs.trampoline(fd, read=True)
    finally:
        hubs.notify_close(fd)
        _os.close(fd)


if hasattr(_os, "posix_spawn"):
    system = _system_with(waitpid)


if hasattr(_os, "fork"):
    # When os is patched the standard ones find the green waitpid, and popen the green subprocess: not in `__patched__`.
    popen = _children.popen
    globals().update({name: _children.waiting_by(waitpid, name) for name in present(_os, *_children.SPAWNS)})
