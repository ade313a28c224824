"""multiprocessing.managers, over green connections: proxies wait in a green way, and servers serve in green threads."""

from __future__ import annotations

import multiprocessing.managers as _standard

from eventlet._patching.world import green_world
from eventlet.green import threading

green_world.execute_in(globals(), "multiprocessing.managers")
RemoteError = _standard.RemoteError  # one exception, one class


def _new_lock():
    return threading.Lock()


# The class itself has the standard one's name, by which a server in another process would find that one.
SyncManager.register("Lock", _new_lock, AcquirerProxy)  # type: ignore[name-defined]  # noqa: F821
