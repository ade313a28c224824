"""The standard library as it was before any monkey-patching (layer L0).

Patching changes modules in place, so whoever must not be patched (the hub's
poll, the worker threads, the clock) takes names from here. Two kinds:

* the snapshots below: copies of a module's namespace, taken when eventlet is
  first imported. Right for modules written in C and for classes;
* `original(name)`: a second instance of a module written in Python, executed
  on top of pristine dependencies, because its functions look names up in
  their own module at call time. Made when first asked for, then always the same.
"""

from __future__ import annotations

import _socket
import _thread
import os as _os
import select as _select
import socket as _socket_module
import time as _time

from eventlet._pristine._world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_ModuleType = type(_os)


def _snapshot(module: ModuleType) -> ModuleType:
    copy = _ModuleType(module.__name__, module.__doc__)
    copy.__dict__.update(module.__dict__)
    return copy


os = _snapshot(_os)
select = _snapshot(_select)
socket = _snapshot(_socket_module)
thread = _snapshot(_thread)
time = _snapshot(_time)
c_socket = _socket

#: Modules of which a snapshot is as good as a second instance: they are in C
#: (or, like os, have no state and no functions that call patched ones).
_SNAPSHOTS = {"os": os, "select": select, "_thread": thread, "time": time}

#: Packages and modules written in Python that monkey_patch changes, or that
#: use those: the originals of others find the originals of these, not the patched ones.
_EXECUTED_ANEW = ("concurrent", "http", "logging", "queue", "selectors", "socket", "ssl", "subprocess", "threading")


class _Originals(World):
    def _execute(self, name: str) -> ModuleType:
        if name != "threading":
            return super()._execute(name)
        # Executing threading announces the present thread as the main one, and, until 3.12 is
        # dropped, takes the lock whose release tells that the thread has ended from whoever holds it.
        sentinel = vars(thread).get("_set_sentinel")
        if sentinel is not None:
            thread._set_sentinel = thread.allocate_lock  # type: ignore[attr-defined]
        try:
            module = super()._execute(name)
        finally:
            if sentinel is not None:
                thread._set_sentinel = sentinel  # type: ignore[attr-defined]
        if sentinel is not None:
            module._set_sentinel = sentinel  # type: ignore[attr-defined]
        correct_main_thread(module.__dict__)
        return module


def correct_main_thread(namespace: dict[str, object]) -> None:
    """Let a second instance of threading, of which this is the namespace, know the real main thread."""
    import threading

    main: object = namespace["_main_thread"]
    ident = threading.main_thread().ident
    active: dict[object, object] = namespace["_active"]  # type: ignore[assignment]
    active.pop(main._ident, None)  # type: ignore[attr-defined]
    main._ident = ident  # type: ignore[attr-defined]
    active[ident] = main


def is_loaded(name: str) -> bool:
    """Whether the ordinary module `name` has been imported. Never switches."""
    import sys

    return name in sys.modules


_originals = _Originals(lambda: _SNAPSHOTS, _EXECUTED_ANEW)


def original(name: str) -> ModuleType:
    """Return the module `name` as if nothing had ever been patched; always the same object.

    What is written in Python is executed anew; of what is written in C and never
    patched this is the ordinary module. Never switches. Raises ImportError as `import name` would.
    """
    return _originals.load_anew(name)
