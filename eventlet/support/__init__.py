"""Small helpers of upstream's, kept for callers; nothing here uses them."""

from __future__ import annotations

import functools
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["bytes_to_str", "get_errno", "wrap_deprecated"]


def get_errno(exc: BaseException) -> int | None:
    """Return the errno of `exc`, an OSError or the like, or None if it has none."""
    number = getattr(exc, "errno", None)
    if isinstance(number, int):
        return number
    first = exc.args[0] if exc.args else None
    return first if isinstance(first, int) else None


def bytes_to_str(b: Any, encoding: str = "ascii") -> Any:
    """Return `b`, if it is bytes, as a string."""
    return b.decode(encoding) if isinstance(b, bytes) else b


def wrap_deprecated(old: str, new: str) -> Any:
    """Return a decorator for functions that are called by an `old` name still; a call warns to use `new`."""

    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def deprecated(*args: Any, **kwargs: Any) -> Any:
            warnings.warn(f"{old} is deprecated, use {new} instead", DeprecationWarning, stacklevel=2)
            return function(*args, **kwargs)

        return deprecated

    return decorate
