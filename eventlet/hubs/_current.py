"""Which hub a thread has: one per OS thread, chosen by name, environment or object."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from eventlet import _pristine
from eventlet.hubs import _orphan
from eventlet.hubs.errors import HubError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from eventlet.hubs.hub import BaseHub

#: Name and module of each backend here, in the order of preference.
BACKENDS = {
    "epolls": "eventlet.hubs.epolls",
    "kqueue": "eventlet.hubs.kqueue",
    "poll": "eventlet.hubs.poll",
    "selects": "eventlet.hubs.selects",
    "libuv": "eventlet.hubs.libuv",
    "libev": "eventlet.hubs.libev",
    "asyncio": "eventlet.hubs.asyncio",
    "asyncio:uvloop": "eventlet.hubs._uvloop",
}
ALIASES = {"epoll": "epolls", "select": "selects", "pyuv": "libuv", "pyev": "libev"}
ENTRY_POINT_GROUP = "eventlet.hubs"


class _Thread(_pristine.thread._local):  # type: ignore[misc, name-defined]
    """What an OS thread has. Attributes: `hub`, and `hub_class` if one was chosen for it."""


class _ClosesHub:
    """Lives in the thread's locals, and so ends with the thread: then the hub's fds are closed."""

    def __init__(self, hub: BaseHub) -> None:
        self._hub = hub
        self._process = _pristine.os.getpid()

    def __del__(
        self,
        is_finalizing: Callable[[], bool] = sys.is_finalizing,
        getpid: Callable[[], int] = _pristine.os.getpid,
    ) -> None:
        # At the interpreter's end the modules are in pieces, and the system closes what is open. In a forked child
        # the other threads are gone with their locals, while the parent's hubs go on, and may share an epoll set.
        if not is_finalizing() and getpid() == self._process:
            self._hub.close()


thread = _Thread()


def get_hub() -> BaseHub:
    """Return this OS thread's hub; the first call makes it. Never switches.

    Raises HubError if the hub that was asked for (`use_hub`, EVENTLET_HUB) cannot be had.
    """
    try:
        return thread.hub  # type: ignore[no-any-return]
    except AttributeError:
        return _make_hub()


def has_hub() -> bool:
    """Whether this OS thread has a hub already. Never switches."""
    return hasattr(thread, "hub")


def _make_hub() -> BaseHub:
    hub_class = getattr(thread, "hub_class", None)
    if hub_class is None:
        use_hub()
        hub_class = thread.hub_class
    hub: BaseHub = hub_class()
    thread.closer = _ClosesHub(hub)
    thread.hub = hub
    _fork_hook.install()
    return hub


def use_hub(mod: Any = None) -> None:
    """Choose this OS thread's hub; call it before anything green runs in the thread.

    `mod` is None (then EVENTLET_HUB decides, or the best one here is taken), a name
    ('epolls', 'libuv', ..., or one of the entry-point group `eventlet.hubs`),
    such a name with options ('libuv:ctypes'), 'package.module:Class', a module that has a
    class `Hub` (or its path), or a hub class.

    A hub that the thread already has is closed; its green threads never run again, and the main
    one, if it waits there, gets a HubError. Never switches. Raises HubError, and changes
    nothing, if the hub cannot be had.
    """
    if mod is None:
        mod = _pristine.os.environ.get("EVENTLET_HUB", "").strip() or get_default_hub()
    hub_class = find_hub_class(mod)
    old = thread.__dict__.pop("hub", None)
    if old is not None:
        old.close()
    thread.hub_class = hub_class


def get_default_hub() -> ModuleType:
    """Return the module of the best hub that is available here: epolls, poll or selects. Never switches."""
    for module_name in BACKENDS.values():
        module = importlib.import_module(module_name)
        if module.is_available():
            return module
    raise HubError("no hub is available here: this platform has neither epoll, poll nor select")


def available_hubs() -> list[str]:
    """Return the names of the hubs that work here, the default first. Never switches."""
    return [name for name, module_name in BACKENDS.items() if importlib.import_module(module_name).is_available()]


def prepare() -> None:
    """Import what the hub named by EVENTLET_HUB needs: patched threads had better not. Never switches.

    Errors are left to whoever first uses the hub.
    """
    name = _pristine.os.environ.get("EVENTLET_HUB", "").strip()
    module_name = BACKENDS.get(ALIASES.get(name, name))
    if module_name is not None:
        module = importlib.import_module(module_name)
        if hasattr(module, "prepare") and module.is_available():
            module.prepare()


def find_hub_class(mod: Any) -> type[BaseHub]:
    """Return the hub class that `mod` stands for, as described in `use_hub`, or raise HubError."""
    if isinstance(mod, str):
        mod = _find_by_name(mod)
    if isinstance(mod, ModuleType):
        is_available = getattr(mod, "is_available", None)
        if is_available is not None and not is_available():
            install = getattr(mod, "INSTALL", "")
            needs = f": it needs {install}" if install else ""
            raise HubError(f"hub {mod.__name__!r} is not available on this system{needs}; {_choices()}")
        if not hasattr(mod, "Hub"):
            raise HubError(f"module {mod.__name__!r} has no class Hub; {_choices()}")
        if hasattr(mod, "prepare"):
            mod.prepare()
        mod = mod.Hub
    if not isinstance(mod, type) or not hasattr(mod, "run"):
        raise HubError(f"a hub is a name, a module or a class, not {mod!r}; {_choices()}")
    return mod


def _find_by_name(name: str) -> Any:
    name = ALIASES.get(name, name)
    if name in BACKENDS:
        return importlib.import_module(BACKENDS[name])
    base, *options = name.split(":")
    base = ALIASES.get(base, base)
    if options and base in BACKENDS:
        return _with_options(importlib.import_module(BACKENDS[base]), base, options)
    if ":" in name:
        return _import_class(name)
    entry_point = entry_points().get(name)
    if entry_point is None and "." in name:
        return _import_class(name)
    if entry_point is None:
        raise HubError(f"unknown hub {name!r}; {_choices()}")
    try:
        return entry_point.load()
    except (ImportError, AttributeError) as error:
        raise HubError(f"hub {name!r} cannot be loaded from {entry_point.value!r}: {error}; {_choices()}") from error


def _with_options(module: ModuleType, name: str, options: list[str]) -> Any:
    """Return what 'name:option:option' stands for."""
    if not hasattr(module, "with_options"):
        raise HubError(f"hub {name!r} has no options, and {':'.join(options)!r} is none; {_choices()}")
    try:
        return module.with_options(options)
    except (ImportError, OSError, ValueError) as error:
        raise HubError(f"hub {':'.join([name, *options])!r} is not available: {error}; {_choices()}") from error


def _import_class(path: str) -> Any:
    module_name, colon, attribute = path.partition(":")
    try:
        if module_name.startswith("."):
            raise ImportError("a relative name is relative to nothing here")
        found: Any = importlib.import_module(module_name)
        for part in attribute.split(".") if colon else ():
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise HubError(f"hub {path!r} cannot be loaded: {error}; {_choices()}") from error
    return found


def entry_points() -> dict[str, Any]:
    """Return the hubs that distributions declare, by name. Never switches."""
    from importlib import metadata

    if sys.version_info >= (3, 10):
        found = metadata.entry_points(group=ENTRY_POINT_GROUP)
    else:  # until 3.9 is dropped
        found = metadata.entry_points().get(ENTRY_POINT_GROUP, ())
    return {entry_point.name: entry_point for entry_point in found}


def _choices() -> str:
    names = [*available_hubs(), *sorted(entry_points())]
    return f"available here: {', '.join(names)}, or 'package.module:Class'"


class _ForkHook:
    """Gives a forked child a fresh hub. Installed with the first hub, not on import."""

    def __init__(self) -> None:
        self._installed = False

    def install(self) -> None:
        if not self._installed and hasattr(_pristine.os, "register_at_fork"):
            self._installed = True
            _pristine.os.register_at_fork(after_in_child=self._in_child)

    def _in_child(self) -> None:
        if has_hub():
            hub = get_hub()
            hub.after_fork()
            _orphan.watch(hub)
            thread.closer = _ClosesHub(hub)


_fork_hook = _ForkHook()
