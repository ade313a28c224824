"""multiprocessing.process: the same processes, which know of green threads. Waiting for the parent switches, too."""

from __future__ import annotations

import functools
import multiprocessing.process as _standard
import multiprocessing.util as _util
from typing import Any

from eventlet.green import threading
from eventlet.green._lookalike import look_like

__getattr__, __dir__ = look_like(globals(), _standard)


class BaseProcess(_standard.BaseProcess):
    """As the standard one. It ends when the threads of `eventlet.green.threading` have ended, but for daemons."""

    def _bootstrap(self, *args, **kwargs):
        threading.main_thread()._set_native_id()
        try:
            return super()._bootstrap(*args, **kwargs)
        finally:
            threading._shutdown()
            _util._flush_std_streams()


_StandardParentProcess: Any = vars(_standard)["_ParentProcess"]


class _ParentProcess(_StandardParentProcess):
    def join(self, timeout=None):
        """Wait for `timeout` seconds (None: no limit) until it has ended. Switches."""
        from eventlet.green.multiprocessing.connection import wait  # which imports this module

        wait([self._sentinel], timeout)


def parent_process():
    """Return the process that has started this one; None in the first. Never switches."""
    parent = _standard.parent_process()
    return parent and _green(parent)


@functools.lru_cache(maxsize=1)
def _green(parent):
    return _ParentProcess(parent.name, parent.pid, parent.sentinel)
