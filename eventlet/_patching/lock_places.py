"""Finds the standard locks that modules can reach, and every place where each of them is held.

Looks at the attributes of modules, of their classes, and of objects in Python, and into lists and dictionaries, as
deep as `_DEPTH`. Nobody's code is called by looking.
"""

from __future__ import annotations

import operator
import re
import sys
from collections import deque
from typing import Any, Callable, NamedTuple

from eventlet import _pristine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

STANDARD_LOCK = _pristine.thread.LockType
STANDARD_RLOCK = type(_pristine.thread.RLock())

#: Whose locks are to block the thread.
_NOT_OURS = {"eventlet", "greenlet", "importlib", "_frozen_importlib", "_frozen_importlib_external", "sys", "builtins"}
#: Attributes of threads that tell of their end: until 3.12 is dropped.
_ENDS = {"_tstate_lock", "_shutdown_locks"}
#: How many steps from a module, and how many items of one container, are looked at.
_DEPTH, _ITEMS = 5, 1000
_LEAVES: set[Any] = {
    bool, bytes, bytearray, complex, float, int, str, type(None), type(sys), type(lambda: 0), type(len), type("".join),
    type(int.real), type(str.join), type(type.mro), type(Ellipsis), type(NotImplemented), property, classmethod,
    staticmethod, range, slice, memoryview, re.Pattern,
}  # fmt: skip
_CONTAINERS: set[Any] = {dict, list, tuple, set, frozenset, deque}
_BOUND: Any = type([].append)


_SLOT = type(type(lambda: 0).__globals__)  # type: ignore[attr-defined]


class Definition(NamedTuple):
    """The attribute `name` of the module, or of its class `owner`, or of that class's instances."""

    module: str
    owner: type | None
    name: str
    in_instance: bool = False


class Place(NamedTuple):
    """Where a lock is held: `path` within `module`; the attribute itself was assigned in `definition`."""

    module: str
    path: str
    definition: Definition
    #: `function(owner, key, lock)` puts another lock there.
    function: Callable[[Any, Any, Any], object]
    owner: Any
    key: Any
    #: Whether it is an attribute of a module or class, and so known to everybody who uses the lock.
    is_public: bool = False
    #: How many references to the lock there are here.
    references: int = 1

    def put(self, lock: Any) -> None:
        self.function(self.owner, self.key, lock)


class Found:
    """A standard lock, and the places where it was found."""

    __slots__ = ("lock", "places")

    def __init__(self, lock: Any) -> None:
        self.lock = lock
        self.places: list[Place] = []

    def is_free(self) -> bool:
        lock = self.lock
        if hasattr(lock, "_is_owned") and lock._is_owned():
            return False
        if not lock.acquire(False):
            return False
        lock.release()
        return True

    def is_all_known(self) -> bool:
        """Whether nobody else holds a reference to the lock."""
        # Ours, and the argument.
        return sys.getrefcount(self.lock) - 2 <= sum(place.references for place in self.places)


def find_locks() -> list[Found]:
    """Return the standard locks that are not the library's, or the interpreter's, own. Never switches."""
    return _Search().everywhere()


class _Search:
    """One pass over everything. Invariant: no object is looked at twice."""

    def __init__(self) -> None:
        self._found: dict[int, Found] = {}
        self._seen: set[int] = set()
        self._kept: list[Any] = []  # what has been seen must not go, and leave its id to something else
        self._next: deque[tuple[str, str, Definition, Any, int]] = deque()
        threading = sys.modules.get("threading")
        self._condition_class: Any = getattr(threading, "Condition", None)

    def everywhere(self) -> list[Found]:
        for name, module in list(sys.modules.items()):
            if module is not None and name.partition(".")[0] not in _NOT_OURS:
                self._module(name, module)
        self._held_weakly()
        while self._next:
            self._visit(*self._next.popleft())
        return list(self._found.values())

    def _held_weakly(self) -> None:
        threading, logging = sys.modules.get("threading"), sys.modules.get("logging")
        for thread in list(getattr(threading, "_dangling", ())):
            self._visit("threading", thread.name, Definition("threading", None, "Thread"), thread, 1)
        for reference in list(getattr(logging, "_handlerList", ())):
            handler = reference()
            if handler is not None:
                self._visit("logging", type(handler).__name__, Definition("logging", None, "Handler"), handler, 1)

    def _module(self, name: str, module: ModuleType) -> None:
        namespace = _namespace_of(module)
        if namespace is None or not self._is_new(module):
            return
        for attribute, value in list(namespace.items()):
            kind = type(value)
            if kind in _LEAVES:
                continue
            if issubclass(kind, type):
                if value.__dict__.get("__module__") == name and self._is_new(value):
                    self._class(name, value)
            else:
                definition = Definition(name, None, attribute)
                self._look(name, str(attribute), definition, value, 0, setattr, module, attribute)

    def _class(self, name: str, owner: type) -> None:
        for attribute, value in list(owner.__dict__.items()):
            kind = type(value)
            if kind not in _LEAVES and not issubclass(kind, type):
                definition = Definition(name, owner, attribute)
                self._look(name, f"{owner.__qualname__}.{attribute}", definition, value, 0, setattr, owner, attribute)

    def _look(
        self,
        module: str,
        path: str,
        definition: Definition,
        value: Any,
        depth: int,
        function: Any,
        owner: Any,
        key: Any,
    ) -> None:
        """Consider `value`, which is held at `path`. The caller has seen that it is no leaf."""
        kind = type(value)
        if kind is STANDARD_LOCK or kind is STANDARD_RLOCK:
            if definition.name not in _ENDS:
                self._add(value, Place(module, path, definition, function, owner, key, function is setattr))
        elif depth < _DEPTH and definition.name not in _ENDS:
            # Later: so the shortest path to an object comes first.
            self._next.append((module, path, definition, value, depth + 1))

    def _add(self, lock: Any, place: Place) -> None:
        found = self._found.get(id(lock))
        if found is None:
            found = self._found[id(lock)] = Found(lock)
        found.places.append(place)

    def _visit(self, module: str, path: str, definition: Definition, value: Any, depth: int) -> None:
        if not self._is_new(value):
            return
        kind = type(value)
        if kind in _CONTAINERS:
            if len(value) <= _ITEMS:
                self._items(module, path, definition, value, depth)
        elif self._condition_class is not None and issubclass(kind, self._condition_class):
            self._condition(module, path, definition, value)
        elif kind.__module__.partition(".")[0] not in _NOT_OURS:
            for name, held, function, owner, key in _attributes_of(value):
                if type(held) not in _LEAVES and not issubclass(type(held), type):
                    inner = Definition(module, kind, name, True)
                    copies = _copies_of_methods(held, owner) if function is operator.setitem else []
                    if copies:
                        place = Place(module, f"{path}.{name}", inner, _set_with_methods, owner, key)
                        self._add(held, place._replace(references=1 + len(copies)))
                    else:
                        self._look(module, f"{path}.{name}", inner, held, depth, function, owner, key)

    def _items(self, module: str, path: str, definition: Definition, container: Any, depth: int) -> None:
        pairs: Any = list(container.items()) if type(container) is dict else enumerate(list(container))
        function = operator.setitem if type(container) in (dict, list, deque) else _refuse
        for key, value in pairs:
            if type(value) not in _LEAVES and not issubclass(type(value), type):
                self._look(module, f"{path}[{_short(key)}]", definition, value, depth, function, container, key)

    def _condition(self, module: str, path: str, definition: Definition, condition: Any) -> None:
        namespace = _namespace_of(condition) or {}
        lock = namespace.get("_lock")
        if type(lock) is STANDARD_LOCK or type(lock) is STANDARD_RLOCK:
            copies = _copies_of_methods(lock, namespace)
            function = _refuse if namespace.get("_waiters") else _make_condition_anew
            place = Place(module, f"{path}._lock", definition, function, condition, None, False, 1 + len(copies))
            self._add(lock, place)

    def _is_new(self, value: Any) -> bool:
        if id(value) in self._seen:
            return False
        self._seen.add(id(value))
        self._kept.append(value)
        return True


def _namespace_of(value: Any) -> dict[str, Any] | None:
    try:
        namespace = object.__getattribute__(value, "__dict__")
    except Exception:  # there is none; or it is somebody's own, who cannot say now
        return None
    return namespace if isinstance(namespace, dict) else None


def _attributes_of(value: Any) -> Iterator[tuple[str, Any, Any, Any, Any]]:
    """The attributes of `value`: name, value, and what `Place` has of each."""
    namespace = _namespace_of(value)
    if namespace is not None:
        for name, held in list(namespace.items()):
            yield str(name), held, operator.setitem, namespace, name
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            descriptor: Any = kind.__dict__.get(name)
            if type(descriptor) is _SLOT:
                try:
                    held = descriptor.__get__(value, kind)
                except AttributeError:
                    continue
                yield name, held, _set_slot, descriptor, value


def _set_slot(descriptor: Any, owner: Any, lock: Any) -> None:
    descriptor.__set__(owner, lock)


def _copies_of_methods(lock: Any, namespace: dict[Any, Any]) -> list[Any]:
    """The names in an object's `namespace` of bound methods of the lock `lock`; none if it is no lock."""
    if type(lock) is not STANDARD_LOCK and type(lock) is not STANDARD_RLOCK:
        return []
    return [name for name, held in list(namespace.items()) if type(held) is _BOUND and held.__self__ is lock]


def _set_with_methods(namespace: Any, key: Any, lock: Any) -> None:
    """Put `lock` into an object, and its methods where those of the old one are: as in multiprocessing's."""
    names = _copies_of_methods(namespace[key], namespace)
    namespace[key] = lock
    for name in names:
        namespace[name] = getattr(lock, namespace[name].__name__)


def _make_condition_anew(condition: Any, _key: Any, lock: Any) -> None:
    condition.__init__(lock)


def _refuse(_owner: Any, _key: Any, _lock: Any) -> None:
    raise TypeError("it is in use, or in what cannot be changed")


def _short(key: Any) -> str:
    return repr(key) if type(key) in (int, str, bytes) else f"<{type(key).__name__}>"
