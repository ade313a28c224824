"""os.system, that lets other green threads run."""

from __future__ import annotations

import signal
import sys

from eventlet import _pristine
from eventlet.greenthread import spawn_n

_os = _pristine.os
#: The shell that POSIX's system() runs, and the status of one that cannot be run.
_SHELL, _CANNOT_RUN = "/bin/sh", 127 << 8


class _Ignored:
    """SIGINT and SIGQUIT, ignored while commands run: a terminal's go to the command.

    Invariant: they are ignored exactly while `_count` is not 0, if this is up to us; the first one to
    need that finds, and the last one puts back, what others have set.
    """

    def __init__(self) -> None:
        self._count = 0
        self._before: dict[int, object] = {}

    def __enter__(self):
        """Return which of them a command is not to ignore."""
        if not self._count:
            self._before = {}
            for number in (signal.SIGINT, signal.SIGQUIT):
                handler = signal.getsignal(number)
                # None: set by something in C, which we could not put back.
                if handler not in (None, signal.SIG_IGN) and _set(number, signal.SIG_IGN):
                    self._before[number] = handler
        self._count += 1
        default = [number for number in (signal.SIGINT, signal.SIGQUIT) if signal.getsignal(number) != signal.SIG_IGN]
        return {*default, *self._before}

    def __exit__(self, *exc_info):
        self._count -= 1
        if not self._count:
            for number, handler in self._before.items():
                if signal.getsignal(number) == signal.SIG_IGN:  # nobody else has set one meanwhile
                    _set(number, handler)


def _set(number, handler):
    try:
        signal.signal(number, handler)
    except ValueError:  # not in the main OS thread
        return False
    return True


_ignored = _Ignored()


def system_with(waitpid):
    """Return `system`, which waits by `waitpid`."""

    def system(command):
        """Run `command` in a shell; return its exit status as `waitpid` does, -1 if it cannot be known. Switches.

        Until then SIGINT and SIGQUIT are ignored, by all green threads, as by the standard one; in
        the main OS thread only. If the caller is killed meanwhile, the command goes on.
        """
        command = _os.fsencode(command)
        sys.audit("os.system", command)
        if b"\0" in command:
            raise ValueError("embedded null byte")
        with _ignored as default:
            try:
                pid = _os.posix_spawn(_SHELL, ["sh", "-c", command], _os.environ, setsigdef=default)
            except (FileNotFoundError, PermissionError):
                return _CANNOT_RUN
            except OSError:
                return -1
            try:
                return waitpid(pid, 0)[1]
            except ChildProcessError:
                return -1  # somebody else has waited for it
            except BaseException:
                spawn_n(_reap, waitpid, pid)
                raise

    return system


def _reap(waitpid, pid):
    try:
        waitpid(pid, 0)
    except ChildProcessError:
        pass
