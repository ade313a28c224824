"""os.popen and os.spawn* that let other green threads run, as the standard ones do when os is patched."""

from __future__ import annotations

import functools
import importlib

from eventlet import _pristine

_os = _pristine.os

#: Those of a family that this Python has are made green.
SPAWNS = ("spawnl", "spawnle", "spawnlp", "spawnlpe", "spawnv", "spawnve", "spawnvp", "spawnvpe")


def popen(cmd, mode="r", buffering=-1):
    """Return a text file to read what the shell command `cmd` writes, or, with mode "w", to write what it reads.

    Never switches; reading, writing and closing the file do. `close` returns None, or the exit status as of `wait`.
    """
    if not isinstance(cmd, str):
        raise TypeError(f"invalid cmd type ({type(cmd)}, expected string)")
    if mode not in ("r", "w"):
        raise ValueError(f"invalid mode {mode!r}")
    if buffering == 0 or buffering is None:
        raise ValueError("popen() does not support unbuffered streams")
    subprocess = importlib.import_module("eventlet.green.subprocess")  # which is made over green.os
    name = "stdout" if mode == "r" else "stdin"
    process = subprocess.Popen(cmd, shell=True, text=True, bufsize=buffering, **{name: subprocess.PIPE})
    return _os._wrap_close(getattr(process, name), process)


def waiting_by(waitpid, name):
    """Return the function `name` of the family spawn*, which with P_WAIT waits by `waitpid`."""
    standard = getattr(_os, name)

    @functools.wraps(standard)
    def spawn(mode, file, *args, **kwargs):
        if mode != _os.P_WAIT:
            return standard(mode, file, *args, **kwargs)
        pid = standard(_os.P_NOWAIT, file, *args, **kwargs)
        while True:
            _, status = waitpid(pid, 0)
            if not _os.WIFSTOPPED(status):
                return -_os.WTERMSIG(status) if _os.WIFSIGNALED(status) else _os.WEXITSTATUS(status)

    spawn.__doc__ = f"As os.{name}. Switches with P_WAIT."
    return spawn
