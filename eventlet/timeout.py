"""Timeouts: `Timeout`, `with_timeout`, `is_timeout`."""

from __future__ import annotations

from eventlet import _pristine
from eventlet.hubs.timeout import Timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    E_ = TypeVar("E_", bound=BaseException)

__all__ = ["Timeout", "is_timeout", "with_timeout", "wrap_is_timeout"]

_MISSING = object()


def with_timeout(seconds: float | None, function: Callable[..., Any], *args: Any, **kwds: Any) -> Any:
    """Return `function(*args, **kwds)`, but raise Timeout if that takes longer than `seconds`.

    With the keyword `timeout_value` that value is returned instead of raising; it
    is not passed on to `function`. Switches if `function` does.
    """
    timeout_value = kwds.pop("timeout_value", _MISSING)
    timeout = Timeout(seconds)
    try:
        return function(*args, **kwds)
    except Timeout as raised:
        if raised is timeout and timeout_value is not _MISSING:
            return timeout_value
        raise
    finally:
        timeout.cancel()


def is_timeout(obj: object) -> bool:
    """Whether `obj`, an exception, says that something took too long, whoever raised it. Never switches."""
    # Until 3.9 is dropped: socket.timeout is a TimeoutError since 3.10.
    return bool(getattr(obj, "is_timeout", False)) or isinstance(obj, (TimeoutError, _pristine.socket.timeout))


def wrap_is_timeout(base: type[E_]) -> type[E_]:
    """Give the exception class `base` the attribute that `is_timeout` looks for, and return it."""
    base.is_timeout = property(lambda _: True)  # type: ignore[attr-defined]
    return base
