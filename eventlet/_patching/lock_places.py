"""Finds the standard locks that modules can reach, and every place where each of them is held.

Looks at the attributes of modules, of their classes, and of objects in Python, into containers, and at functions, as
deep as `_DEPTH`. Nobody's code is called by looking.
"""

from __future__ import annotations

import sys
from collections import deque
from types import BuiltinFunctionType, FunctionType
from typing import Any, Callable, NamedTuple

from eventlet import _pristine
from eventlet._patching.lock_holders import LEAVES, Holding, is_not_ours, is_plain, look_for, namespace_of, refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from eventlet._patching.lock_holders import Look

STANDARD_LOCK = _pristine.thread.LockType
STANDARD_RLOCK = type(_pristine.thread.RLock())
_LOCKS = (STANDARD_LOCK, STANDARD_RLOCK)

#: How many steps from a module are looked at.
_DEPTH = 5


class Definition(NamedTuple):
    """The attribute `name` of the module, if `owner` is None; or of its class `owner`, or of that class's instances; or
    the argument `name` of its function `owner`, or the variable of a function around that.
    """

    module: str
    owner: Any
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
    #: Name of the lock's method that is held there, if it is not the lock itself.
    method: str | None = None

    def put(self, lock: Any) -> None:
        self.function(self.owner, self.key, lock if self.method is None else getattr(lock, self.method))


class Found:
    """A standard lock, or SimpleQueue, and the places where it was found."""

    __slots__ = ("lock", "places")

    def __init__(self, lock: Any) -> None:
        self.lock = lock
        self.places: list[Place] = []

    def is_queue(self) -> bool:
        return type(self.lock) not in _LOCKS

    def is_free(self) -> bool:
        lock = self.lock
        if self.is_queue():
            return True
        if hasattr(lock, "_is_owned") and lock._is_owned():
            return False
        if not lock.acquire(False):
            return False
        lock.release()
        return True

    def has_methods(self) -> bool:
        """Whether somebody has taken methods of it."""
        return any(place.method is not None for place in self.places)

    def is_all_known(self) -> bool:
        """Whether nobody else holds a reference to the lock."""
        # Ours, and the argument.
        return sys.getrefcount(self.lock) - 2 <= sum(place.references for place in self.places)

    def add(self, place: Place) -> None:
        """Add a place, if it is another one: functions share their variables."""
        if not any(place.owner is known.owner and place.key is known.key for known in self.places):
            self.places.append(place)


def find_locks() -> list[Found]:
    """Return the standard locks and SimpleQueues, without the library's and the interpreter's own. Never switches."""
    return _Search().everywhere()


class _Search:
    """One pass over everything. Invariant: no object is looked at twice."""

    def __init__(self) -> None:
        self._found: dict[int, Found] = {}
        self._seen: set[int] = set()
        self._kept: list[Any] = []  # what has been seen must not go, and leave its id to something else
        self._next: deque[tuple[str, str, Definition, Any, int]] = deque()
        self._looks: dict[type, Look | None] = {}
        # The queue in C, which there can be objects of only if it was imported.
        self._kinds = {*_LOCKS, getattr(sys.modules.get("_queue"), "SimpleQueue", STANDARD_LOCK)}
        threading = sys.modules.get("threading")
        self._condition_class: Any = getattr(threading, "Condition", None)
        self._kept += _ends_of_threads(threading)
        self._ends = {id(lock) for lock in self._kept}

    def everywhere(self) -> list[Found]:
        for name, module in list(sys.modules.items()):
            if module is not None and not is_not_ours(name):
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
        namespace = namespace_of(module)
        if namespace is not None and self._is_new(module):
            self._attributes(name, "", None, module, namespace)

    def _class(self, owner: type) -> None:
        if self._is_new(owner) and not is_not_ours(owner.__module__):
            for base in owner.__bases__:
                self._class(base)
            self._attributes(owner.__module__, f"{owner.__qualname__}.", owner, owner, owner.__dict__)

    def _attributes(self, module: str, prefix: str, defined_in: Any, owner: Any, namespace: Any) -> None:
        """Consider what a module or class has."""
        seen = self._seen
        for name, value in list(namespace.items()):
            if type(value) not in LEAVES and id(value) not in seen and not is_plain(value):
                holding = Holding(f"{prefix}{name}", str(name), value, setattr, owner, name)
                self._look(module, "", Definition(module, defined_in, name), holding, 0)

    def _look(self, module: str, path: str, definition: Definition, holding: Holding, depth: int) -> None:
        """Consider what is held in `path`. The caller has seen that it is no leaf."""
        value = holding.value
        kind = type(value)
        method = None
        if issubclass(kind, BuiltinFunctionType):
            value, method = value.__self__, value.__name__
            kind = type(value)
            if kind not in self._kinds:
                return
        path += holding.suffix
        if kind in self._kinds:
            if id(value) not in self._ends:
                function, owner, key = holding[3:]
                self._add(value, Place(module, path, definition, function, owner, key, function is setattr, 1, method))
        elif issubclass(kind, type):
            self._class(value)
        elif depth < _DEPTH and self._look_for(kind) is not None:
            # Later: so the shortest path to an object comes first.
            self._next.append((module, path, definition, value, depth + 1))

    def _look_for(self, kind: type) -> Look | None:
        try:
            return self._looks[kind]
        except KeyError:
            look = self._looks[kind] = look_for(kind)
            if look is not None:
                self._class(kind)
            return look

    def _add(self, lock: Any, place: Place) -> None:
        found = self._found.get(id(lock))
        if found is None:
            found = self._found[id(lock)] = Found(lock)
        found.add(place)

    def _visit(self, module: str, path: str, definition: Definition, value: Any, depth: int) -> None:
        if not self._is_new(value):
            return
        kind = type(value)
        if self._condition_class is not None and issubclass(kind, self._condition_class):
            self._condition(module, path, definition, value)
            return
        look = self._look_for(kind)
        owner = value if kind is FunctionType else kind
        for holding in look(value) if look is not None else ():
            if id(holding.value) in self._seen or is_plain(holding.value):
                continue
            inner = definition
            if holding.name is not None:
                inner = Definition(module, owner, holding.name, owner is kind)
            self._look(module, path, inner, holding, depth)

    def _condition(self, module: str, path: str, definition: Definition, condition: Any) -> None:
        namespace = namespace_of(condition) or {}
        lock = namespace.get("_lock")
        if type(lock) in _LOCKS:
            copies = [held for held in list(namespace.values()) if _is_method_of(lock, held)]
            function = refuse if namespace.get("_waiters") else _make_condition_anew
            references = 1 + len(copies)
            self._add(lock, Place(module, f"{path}._lock", definition, function, condition, None, False, references))

    def _is_new(self, value: Any) -> bool:
        if id(value) in self._seen:
            return False
        self._seen.add(id(value))
        self._kept.append(value)
        return True


def _ends_of_threads(threading: Any) -> list[Any]:
    """The locks that tell of the ends of threads: until 3.12 is dropped."""
    ends = list(getattr(threading, "_shutdown_locks", ()))
    return ends + [getattr(thread, "_tstate_lock", None) for thread in list(getattr(threading, "_dangling", ()))]


def _is_method_of(lock: Any, held: Any) -> bool:
    return isinstance(held, BuiltinFunctionType) and held.__self__ is lock


def _make_condition_anew(condition: Any, _key: Any, lock: Any) -> None:
    condition.__init__(lock)
