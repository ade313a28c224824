"""Green modules define what they change; every other name is their standard twin's: PEP 562."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

    Fallthrough = tuple[Callable[[str], Any], Callable[[], list[str]]]


def look_like(namespace: dict[str, Any], *twins: ModuleType) -> Fallthrough:
    """Return `__getattr__` and `__dir__` for the green module with `namespace`: they fall through to `twins`."""
    name = namespace["__name__"]

    def __getattr__(attribute: str) -> Any:
        if attribute == "__all__":
            return [known for twin in twins for known in _public_names(twin)]
        if not (attribute.startswith("__") and attribute.endswith("__")):
            for twin in twins:
                try:
                    return getattr(twin, attribute)
                except AttributeError:
                    pass
        raise AttributeError(f"module {name!r} has no attribute {attribute!r}")

    def __dir__() -> list[str]:
        return sorted({*namespace, *(known for twin in twins for known in dir(twin))})

    return __getattr__, __dir__


def _public_names(twin: ModuleType) -> list[str]:
    public = getattr(twin, "__all__", None)
    return list(public) if public is not None else [known for known in dir(twin) if known[0] != "_"]


def present(twin: ModuleType, *names: str) -> list[str]:
    """Return those of `names` that this Python's `twin` has: for `__patched__`."""
    return [name for name in names if hasattr(twin, name)]
