"""Hub backend on libev, through the module pyev, our own C module or ctypes, whichever is there first.

`provider` is the name of the one in use: 'pyev', 'c' or 'ctypes'. EVENTLET_HUB=libev:ctypes forces one, and
libev:poll, or libev:ctypes:poll, chooses libev's backend.

It has no `fileno`, and so cannot be embedded: libev has no call that tells which fd its set is.
"""

from __future__ import annotations

from eventlet.hubs._loop import LoopHub, choose, describe_providers, find_provider

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from eventlet.hubs._timers import Clock

PROVIDERS = {
    "pyev": "eventlet.hubs._libev_pyev",
    "c": "eventlet.hubs._libev_c",
    "ctypes": "eventlet.hubs._libev_ctypes",
}
#: libev's numbers. io_uring and linuxaio are never taken unasked: slower here, and io_uring does not survive a fork.
BACKENDS = {"select": 0x01, "poll": 0x02, "epoll": 0x04, "kqueue": 0x08, "linuxaio": 0x40, "iouring": 0x80}
#: What to install where it is not available.
INSTALL = "the library libev (Debian: libev4, Fedora: libev, Homebrew: libev)"


def is_available() -> bool:
    """Whether libev can be reached in one of the ways."""
    try:
        find_provider(PROVIDERS)
    except ImportError:
        return False
    return True


def describe() -> str:
    """Return the provider and the version of libev, and what other providers are here, for people."""
    return describe_providers(PROVIDERS, "libev")


class Hub(LoopHub):
    """Level-triggered, on a libev loop of its own: not the default loop, which takes SIGCHLD."""

    name = "libev"
    providers = PROVIDERS

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        #: Name of libev's backend in use.
        self.backend = next((name for name, number in BACKENDS.items() if number == self._poller.backend()), "?")
        self.knows_files = self.backend not in ("select", "poll")


def with_options(words: Sequence[str]) -> type[LoopHub]:
    """Return the hub class for `libev:PROVIDER:BACKEND`, one or both. Raises ValueError or ImportError."""
    return choose(Hub, words, BACKENDS)


def __getattr__(name: str) -> Any:
    if name == "provider":
        return find_provider(PROVIDERS)[0]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
