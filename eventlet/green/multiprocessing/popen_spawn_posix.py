"""multiprocessing.popen_spawn_posix: waits in a green way for the new process, also until that has read what to do."""

from __future__ import annotations

from eventlet._patching.world import green_world
from eventlet.green import os as _os

open = _os.fdopen  # of the pipe to the new process

green_world.execute_in(globals(), "multiprocessing.popen_spawn_posix")
