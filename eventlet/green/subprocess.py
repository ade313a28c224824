"""subprocess, over green pipes; waiting for processes lets other green threads run."""

from __future__ import annotations

import io as _io
import subprocess as _subprocess

from eventlet._patching.world import green_world
from eventlet.greenio import GreenPipe

__patched__: list[str] = []

green_world.execute_in(globals(), "subprocess")


class _GreenIo(type(_io)):
    """The io module as subprocess needs it."""

    def __getattr__(self, name):
        return getattr(_io, name)

    def open(self, fd, mode="r", buffering=-1, *args, **kwargs):
        return GreenPipe(fd, mode, buffering, *args, **kwargs)


io = _GreenIo("io")

# One exception, one class: who catches the standard one catches ours.
for _name in ("SubprocessError", "CalledProcessError", "TimeoutExpired", "CompletedProcess"):
    globals()[_name] = getattr(_subprocess, _name)


class Popen(Popen):  # noqa: F821
    """As subprocess.Popen; its pipes are green, and waiting switches."""

    def wait(self, timeout=None, check_interval=0.01):
        """Return the exit status, waiting for it for `timeout` seconds. Raises TimeoutExpired. Switches.

        `check_interval` is upstream's, and has no effect.
        """
        return super().wait(timeout)


def patch_in_place(subprocess):
    """Let the standard module's own functions find what is green."""
    for name in ("io", "os", "select", "selectors", "time", "_PopenSelector"):
        if name in subprocess.__dict__ and name in globals():
            subprocess.__dict__[name] = globals()[name]
