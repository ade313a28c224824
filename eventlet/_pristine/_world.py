"""`World`: instances of modules of its own, whose imports find substitutes first.

A module that was written against `socket` is made to use another `socket` by executing its
source once more with an `__import__` of its own among its builtins. That also serves the import
statements inside its functions, whenever they run, and leaves sys.modules alone, but for one
entry while the source is executed: `IntEnum._convert_` and dataclasses look their module up there.
"""

from __future__ import annotations

import _imp
import _thread
import builtins
import importlib
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType
    from typing import Any, Callable

if TYPE_CHECKING:
    _ModuleType = ModuleType
else:
    _ModuleType = type(sys)


class World:
    """A set of modules that see each other, and substitutes, instead of the ordinary ones.

    Invariant: a name stands for one module object for ever. May be used from any OS thread.
    """

    def __init__(
        self, substitutes: Callable[[], Mapping[str, Any]], packages: Iterable[str] = (), absent: Iterable[str] = ()
    ) -> None:
        """`substitutes()` maps names to modules, or to names of modules to be imported on first use.

        `packages` are the top-level names whose modules are executed anew, `absent` those that cannot be
        imported; everything else is ordinary.
        """
        self._absent = frozenset(absent)
        self._substitutes = substitutes
        self._packages = set(packages)
        self._modules: dict[str, ModuleType] = {}
        self._views: dict[str, ModuleType] = {}
        self._lock = _thread.RLock()
        self._builtins: dict[str, Any] | None = None

    # ---- what is where

    def load(self, name: str) -> ModuleType:
        """Return what `name` stands for in this world. Raises ImportError as `import name` would."""
        if name in self._absent:
            raise ModuleNotFoundError(f"No module named {name!r} here", name=name)
        substitute = self._substitutes().get(name)
        if substitute is not None:
            return importlib.import_module(substitute) if isinstance(substitute, str) else substitute
        if name.partition(".")[0] not in self._packages:
            return importlib.import_module(name)
        with self._lock:
            module = self._modules.get(name)
            if module is None:
                return self._execute(name)
            self._bind(name, module)  # it may have been adopted before its package was executed
            return module

    def load_anew(self, name: str) -> ModuleType:
        """Like `load`, but the package of `name` becomes one of this world's own."""
        if name not in self._substitutes():
            self._packages.add(name.partition(".")[0])
        return self.load(name)

    def load_anew_only(self, name: str) -> ModuleType:
        """Like `load_anew`, even if `name` has a substitute: the rest of the world sees that."""
        with self._lock:
            return self._modules.get(name) or self._execute(name)

    def adopt(self, name: str, module: ModuleType) -> None:
        """Let `name` stand for `module` in this world. Raises ValueError if it stands for another one already."""
        with self._lock:
            if self._modules.setdefault(name, module) is not module:
                raise ValueError(f"{name} has been loaded")

    def _has(self, name: str) -> bool:
        return name in self._absent or name in self._substitutes() or name.partition(".")[0] in self._packages

    def _is_above_substitute(self, name: str) -> bool:
        return any(other.startswith(name + ".") for other in self._substitutes())

    # ---- executing

    def _execute(self, name: str) -> ModuleType:
        from importlib.util import find_spec

        parent = name.rpartition(".")[0]
        if parent:
            self.load(parent)
            if name in self._modules:
                return self._modules[name]
        spec = find_spec(name)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        code = _code_of(spec)
        if code is None:
            return importlib.import_module(name)  # written in C: there is only one
        module = _ModuleType(name)
        module.__dict__.update(__spec__=spec, __loader__=spec.loader, __file__=spec.origin, __package__=spec.parent)
        if spec.submodule_search_locations is not None:
            module.__path__ = spec.submodule_search_locations
        self._modules[name] = module
        try:
            self._run(code, name, module)
        except BaseException:
            del self._modules[name]
            raise
        self._bind(name, module)
        return module

    def _bind(self, name: str, module: ModuleType) -> None:
        parent, _, attribute = name.rpartition(".")
        if parent in self._modules:
            setattr(self._modules[parent], attribute, module)

    def _run(self, code: Any, name: str, module: ModuleType) -> None:
        _imp.acquire_lock()
        ordinary = sys.modules.get(name)
        sys.modules[name] = module
        try:
            self.run_code(code, module.__dict__)
        finally:
            if ordinary is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = ordinary
            _imp.release_lock()

    def execute_in(self, namespace: dict[str, Any], name: str) -> None:
        """Execute the source of the ordinary module `name` in `namespace`, that of another module.

        Afterwards what it defines is there, as if it had been written there.
        """
        from importlib.util import find_spec

        try:
            spec = find_spec(name)
        except ModuleNotFoundError:
            spec = None  # nor is its package there
        code = spec and _code_of(spec)
        if code is None:
            raise ModuleNotFoundError(f"No module named {name!r}, or it has no source", name=name)
        documentation = namespace.get("__doc__")
        self.run_code(code, namespace)
        if documentation:
            namespace["__doc__"] = documentation

    def run_code(self, code: Any, namespace: dict[str, Any]) -> None:
        if self._builtins is None:
            self._builtins = {**builtins.__dict__, "__import__": self._import}
        namespace["__builtins__"] = self._builtins
        exec(code, namespace)

    # ---- the imports of its modules

    def _import(
        self,
        name: str,
        namespace: Mapping[str, Any] | None = None,
        local: Any = None,
        fromlist: Iterable[str] | None = (),
        level: int = 0,
    ) -> Any:
        """`__import__` for the modules of this world."""
        if level:
            name = _absolute_name(name, namespace or {}, level)
        prefixes = _prefixes(name)
        if not any(map(self._has, prefixes)) and not (fromlist and self._is_above_substitute(name)):
            return builtins.__import__(name, namespace, local, fromlist or (), 0)  # type: ignore[arg-type]
        module = self._view(name)
        if not fromlist:
            for prefix in prefixes:
                self._view(prefix)
            return self._view(prefixes[0])
        if hasattr(module, "__path__"):
            for attribute in fromlist:
                if attribute != "*":
                    self._see(module, f"{name}.{attribute}", attribute)
        return module

    def _see(self, package: ModuleType, name: str, attribute: str) -> None:
        """Make sure that `from package import attribute` finds the submodule of that name, if there is one."""
        if name in self._substitutes() or not hasattr(package, attribute):
            try:
                self._view(name)
            except ModuleNotFoundError as error:
                if error.name != name:
                    raise

    def _view(self, name: str) -> ModuleType:
        """Return what `name` stands for, with its submodules of this world as attributes."""
        if not self._has(name) and self._is_above_substitute(name):
            module = self._views.get(name)
            if module is None:
                module = self._views[name] = _View(importlib.import_module(name))
        else:
            module = self.load(name)
        parent, _, attribute = name.rpartition(".")
        if parent in self._views:
            setattr(self._views[parent], attribute, module)
        return module


class _View(_ModuleType):
    """Stands for an ordinary package some of whose submodules have substitutes."""

    def __init__(self, package: ModuleType) -> None:
        super().__init__(package.__name__, package.__doc__)
        self.__path__ = package.__path__
        self.__package = package

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__package, name)


def _code_of(spec: Any) -> Any:
    get_code = getattr(spec.loader, "get_code", None)
    return None if get_code is None else get_code(spec.name)


def _absolute_name(name: str, namespace: Mapping[str, Any], level: int) -> str:
    package = namespace.get("__package__")
    if package is None:
        package = namespace["__name__"]
        if "__path__" not in namespace:
            package = package.rpartition(".")[0]
    base = package.rsplit(".", level - 1)[0]
    return f"{base}.{name}" if name else base


def _prefixes(name: str) -> list[str]:
    """'a.b.c' → ['a', 'a.b', 'a.b.c']."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
