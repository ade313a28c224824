"""threading, over green threads."""

from __future__ import annotations

import threading as _standard

from eventlet._patching.world import green_world
from eventlet._pristine import correct_main_thread as _correct_main_thread
from eventlet.green._current_thread import current_thread_for as _current_thread_for

green_world.execute_in(globals(), "threading")
_correct_main_thread(globals())
current_thread = _current_thread_for(globals())
# At its end the interpreter does what was registered with the standard module.
_register_atexit = _standard._register_atexit
_ExceptHookArgs = globals()["ExceptHookArgs"]


def ExceptHookArgs(args):
    """Return what `excepthook` is called with, for a sequence of type, value, traceback and thread."""
    return _ExceptHookArgs(args)
