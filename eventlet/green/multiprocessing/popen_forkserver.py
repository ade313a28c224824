"""multiprocessing.popen_forkserver: waits in a green way for the new process, also until that has read what to do."""

from __future__ import annotations

from typing import Any

from eventlet._patching.world import green_world
from eventlet.green import os as _os

open = _os.fdopen  # of the pipe to the new process

green_world.execute_in(globals(), "multiprocessing.popen_forkserver")
_Popen: Any = globals()["Popen"]


class Popen(_Popen):
    """As the standard one, but several may wait for the process to end."""

    _status = None

    @property
    def returncode(self):
        return self._status

    @returncode.setter
    def returncode(self, status):
        # The first who waits reads it from the server. The standard ones that come later find nothing, and set 255.
        if self._status is None:
            self._status = status
