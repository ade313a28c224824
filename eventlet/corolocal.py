"""`local`: attributes that every green thread has a set of its own of."""

from __future__ import annotations

from weakref import WeakSet

from greenlet import getcurrent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["get_ident", "local"]

#: Where a greenlet keeps its namespaces: among its own attributes, so that they end
#: with it. A table with weak references to greenlets would keep them from being recycled.
_ATTRIBUTE = "_eventlet_locals"


class _Namespaces(dict):  # type: ignore[type-arg]
    """One greenlet's namespace in each `local` that it has used, by the id of that."""

    __slots__ = ("__weakref__",)
    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__


def get_ident() -> int:
    """Return a number for the current green thread; it may be used again when that has ended. Never switches."""
    return id(getcurrent())


class local:
    """Like threading.local, but for green threads: each sees only the attributes that it has set itself.

    A subclass's `__init__` runs in each green thread that uses the object, at first
    use, with the arguments that the object was made with. May be used from any OS thread.
    """

    __slots__ = ("_local__args", "_local__users", "__weakref__")

    _local__args: tuple[Any, Any]
    _local__users: WeakSet[_Namespaces]

    def __new__(cls, *args: Any, **kw: Any) -> local:
        if (args or kw) and cls.__init__ is object.__init__:
            raise TypeError("Initialization arguments are not supported")
        self = super().__new__(cls)
        object.__setattr__(self, "_local__args", (args, kw))
        object.__setattr__(self, "_local__users", WeakSet())
        _new_namespace(self)  # and so __init__, which Python calls now, is not called again
        return self

    def __getattribute__(self, name: str) -> Any:
        namespace = _namespace(self)
        if name == "__dict__":
            return namespace
        if name in namespace and not _is_data_descriptor(type(self), name):
            return namespace[name]
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "__dict__":
            raise AttributeError(f"{type(self).__name__!r} object attribute '__dict__' is read-only")
        namespace = _namespace(self)
        if _is_data_descriptor(type(self), name):
            object.__setattr__(self, name, value)
        else:
            namespace[name] = value

    def __delattr__(self, name: str) -> None:
        if name == "__dict__":
            raise AttributeError(f"{type(self).__name__!r} object attribute '__dict__' is read-only")
        namespace = _namespace(self)
        if name in namespace and not _is_data_descriptor(type(self), name):
            del namespace[name]
        else:
            object.__delattr__(self, name)

    def __del__(self) -> None:
        key = id(self)
        for namespaces in list(object.__getattribute__(self, "_local__users")):
            namespaces.pop(key, None)


def _namespace(self: local) -> dict[str, Any]:
    namespaces = getcurrent().__dict__.get(_ATTRIBUTE)
    if namespaces is not None:
        namespace = namespaces.get(id(self))
        if namespace is not None:
            return namespace  # type: ignore[no-any-return]
    namespace = _new_namespace(self)
    args, kw = object.__getattribute__(self, "_local__args")
    type(self).__init__(self, *args, **kw)
    return namespace


def _new_namespace(self: local) -> dict[str, Any]:
    namespaces = getcurrent().__dict__.setdefault(_ATTRIBUTE, _Namespaces())
    namespace: dict[str, Any] = namespaces.setdefault(id(self), {})
    object.__getattribute__(self, "_local__users").add(namespaces)
    return namespace


def _is_data_descriptor(cls: type, name: str) -> bool:
    """Whether the class has a property or the like of that name, which goes before instance attributes."""
    for base in cls.__mro__:
        if name in base.__dict__:
            return hasattr(type(base.__dict__[name]), "__set__")
    return False
