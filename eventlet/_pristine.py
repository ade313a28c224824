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
import importlib
import os as _os
import select as _select
import socket as _socket_module
import sys
import time as _time
from types import ModuleType


def _snapshot(module: ModuleType) -> ModuleType:
    copy = ModuleType(module.__name__, module.__doc__)
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

#: Modules written in Python that monkey_patch changes, or that use those.
#: They are executed anew, in dependency order, by `original`.
_EXECUTED_ANEW = ("threading", "queue", "selectors", "socket", "ssl", "subprocess", "signal")

_originals: dict[str, ModuleType] = dict(_SNAPSHOTS)


def original(name: str) -> ModuleType:
    """Return the module `name` as if nothing had ever been patched; always the same object.

    For a module that patching does not touch this is the ordinary module.
    Never switches. Raises ImportError as `import name` would.
    """
    if name in _originals:
        return _originals[name]
    if name not in _EXECUTED_ANEW:
        return _import_over_originals(name) if _uses_patched_names(name) else importlib.import_module(name)
    return _import_over_originals(name)


def _uses_patched_names(name: str) -> bool:
    # Only top-level modules are executed anew: a package's submodules would
    # leave their parent pointing at the wrong instance.
    return "." not in name and name not in sys.builtin_module_names


def _import_over_originals(name: str) -> ModuleType:
    """Import `name` while sys.modules holds only pristine versions of what is patched."""
    hidden = (*_EXECUTED_ANEW, name)
    with _ModulesSaved((*hidden, *_SNAPSHOTS)):
        for module_name in hidden:
            sys.modules.pop(module_name, None)
        sys.modules.update(_originals)
        importlib.import_module(name)
        for module_name in hidden:
            if module_name in sys.modules:
                _originals[module_name] = sys.modules[module_name]
    return _originals[name]


class _ModulesSaved:
    """Puts the named entries of sys.modules back, holding the import lock meanwhile."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._saved: dict[str, ModuleType] = {}

    def __enter__(self) -> None:
        import _imp

        _imp.acquire_lock()
        self._saved = {name: sys.modules[name] for name in self._names if name in sys.modules}

    def __exit__(self, *exc_info: object) -> None:
        import _imp

        for name in self._names:
            sys.modules.pop(name, None)
        sys.modules.update(self._saved)
        _imp.release_lock()
