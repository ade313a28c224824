"""Greens locks that exist before patching: those that modules and classes hold, and the standard library's own.

Such a lock would block the thread, and with it the green thread that holds it, for ever. A lock
that somebody holds right now stays as it is.
"""

from __future__ import annotations

import sys

from eventlet import _pristine
from eventlet.green.thread import LockType, RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

_STANDARD_LOCK = _pristine.thread.LockType
_STANDARD_RLOCK = type(_pristine.thread.RLock())

#: Whose locks are to block the thread.
_NOT_OURS = ("eventlet", "greenlet", "importlib", "_frozen_importlib", "_frozen_importlib_external", "sys", "builtins")


def upgrade_locks() -> None:
    """Replace the locks of all modules. Never switches. To be called when threading is patched."""
    _Upgrade().all_modules()


class _Upgrade:
    """One pass over everything. Invariant: one old lock becomes one new lock, wherever it is found."""

    def __init__(self) -> None:
        self._greened: dict[int, tuple[Any, Any]] = {}
        self._seen: set[int] = set()
        self._holders = tuple(self._holder_classes())

    def _holder_classes(self) -> Iterator[type]:
        """The classes whose instances' locks are replaced."""
        for name, classes in (
            ("threading", ("Barrier", "Condition", "Event", "Semaphore", "Thread")),
            ("queue", ("Queue",)),
            ("logging", ("Filterer",)),
        ):
            module = sys.modules.get(name)
            for class_name in classes if module is not None else ():
                yield getattr(module, class_name)

    def all_modules(self) -> None:
        for name, module in list(sys.modules.items()):
            if module is not None and name.partition(".")[0] not in _NOT_OURS:
                self._module(name, module)
        threading = sys.modules["threading"]
        for thread in list(threading._dangling):
            self._instance(thread)
        logging = sys.modules.get("logging")
        if logging is not None:
            for reference in list(logging._handlerList):
                handler = reference()
                if handler is not None:
                    self._instance(handler)

    def _module(self, name: str, module: ModuleType) -> None:
        namespace = getattr(module, "__dict__", None)
        if not isinstance(namespace, dict):
            return
        self._attributes(module, namespace)
        for value in list(namespace.values()):
            if isinstance(value, type) and value.__dict__.get("__module__") == name:
                self._attributes(value, value.__dict__)

    def _attributes(self, owner: Any, namespace: Any) -> None:
        for attribute, value in list(namespace.items()):
            green = self._green(value)
            if green is not None:
                try:
                    setattr(owner, attribute, green)
                except (AttributeError, TypeError):
                    pass  # read-only: a class in C, say
            elif isinstance(value, self._holders):
                self._instance(value)

    def _instance(self, holder: Any) -> None:
        if id(holder) in self._seen:
            return
        self._seen.add(id(holder))
        if isinstance(holder, sys.modules["threading"].Condition):
            self._condition(holder)
        else:
            self._attributes(holder, getattr(holder, "__dict__", {}))

    def _condition(self, condition: Any) -> None:
        green = self._green(condition._lock)
        if green is not None and not condition._waiters:
            condition.__init__(green)  # it has copies of the lock's methods

    def _green(self, value: Any) -> Any:
        """Return the green lock in place of `value`, or None if it is no lock that is to be replaced."""
        kind = type(value)
        if kind is not _STANDARD_LOCK and kind is not _STANDARD_RLOCK:
            return None
        known = self._greened.get(id(value))
        if known is not None:
            return known[1]
        if not _is_free(value):
            return None
        green: Any = LockType() if kind is _STANDARD_LOCK else RLock()
        self._greened[id(value)] = value, green  # keeps the id from being used again
        return green


def _is_free(lock: Any) -> bool:
    if hasattr(lock, "_is_owned") and lock._is_owned():
        return False
    if not lock.acquire(False):
        return False
    lock.release()
    return True
