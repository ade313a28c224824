"""What the hubs libuv and libev have in common: a poller on somebody's event loop, from one of several providers.

A provider is a module with the library's `version` and a class `Poller`:

`Poller(flags=0)`
    A loop of its own. `flags`: libev's number of a backend, 0 for the one that it recommends. Raises OSError.
`watch(fd, events)`
    As `BaseHub.set_interest`. The library's watcher stays started until it is told otherwise, since starting and
    stopping one costs system calls. From any thread that holds the GIL, also while another one is in `poll`.
`poll(seconds)`
    As `BaseHub.do_poll`. An fd that was closed after `watch` is reported as BROKEN, and forgotten.
`after_fork()`, `close()`
    Begin anew in a forked child, with nothing watched; release everything. In a child, `close` does not disturb the
    parent either. While another thread is in `poll`, `close` takes effect at its end.
`backend()`
    The number of libev's backend.
`fileno()`, `renewals()`, `has_changes()`
    libuv only: the fd of the kernel's set, how often that was replaced by another, and whether there are watches that
    will be in it only after the next poll. (libev tells nobody what its fd is.)

These loops are used as level-triggered pollers. The hub's turn, timers and wake-ups stay its own: a callback into
Python for each of them would cost more than what the library does.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from eventlet.hubs.hub import BaseHub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, ClassVar

    from eventlet.hubs._timers import Clock
    from eventlet.hubs.hub import Events


class LoopHub(BaseHub):
    """Level-triggered, on a library's loop. The library's watchers persist: see `Readiness`."""

    #: Name and module of each provider, in the order of preference.
    providers: ClassVar[Mapping[str, str]] = {}
    #: Options: the provider to take, '' for the first that is there, and what its Poller is made with.
    forced_provider = ""
    flags = 0

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        #: Name of the provider in use, and version of its library.
        self.provider, module = find_provider(self.providers, self.forced_provider)
        self.version: str = module.version
        self._poller = module.Poller(self.flags)
        self._poll = self._poller.poll
        self._watch = self._poller.watch

    def do_poll(self, seconds: float | None) -> Events:
        return self._poll(seconds)  # type: ignore[no-any-return]

    def set_interest(self, fd: int, events: int) -> None:
        self._watch(fd, events)

    def close(self) -> None:
        super().close()
        self._poller.close()

    def after_fork(self) -> None:
        self._poller.after_fork()
        super().after_fork()


def find_provider(providers: Mapping[str, str], name: str = "") -> tuple[str, Any]:
    """Return name and module of the provider `name`, or of the first that is there. Raises ImportError."""
    return _first_provider(((name, providers[name]),) if name else tuple(providers.items()))


@cache  # every thread's hub asks; and where import locks are green, looking for what is not there may need a hub
def _first_provider(candidates: tuple[tuple[str, str], ...]) -> tuple[str, Any]:
    reasons = []
    for name, module_name in candidates:
        try:
            return name, import_module(module_name)
        except ImportError as error:
            reasons.append(f"{name}: {error}")
    raise ImportError("; ".join(reasons))


def describe_providers(providers: Mapping[str, str], library: str) -> str:
    """Return which provider is in use, with the version of its library, and which others are here."""
    found = {}
    for name, module_name in providers.items():
        try:
            found[name] = import_module(module_name).version
        except ImportError:
            continue
    first, *others = [f"{name}, {library} {version}" for name, version in found.items()]
    return f"{first} (also here: {'; '.join(others)})" if others else first


def choose(hub_class: type[LoopHub], words: Sequence[str], backends: Mapping[str, int] | None = None) -> type[LoopHub]:
    """Return a subclass of `hub_class` with what `words` say: a provider, a backend, in any order.

    Raises ValueError for a word that is neither, ImportError for a provider that is not there, OSError for a backend.
    """
    backends = backends or {}
    provider, flags = "", 0
    for word in words:
        if word in hub_class.providers and not provider:
            provider = word
        elif word in backends and not flags:
            flags = backends[word]
        else:
            known = ", ".join([*hub_class.providers, *backends])
            raise ValueError(f"hub {hub_class.name!r} has no option {word!r}; it has one or some of: {known}")
    _, module = find_provider(hub_class.providers, provider)
    if flags:
        module.Poller(flags).close()
    return type("Hub", (hub_class,), {"forced_provider": provider, "flags": flags, "__module__": hub_class.__module__})
