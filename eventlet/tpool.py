"""Calling what blocks, and cannot be made green, in real OS threads: `execute` and `Proxy`.

The functions here are about one pool for the whole process. It has up to EVENTLET_THREADPOOL_SIZE
(20) threads, started when they are needed; the variable is read when the pool is first used. A
`ThreadPool` of one's own may have another size and a bounded queue.
"""

from __future__ import annotations

from eventlet import _pristine
from eventlet._threadpool import ThreadPool as ThreadPool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Callable

__all__ = [
    "Proxy",
    "ThreadPool",
    "execute",
    "killall",
    "proxy_call",
    "set_num_threads",
    "setup",
    "tpool_trampoline",
    "tworker",
]

SIZE_VARIABLE = "EVENTLET_THREADPOOL_SIZE"
DEFAULT_SIZE = 20


class _DefaultPool:
    """The pool of the process, made when it is first asked for."""

    def __init__(self) -> None:
        self._lock = _pristine.thread.RLock()  # reentrant, for finalisers and signal handlers
        self.pool: ThreadPool | None = None

    def make(self, size: int | None = None) -> ThreadPool:
        """Return the pool; if it has to be made, with `size` threads, or as many as the environment says."""
        with self._lock:
            if self.pool is None:
                made = ThreadPool(_size_from_environment() if size is None else size)
                if self.pool is None:  # else a finaliser has made one meanwhile
                    self.pool = made
            return self.pool


_default = _DefaultPool()


def _size_from_environment() -> int:
    given = _pristine.os.environ.get(SIZE_VARIABLE, "").strip()
    if not given:
        return DEFAULT_SIZE
    if not given.isdecimal():
        raise ValueError(f"{SIZE_VARIABLE} should be a number of threads, not {given!r}")
    return int(given)


def execute(meth: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Return `meth(*args, **kwargs)`, called in an OS thread, or raise what it raises. Switches.

    All arguments are for `meth`, whatever their names. It sees a copy of the caller's context
    variables. If the calling green thread is killed or times out, a call that has begun goes on and its outcome is
    dropped; one that has not is never made. In a thread of the pool, or when the interpreter ends, it is an ordinary
    call.
    """
    return (_default.pool or _default.make()).execute(meth, *args, **kwargs)


def set_num_threads(nthreads: int) -> None:
    """Have `nthreads` threads at most; with 0, `execute` calls functions in the caller's thread. Never switches.

    Takes effect at once. Raises ValueError for a negative number.
    """
    _default.make(nthreads).resize(nthreads)


def setup() -> None:
    """Make the pool ready: read EVENTLET_THREADPOOL_SIZE. `execute` does that too. Never switches.

    Raises ValueError if the variable is not a number.
    """
    _default.make()


def killall() -> None:
    """Let the threads end, when they have made all calls that were asked for. Switches until then.

    The next `execute` starts new ones. There is no need for this at exit: the threads do not delay it.
    """
    if _default.pool is not None:
        _default.pool.killall()


def tworker() -> None:
    """Make the calls that others `execute`, in the calling OS thread, as one more thread of the pool. Blocks it.

    Returns when the pool's threads end: for `killall`, after half a minute without work, or at once if there are as
    many as was set. The pool starts threads by itself; this lends it one that is somebody's own.
    """
    _default.make().serve()


def tpool_trampoline() -> None:
    """Return when the pool has no threads: after `killall`, or long enough without a call. Switches until then.

    Upstream hands out results here; now the threads themselves wake those who wait.
    """
    _default.make().wait_for_end()


def proxy_call(autowrap: Any, f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return `f(*args, **kwargs)` as `execute` does, in a Proxy if it is an instance of `autowrap`. Switches.

    `autowrap` is a class or a tuple of classes. With `nonblocking=True`, which `f` does not get to see, the call
    is made in the caller's thread.
    """
    result = f(*args, **kwargs) if kwargs.pop("nonblocking", False) else execute(f, *args, **kwargs)
    return Proxy(result, autowrap) if isinstance(result, autowrap) else result


class Proxy:
    """Stands for an object whose methods block: calls of them are made in OS threads. See `execute`.

    Attributes are read and set in the caller's thread; calling one switches. So do items, iteration, `len`, `with`,
    comparison, `str` and `repr`. Several green threads may use it at once if the object bears several threads.

    Results, and attributes, that are instances of `autowrap` (a class or a tuple of them), or
    come from a method or attribute whose name is in `autowrap_names`, get a Proxy of their own.
    """

    __slots__ = ("__weakref__", "_autowrap", "_autowrap_names", "_obj")

    _obj: Any
    _autowrap: Any
    _autowrap_names: Any

    def __init__(self, obj: Any, autowrap: Any = (), autowrap_names: Any = ()) -> None:
        isinstance(None, autowrap)  # raises TypeError if it is no class or tuple of classes
        object.__setattr__(self, "_obj", obj)
        object.__setattr__(self, "_autowrap", autowrap)
        object.__setattr__(self, "_autowrap_names", autowrap_names)

    def _call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self._same(proxy_call(self._autowrap, function, *args, **kwargs))

    def _same(self, result: Any) -> Any:
        # What returns itself, as `with` and iterators do, is to stay behind this proxy.
        if result is self._obj or type(result) is Proxy and result._obj is self._obj:
            return self
        return result

    def _wrap(self, value: Any) -> Any:
        return value if isinstance(value, Proxy) else Proxy(value, self._autowrap, self._autowrap_names)

    # ---- attributes

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._obj, name)
        named = name in self._autowrap_names
        if not callable(attribute):
            return self._wrap(attribute) if named or isinstance(attribute, self._autowrap) else attribute

        def call(*args: Any, **kwargs: Any) -> Any:
            result = self._call(attribute, *args, **kwargs)
            return self._wrap(result) if named else result

        for copied in ("__name__", "__qualname__", "__doc__"):
            value = getattr(attribute, copied, None)
            if isinstance(value, str):
                setattr(call, copied, value)
        return call

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._obj, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._obj, name)

    def __dir__(self) -> Any:
        return dir(self._obj)

    # ---- operators, which Python looks for in the class

    def __call__(self, *a: Any, **kw: Any) -> Any:
        result = self._call(self._obj, *a, **kw)
        return self._wrap(result) if "__call__" in self._autowrap_names else result

    def __getitem__(self, key: Any) -> Any:
        return self._call(self._obj.__getitem__, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._call(self._obj.__setitem__, key, value)

    def __delitem__(self, key: Any) -> None:
        self._call(self._obj.__delitem__, key)

    def __contains__(self, item: Any) -> bool:
        return bool(execute(_contains, self._obj, item))

    def __len__(self) -> int:
        return execute(len, self._obj)  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return execute(bool, self._obj)  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Any]:
        iterator = execute(iter, self._obj)
        return self if iterator is self._obj else self._wrap(iterator)

    def __next__(self) -> Any:
        return self._call(next, self._obj)

    next = __next__

    def __enter__(self) -> Any:
        return self._call(self._obj.__enter__)

    def __exit__(self, *exc: Any) -> Any:
        return execute(self._obj.__exit__, *exc)

    def __eq__(self, other: object) -> Any:
        return execute(_equal, self._obj, _unwrapped(other))

    def __ne__(self, other: object) -> Any:
        return execute(_unequal, self._obj, _unwrapped(other))

    def __hash__(self) -> int:
        return execute(hash, self._obj)  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return execute(str, self._obj)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return execute(repr, self._obj)  # type: ignore[no-any-return]

    def __copy__(self) -> Proxy:
        return self._copied(proxy_call((), _copy, self._obj))

    def __deepcopy__(self, memo: Any = None) -> Proxy:
        return self._copied(proxy_call((), _deepcopy, self._obj, memo))

    def _copied(self, copied: Any) -> Proxy:
        return type(self)(copied, self._autowrap, self._autowrap_names)


def _unwrapped(value: Any) -> Any:
    return value._obj if isinstance(value, Proxy) else value


def _contains(container: Any, item: Any) -> Any:
    return item in container


def _equal(left: Any, right: Any) -> Any:
    return left == right


def _unequal(left: Any, right: Any) -> Any:
    return left != right


def _copy(value: Any) -> Any:
    import copy

    return copy.copy(value)


def _deepcopy(value: Any, memo: Any) -> Any:
    import copy

    return copy.deepcopy(value, memo)
