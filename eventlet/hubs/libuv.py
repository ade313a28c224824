"""Hub backend on libuv, through the module pyuv, our own C module or ctypes, whichever is there first.

`provider` is the name of the one in use: 'pyuv', 'c' or 'ctypes'. EVENTLET_HUB=libuv:ctypes, for example, forces one.
"""

from __future__ import annotations

from eventlet.hubs._loop import LoopHub, choose, describe_providers, find_provider

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

PROVIDERS = {
    "pyuv": "eventlet.hubs._libuv_pyuv",
    "c": "eventlet.hubs._libuv_c",
    "ctypes": "eventlet.hubs._libuv_ctypes",
}
#: What to install where it is not available.
INSTALL = "the library libuv (Debian: libuv1, Fedora: libuv, Homebrew: libuv)"


def is_available() -> bool:
    """Whether libuv can be reached in one of the ways."""
    try:
        find_provider(PROVIDERS)
    except ImportError:
        return False
    return True


def describe() -> str:
    """Return the provider and the version of libuv, and what other providers are here, for people."""
    return describe_providers(PROVIDERS, "libuv")


class Hub(LoopHub):
    """Level-triggered, on a libuv loop of its own."""

    name = "libuv"
    knows_files = True  # as epoll and kqueue do, on which libuv is
    providers = PROVIDERS

    def fileno(self) -> int:
        """Return the fd of libuv's set of files, which is readable when it has events. Never switches."""
        return self._poller.fileno()  # type: ignore[no-any-return]

    @property
    def fileno_changes(self) -> int:  # type: ignore[override]
        """How often what `fileno` is the number of has been replaced by another file."""
        return self._poller.renewals()  # type: ignore[no-any-return]

    def deadline(self) -> float | None:
        """As `BaseHub.deadline`; at once if there are watches that libuv tells the kernel of only in the next poll."""
        return self.clock() if self._poller.has_changes() else super().deadline()


def with_options(words: Sequence[str]) -> type[LoopHub]:
    """Return the hub class for `libuv:PROVIDER`. Raises ValueError or ImportError."""
    return choose(Hub, words)


def __getattr__(name: str) -> Any:
    if name == "provider":
        return find_provider(PROVIDERS)[0]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
