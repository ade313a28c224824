"""Locks that functions, classes within classes, and containers of all kinds hold are made green, or named."""

import collections
import dataclasses
import functools
import threading
import types
import warnings

import _check

# ruff: noqa: B008


def default(lock=threading.Lock()):
    return lock


def keyword(*, lock=threading.RLock()):
    return lock


def guarded(function):
    lock = threading.Lock()

    @functools.wraps(function)
    def call(*args):
        with lock:
            return function(*args), lock

    call.lock = lock
    return call


@guarded
def decorated():
    return None


def counter():
    with counter.lock:
        return counter.lock


counter.lock = threading.Lock()


def pair():
    lock = threading.Lock()

    def take():
        return lock

    def replace():
        nonlocal lock
        lock = None

    return take, replace


take, replace = pair()


@dataclasses.dataclass
class Data:
    lock: object = threading.Lock()


class Holder:
    class Inner:
        lock = threading.Lock()

    __slots__ = ("__private",)

    def __init__(self):
        self.__private = threading.Lock()

    def method(self, lock=threading.Lock()):
        return lock

    @staticmethod
    def static(lock=threading.Lock()):
        return lock

    @classmethod
    def of_class(cls, lock=threading.Lock()):
        return lock

    @property
    def value(self, lock=threading.Lock()):
        return lock

    def private(self):
        return self.__private


class Registry(dict):
    def __len__(self):
        raise AssertionError("nobody is to ask")

    __iter__ = items = values = keys = __setitem__ = __len__


def made():
    class Local:
        lock = threading.Lock()

    return Local()


holder, local = Holder(), made()
bound = Holder().private
registry = Registry(lock=threading.Lock())
ordered = collections.OrderedDict(lock=threading.Lock())
Named = collections.namedtuple("Named", "lock")
partial = functools.partial(default, lock=threading.Lock())
public = threading.Lock()
acquire, release = public.acquire, public.release
# These stay as they are, and are named.
named = Named(threading.Lock())
fixed = functools.partial(default, threading.Lock())
shared = types.FunctionType(default.__code__, globals(), "shared", (threading.Lock(),))
of_another = types.FunctionType(default.__code__, globals(), "of_another", shared.__defaults__)
del of_another.__module__  # nobody's: it is not looked at
hidden = [of_another]


def suspended():
    lock = yield
    while True:
        yield lock


waiting = suspended()
next(waiting)
in_use = threading.Lock()


def uses(lock=in_use):
    return lock


del in_use
waiting.send(uses())


def plain():
    return None


import eventlet
from eventlet import patcher
from eventlet.green.thread import LockType, RLock

early = {lock.attribute: lock for lock in patcher.unpatched_locks() if lock.module == "__main__"}
with open(__file__) as file:
    lines = file.read().splitlines()
for name, text in (
    ("default(lock=)", "def default("),
    ("keyword(lock=)", "def keyword("),
    ("decorated.<locals>.lock", "lock = threading.Lock()"),
    ("take.<locals>.lock", "lock = "),
    ("Holder.Inner.lock", "lock = threading.Lock()"),
    ("Holder.method(lock=)", "def method("),
    ("Holder.static(lock=)", "def static("),
    ("Holder.of_class(lock=)", "def of_class("),
    ("Holder.value.fget(lock=)", "def value("),
    ("holder._Holder__private", "self.__private = "),
    ("registry['lock']", "registry = "),
    ("ordered['lock']", "ordered = "),
    ("named[0]", "named = "),
    ("partial.keywords['lock']", "partial = "),
):
    found = early[name]
    assert found.file == __file__ and text in lines[found.line - 1], found

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    eventlet.monkey_patch()
left = {lock.attribute: lock.reason for lock in patcher.unpatched_locks() if lock.module == "__main__"}
assert set(left) == {"named[0]", "fixed.args[0]", "shared(lock=)", "uses(lock=)"}, left
assert left["uses(lock=)"] == "others hold references to it"
assert next(waiting) is uses() and shared() is of_another()  # still the lock that the others mean

assert type(default()) is LockType and type(keyword()) is RLock and type(partial()) is LockType
assert type(decorated()[1]) is LockType and decorated.lock is decorated()[1]
assert type(counter()) is LockType and type(take()) is LockType
assert type(Data().lock) is LockType and Data.lock is Data().lock
assert type(Holder.Inner.lock) is LockType and type(holder.private()) is LockType and type(bound()) is LockType
assert {type(lock) for lock in (holder.method(), holder.static(), holder.of_class(), holder.value)} == {LockType}
assert type(dict.get(registry, "lock")) is LockType and list(ordered) == ["lock"]
assert type(ordered["lock"]) is LockType and type(local.lock) is LockType
assert acquire.__self__ is release.__self__ is public and type(public) is LockType
with public:
    assert not acquire(False)
_check.raises(RuntimeError, release)
replace()
assert take() is None  # it is the variable, not a copy
