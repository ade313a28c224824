"""`ImportHook`: calls functions with modules as these are imported."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

    Call = Callable[[ModuleType], object]


class ImportHook:
    """A finder for sys.meta_path that finds what the others do, and calls functions after the import.

    Invariant: it is in sys.meta_path, before all finders of its time, exactly if it has calls.
    """

    def __init__(self) -> None:
        self._calls: dict[str, list[Call]] = {}
        self._busy: set[str] = set()

    def add(self, name: str, call: Call) -> None:
        """Have `call(module)` done when the module `name` has been imported, or reloaded; at once if it was imported.

        What `call` raises is raised by the import. Of equal ones, only one is done with each import.
        """
        if not self._calls:
            sys.meta_path.insert(0, self)
        calls = self._calls.setdefault(name, [])
        if call not in calls:
            calls.append(call)
        module = sys.modules.get(name)
        if module is not None:
            call(module)

    def remove(self, name: str, call: Call) -> None:
        """Undo `add`. Harmless when repeated."""
        calls = self._calls.get(name, [])
        if call in calls:
            calls.remove(call)
        if not calls:
            self._calls.pop(name, None)
            if not self._calls and self in sys.meta_path:
                sys.meta_path.remove(self)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Return the spec that the other finders have for `name`, if there are calls for it."""
        if name not in self._calls or name in self._busy:
            return None
        self._busy.add(name)
        try:
            spec = self._ask_others(name, path, target)
        finally:
            self._busy.discard(name)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, self._calls[name])
        return spec

    def _ask_others(self, name: str, path: Any, target: Any) -> Any:
        for finder in sys.meta_path:
            find_spec = getattr(finder, "find_spec", None)
            if finder is self or find_spec is None:
                continue
            spec = find_spec(name, path, target)
            if spec is not None:
                return spec
        return None


class _Loader:
    """A module's loader, plus the calls."""

    def __init__(self, loader: Any, calls: list[Call]) -> None:
        self._loader = loader
        self._calls = calls

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        # Nobody need know that we were here.
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        for call in list(self._calls):
            call(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
