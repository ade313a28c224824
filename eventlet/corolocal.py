"""`local`: attributes that every green thread has a set of its own of."""

from __future__ import annotations

from itertools import count
from weakref import ref

from greenlet import getcurrent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["get_ident", "local"]

#: Where a greenlet keeps its `_User`: among its own attributes, so that it ends
#: with it. A table with weak references to greenlets would keep them from being recycled.
_ATTRIBUTE = "_eventlet_locals"


class _Namespaces(dict):  # type: ignore[type-arg]
    """The namespaces in one `local`, by the numbers of the greenlets' `_User`s.

    It belongs to the `local`, so that a cycle of that and a value in it is garbage when nobody else refers to it.
    """

    __slots__ = ("__weakref__", "users")

    users: dict[int, _UserOf]

    def __init__(self) -> None:
        super().__init__()
        self.users = {}

    def add(self, user: _User) -> dict[str, Any]:
        namespace: dict[str, Any] = self.setdefault(user.number, {})
        self.users[user.number] = _UserOf(self, user)
        return namespace


class _User:
    """Stands for a greenlet, as long as that runs one task: its end ends the namespaces."""

    __slots__ = ("__weakref__", "number")

    number: int

    def __init__(self) -> None:
        self.number = next(_numbers)  # unlike id(), never used again


_numbers = count()


class _UserOf(ref):  # type: ignore[type-arg]
    """A reference to a user of some namespaces, which go with him.

    They hold it, and not he: the garbage collector clears those that are garbage themselves without a call.
    """

    __slots__ = ("namespaces", "number")

    def __new__(cls, namespaces: _Namespaces, user: _User) -> _UserOf:
        return super().__new__(cls, user, _forget_user)

    def __init__(self, namespaces: _Namespaces, user: _User) -> None:
        super().__init__(user, _forget_user)  # type: ignore[call-arg]
        self.namespaces = ref(namespaces)
        self.number = user.number


def _forget_user(reference: Any) -> None:
    namespaces = reference.namespaces()
    if namespaces is not None:
        namespaces.users.pop(reference.number, None)
        namespaces.pop(reference.number, None)


def get_ident() -> int:
    """Return a number for the current green thread; it may be used again when that has ended. Never switches."""
    return id(getcurrent())


class local:
    """Like threading.local, but for green threads: each sees only the attributes that it has set itself.

    A subclass's `__init__` runs in each green thread that uses the object, at first
    use, with the arguments that the object was made with. May be used from any OS thread.
    """

    __slots__ = ("_local__args", "_local__namespaces", "__weakref__")

    _local__args: tuple[Any, Any]
    _local__namespaces: _Namespaces

    def __new__(cls, *args: Any, **kw: Any) -> local:
        if (args or kw) and cls.__init__ is object.__init__:
            raise TypeError("Initialization arguments are not supported")
        self = super().__new__(cls)
        object.__setattr__(self, "_local__args", (args, kw))
        object.__setattr__(self, "_local__namespaces", _Namespaces())
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


#: The slot, read past `__getattribute__`.
_namespaces_of = local.__dict__["_local__namespaces"].__get__


def forget_current() -> None:
    """Drop all that the current green thread has set in any `local`. Never switches.

    What ends with a green thread, or when that is let go of; for those that must not be kept by who keeps the thread.
    """
    getcurrent().__dict__.pop(_ATTRIBUTE, None)


def _namespace(self: local) -> dict[str, Any]:
    user = getcurrent().__dict__.get(_ATTRIBUTE)
    if user is not None:
        namespace = _namespaces_of(self).get(user.number)
        if namespace is not None:
            return namespace  # type: ignore[no-any-return]
    namespace = _new_namespace(self)
    args, kw = object.__getattribute__(self, "_local__args")
    type(self).__init__(self, *args, **kw)
    return namespace


def _new_namespace(self: local) -> dict[str, Any]:
    attributes = getcurrent().__dict__
    user = attributes.get(_ATTRIBUTE)
    if user is None:
        user = attributes[_ATTRIBUTE] = _User()
    namespace: dict[str, Any] = _namespaces_of(self).add(user)
    return namespace


def _is_data_descriptor(cls: type, name: str) -> bool:
    """Whether the class has a property or the like of that name, which goes before instance attributes."""
    for base in cls.__mro__:
        if name in base.__dict__:
            return hasattr(type(base.__dict__[name]), "__set__")
    return False
