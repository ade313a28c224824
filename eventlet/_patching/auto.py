"""The mapping from third-party modules to the functions that make them cooperative: monkey_patch(auto=True)."""

from __future__ import annotations

import importlib

from eventlet._patching.changes import Changes
from eventlet._patching.hook import ImportHook
from eventlet._patching.table import AUTO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Callable, Union

    Call = Callable[[ModuleType], object]
    Function = Union[Call, str]


class AutoPatches:
    """Which function is to be called with which module when it is imported.

    Invariant: once `enable` was called for a name, or for all, its functions have been, or will be, called.
    """

    def __init__(self, hook: ImportHook, changes: Changes) -> None:
        self._hook = hook
        self._changes = changes
        self._functions: dict[str, list[Function]] = {name: [function] for name, function in AUTO.items()}
        self._enabled: set[str] = set()
        self._all = False

    def register(self, name: str, function: Function) -> None:
        """Have `function(module)` called with the module `name`; 'module:function' is imported when needed."""
        functions = self._functions.setdefault(name, [])
        if function not in functions:
            functions.append(function)
            if self._all or name in self._enabled:
                self._hook.add(name, self._caller(function))

    def enable_all(self) -> None:
        """Apply everything that is registered, and what will be, as the modules are imported."""
        self._all = True
        for name in list(self._functions):
            self.enable(name)

    def enable(self, name: str) -> None:
        """Apply what is registered for the module `name`, when it is imported."""
        if name not in self._enabled:
            self._enabled.add(name)
            for function in list(self._functions.get(name, ())):
                self._hook.add(name, self._caller(function))

    def _caller(self, function: Function) -> Call:
        def call(module: ModuleType) -> None:
            self._changes.change_module(module.__name__, lambda: _load(function)(module))

        return call


def _load(function: Function) -> Call:
    if not isinstance(function, str):
        return function
    module_name, _, attribute = function.partition(":")
    loaded: Call = getattr(importlib.import_module(module_name), attribute)
    return loaded
