"""What objects hold, and how something else is put there: attributes, items, a function's defaults and variables.

Nobody's code is called by looking, and nothing comes into being by it: a function gets no `__dict__`, for one.
"""

from __future__ import annotations

import operator
import re
import sys
from collections import deque
from types import BuiltinFunctionType, CodeType, FunctionType, MappingProxyType, MethodType
from typing import Any, Callable, NamedTuple

from eventlet.green._thread_locks import LockType, RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Look = Callable[[Any], Iterator["Holding"]]

#: How many items of one container are looked at.
_ITEMS = 1000
#: Types whose objects hold nothing of interest.
LEAVES: set[Any] = {
    bool, bytes, bytearray, complex, float, int, str, type(None), type(sys), type(Ellipsis), type(NotImplemented),
    range, slice, memoryview, re.Pattern, CodeType, MappingProxyType, type(int.real), type(str.join), type(type.mro),
    type(str.__len__), type(dict.__dict__["fromkeys"]), type(FunctionType.__globals__), LockType, RLock,
}  # fmt: skip
#: Modules whose locks are to block the thread; and some whose many objects have nothing to do with locks.
_NOT_OURS = {
    "eventlet", "greenlet", "importlib", "_frozen_importlib", "_frozen_importlib_external", "sys", "builtins",
    "_abc", "abc", "enum", "typing",
}  # fmt: skip
_CONTAINERS = (dict, list, tuple, set, frozenset, deque)
_PLAIN_CONTAINERS = {tuple, list, set, frozenset, deque}
#: Of the interpreter's own types, those that are looked into; besides functions.
_WRAPPERS = {MethodType, property, classmethod, staticmethod}
_CLASS_CELL = ("__class__",)  # the closure of a method that uses super()
_MEMBER = type(FunctionType.__globals__)


def _of_types(name: str) -> Callable[[type], Any]:
    """Return what gets the attribute `name` of a type, whatever its metaclass has of that name."""
    return type.__dict__[name].__get__  # type: ignore[no-any-return]


_module_of, _mro_of, _dict_of = _of_types("__module__"), _of_types("__mro__"), _of_types("__dict__")
_dictoffset_of = _of_types("__dictoffset__")


class Holding(NamedTuple):
    """An object that is held by another."""

    #: How its path goes on from its holder's: '.name', '[0]'.
    suffix: str
    #: As which attribute, argument or variable it is held; None if as an item.
    name: str | None
    value: Any
    #: `function(owner, key, other)` puts another there.
    function: Callable[[Any, Any, Any], object]
    owner: Any
    key: Any


def is_not_ours(module_name: Any) -> bool:
    """Whether the module, and what it has made, is to stay as it is."""
    return not isinstance(module_name, str) or module_name.partition(".")[0] in _NOT_OURS


def look_for(kind: type) -> Look | None:
    """Return the function that yields what an object of the type `kind` holds; None if that is nothing."""
    if kind is FunctionType:
        return _held_by_function
    if issubclass(kind, (int, str)):
        return None  # mostly a kind of enumeration
    looks: list[Look] = []
    container = next((base for base in _CONTAINERS if issubclass(kind, base)), None)
    if container is not None:
        looks.append(_items_look(container))
    if kind in _WRAPPERS or not is_not_ours(_module_of(kind)):
        if _dictoffset_of(kind):
            looks.append(_held_in_namespace)
        members = list(_members_of(kind))
        if members:
            looks.append(_members_look(members))
    if len(looks) > 1:
        return lambda value: (holding for look in looks for holding in look(value))
    return looks[0] if looks else None


def is_plain(value: Any) -> bool:
    """Whether it is easily seen that there is nothing of interest in `value`: as in most functions."""
    kind = type(value)
    if kind is FunctionType:
        return (
            (value.__defaults__ is None or LEAVES.issuperset(map(type, value.__defaults__)))
            and (value.__closure__ is None or value.__code__.co_freevars == _CLASS_CELL)
            and (value.__kwdefaults__ is None or LEAVES.issuperset(map(type, value.__kwdefaults__.values())))
            and not _may_have_attributes(value)
        )
    if kind in LEAVES:
        return True
    if issubclass(kind, BuiltinFunctionType):
        return type(value.__self__) in LEAVES
    if kind in _PLAIN_CONTAINERS:
        return LEAVES.issuperset(map(type, value))
    if kind is dict:
        return LEAVES.issuperset(map(type, value.values())) and LEAVES.issuperset(map(type, value))
    if kind is property:
        return is_plain(value.fget) and is_plain(value.fset) and is_plain(value.fdel)
    return (kind is classmethod or kind is staticmethod) and is_plain(value.__func__)


# ---- attributes


def namespace_of(value: Any) -> dict[str, Any] | None:
    """Return the `__dict__` of `value`, if that is an ordinary one."""
    try:
        namespace = object.__getattribute__(value, "__dict__")
    except Exception:  # there is none; or it is somebody's own, who cannot say now
        return None
    return namespace if isinstance(namespace, dict) else None


def _held_in_namespace(value: Any) -> Iterator[Holding]:
    namespace = namespace_of(value)
    for name, held in list(namespace.items()) if namespace else ():
        if type(held) not in LEAVES:
            yield Holding(f".{name}", str(name), held, operator.setitem, namespace, name)


def _members_of(kind: type) -> Iterator[tuple[Any, str, str | None]]:
    """The descriptors of slots, those of `__slots__` and the fields of types in C; with `suffix` and `name` of each."""
    for base in _mro_of(kind):
        is_assigned = "__slots__" in _dict_of(base)
        for name, member in list(_dict_of(base).items()):
            if type(member) is _MEMBER:
                yield member, "" if name == "__func__" else f".{name}", name if is_assigned else None


def _members_look(members: list[tuple[Any, str, str | None]]) -> Look:
    def look(value: Any) -> Iterator[Holding]:
        for member, suffix, name in members:
            try:
                held = member.__get__(value)
            except AttributeError:
                continue  # it is empty
            if type(held) not in LEAVES:
                yield Holding(suffix, name, held, _set_member, member, value)

    return look


def _set_member(member: Any, owner: Any, other: Any) -> None:
    member.__set__(owner, other)


# ---- items


def _items_look(container: Any) -> Look:
    """What an object of a subclass of `container` has is asked by this one's methods: its own may be anybody's code."""
    function = getattr(container, "__setitem__", refuse)
    pairs: Any = dict.items if container is dict else lambda value: enumerate(container.__iter__(value))

    def look(value: Any) -> Iterator[Holding]:
        if container.__len__(value) > _ITEMS:
            return
        for key, held in list(pairs(value)):
            if type(held) not in LEAVES:
                yield Holding(f"[{_short(key)}]", None, held, function, value, key)
            if type(key) not in LEAVES:
                yield Holding("[…]", None, key, refuse, value, key)

    return look


def refuse(_owner: Any, _key: Any, _other: Any) -> None:
    """Put nothing there."""
    raise TypeError("it is in use, or in what cannot be changed")


def _short(key: Any) -> str:
    return repr(key) if type(key) in (int, str, bytes) else f"<{type(key).__name__}>"


# ---- functions


def _may_have_attributes(function: FunctionType) -> bool:
    # To ask for a function's __dict__ is to make one. Attributes are put on closures, by decorators, and
    # on what uses them itself, by its name.
    name, code = function.__name__, function.__code__
    if code.co_freevars and code.co_freevars != _CLASS_CELL:
        return True
    return name in code.co_names and dict.get(function.__globals__, name) is function


def _held_by_function(function: FunctionType) -> Iterator[Holding]:
    if is_not_ours(function.__module__):
        return
    code = function.__code__
    defaults = function.__defaults__ or ()
    for index, held in enumerate(defaults):
        if type(held) not in LEAVES:
            name = code.co_varnames[code.co_argcount - len(defaults) + index]
            yield Holding(f"({name}=)", name, held, _set_default, function, index)
    kwdefaults = function.__kwdefaults__ or {}
    for name, held in list(kwdefaults.items()):
        if type(held) not in LEAVES:
            yield Holding(f"({name}=)", name, held, operator.setitem, kwdefaults, name)
    for name, cell in zip(code.co_freevars, function.__closure__ or ()):
        try:
            held = cell.cell_contents
        except ValueError:
            continue  # it is empty
        if type(held) not in LEAVES:
            yield Holding(f".<locals>.{name}", name, held, _set_cell, cell, None)
    if _may_have_attributes(function):
        yield from _held_in_namespace(function)


def _set_cell(cell: Any, _key: None, other: Any) -> None:
    cell.cell_contents = other


def _set_default(function: Any, index: int, other: Any) -> None:
    # This one, and the function's: else another function has the same tuple, and its lock.
    if sys.getrefcount(function.__defaults__) > 2:
        raise TypeError("its tuple is somebody else's, too")
    defaults = function.__defaults__
    function.__defaults__ = (*defaults[:index], other, *defaults[index + 1 :])
