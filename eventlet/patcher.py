"""Monkey-patching: making code that knows nothing of green threads use them.

`monkey_patch` changes the standard modules in place, for the whole process;
`import_patched` gives one importer a copy of one module, made over the green modules.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
import warnings
from types import ModuleType
from typing import Any, Callable, TypeVar

from eventlet import _pristine
from eventlet._patching import locks
from eventlet._patching.auto import AutoPatches
from eventlet._patching.changes import Changes
from eventlet._patching.changes import DoNotPatch as DoNotPatch
from eventlet._patching.changes import PatchEvent as PatchEvent
from eventlet._patching.hook import ImportHook
from eventlet._patching.locks import UnpatchedLock as UnpatchedLock
from eventlet._patching.table import AUTO_ARGUMENTS, COPIES, DEFAULT_ARGUMENTS, OTHER_ARGUMENTS, PATCHES
from eventlet._patching.world import GREEN_TWINS, green_modules
from eventlet._pristine._world import World
from eventlet.green._thread_handle import running as _running_threads
from eventlet.hubs import HubError, _current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "DoNotPatch",
    "PatchEvent",
    "UnpatchedLock",
    "already_patched",
    "import_patched",
    "inject",
    "is_monkey_patched",
    "monkey_patch",
    "original",
    "patch_function",
    "patched",
    "register_auto",
    "slurp_properties",
    "subscribe",
    "unpatch",
    "unpatched_locks",
    "unsubscribe",
]

_Subscriber = TypeVar("_Subscriber", bound=Callable[[PatchEvent], object])

#: Arguments of monkey_patch that have been applied, each with True.
already_patched: dict[str, bool] = {}

_hook = ImportHook()
_changes = Changes()
_auto = AutoPatches(_hook, _changes)
_worlds: dict[Any, World] = {}


def original(modname: str) -> ModuleType:
    """Return the module `modname` as if nothing had ever been patched; always the same object.

    It is not the one that `import` gives: modules in Python are executed anew, over unpatched
    ones. Never switches. Raises ImportError.
    """
    _check_name(modname)
    return _pristine.original(modname)


def _check_name(name: Any) -> None:
    if not isinstance(name, str):
        raise TypeError(f"the name of a module is a string, not {type(name).__name__}")


# ---- monkey_patch


def monkey_patch(**on: bool) -> None:
    """Make the standard library cooperative, in place and for the whole process. Never switches.

    Without arguments everything is patched; `name=True` patches what is named only,
    `name=False` everything else. The names: `os`, `select`, `socket` (with ssl), `subprocess`, `thread`
    (with threading and queue), `time`, `psycopg`, and `builtins` and `MySQLdb`, which are on only when named;
    `all` stands for those that are not named. `auto=True` is on top of that: third-party modules, too, are
    patched as they are imported, if somebody knows how (`register_auto`).

    Call it before anything else is imported: what others have imported by name before stays
    as it was. Locks and SimpleQueues that modules hold by then are replaced, if that is safe; a
    RuntimeWarning names those that stay. Harmless when repeated. Raises TypeError for any other name.
    """
    auto = on.pop("auto", False)
    chosen = _chosen(on)
    _current.prepare()
    if chosen:
        _load_hub()
    left: list[UnpatchedLock] = []
    for argument in [*chosen, *(AUTO_ARGUMENTS if auto else ())]:
        if argument not in already_patched:
            left += _apply(argument)
    if auto:
        _auto.enable_all()
    if left:
        warnings.warn(locks.report(left), RuntimeWarning, stacklevel=2)


def _chosen(on: dict[str, bool]) -> list[str]:
    known = (*DEFAULT_ARGUMENTS, *OTHER_ARGUMENTS)
    rest = on.pop("all", None)
    unknown = set(on) - set(known)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise TypeError(f"monkey_patch() does not know {names}; it knows {', '.join(sorted(known))}, all and auto")
    if rest is None:
        rest = True not in on.values()
    return [name for name in known if on.get(name, rest and name in DEFAULT_ARGUMENTS)]


def _apply(argument: str) -> list[UnpatchedLock]:
    """Patch what `argument` stands for; return the locks that should be green now, and are not."""
    if argument in AUTO_ARGUMENTS:
        module_name = AUTO_ARGUMENTS[argument]
        _auto.enable(module_name)
        _hook.add(module_name, _noting(argument))
        return []
    already_patched[argument] = True
    try:
        for patch in PATCHES:
            if patch.argument == argument:
                names = _names_of(patch.green, argument)
                _hook.add(patch.green, names.catch_up)
                _hook.add(patch.module, names.put)
                _green_copies(patch.module)
        if argument == "thread" and not _changes.was_vetoed("threading"):
            return locks.upgrade_locks(queues=not _changes.was_vetoed("queue"))
    except BaseException:
        del already_patched[argument]  # the next call does the rest
        raise
    return []


def _load_hub() -> None:
    """Import the hub's module now, over what is not patched yet.

    Import locks are green from now on: an OS thread that waits for one needs a hub, which
    must not have to be imported first.
    """
    try:
        _current.find_hub_class(_pristine.os.environ.get("EVENTLET_HUB", "").strip() or _current.get_default_hub())
    except HubError:
        pass  # whoever first needs a hub is told, unless use_hub() is called before


class _NamesOf:
    """Puts the names that a green module offers into a standard module.

    The green module may be the first to import the standard one. It is not ready then, and `catch_up` does the rest.
    """

    def __init__(self, green_name: str, argument: str) -> None:
        self._green_name = green_name
        self._argument = argument
        self._late: ModuleType | None = None

    def put(self, module: ModuleType) -> None:
        """Called when the standard module has been imported."""
        green = importlib.import_module(self._green_name)
        if getattr(green.__spec__, "_initializing", False):
            self._late = module
        else:
            self._put(green, module)

    def catch_up(self, green: ModuleType) -> None:
        """Called when the green module has been imported."""
        module, self._late = self._late, None
        if module is not None:
            self._put(green, module)

    def _put(self, green: ModuleType, module: ModuleType) -> None:
        _changes.change_module(module.__name__, lambda: self._change(green, module))

    def _change(self, green: ModuleType, module: ModuleType) -> None:
        names = {**vars(green), **getattr(green, "__patched_with__", {})}
        for name in green.__patched__:
            _changes.set_attribute(self._argument, module, name, names[name])
        patch_in_place = getattr(green, "patch_in_place", None)
        if patch_in_place is not None:
            _changes.call(self._argument, patch_in_place, module)


_names_of = functools.cache(_NamesOf)  # so that the hook knows its methods again


@functools.cache
def _noting(argument: str) -> Callable[[ModuleType], object]:
    """Return what notes that `argument` has been applied, once the third-party module that it is about was changed."""

    def note(module: ModuleType) -> None:
        if not _changes.was_vetoed(module.__name__):
            already_patched[argument] = True

    return note


def _green_copies(source: str) -> None:
    for copy in COPIES:
        holder = sys.modules.get(copy.module)
        if copy.source == source and holder is not None and hasattr(holder, copy.name):
            value = getattr(sys.modules[source], copy.original)
            if getattr(holder, copy.name) is not value:
                _changes.set_attribute("thread", holder, copy.name, value)


def unpatch(*arguments: str) -> None:
    """Put back what monkey_patch has changed for these arguments of it; for all, if none is given. For tests.

    The modules are as they were, but for what others have changed since; so are those that will be
    imported. What was made, or taken out of a module, meanwhile stays green: sockets, locks, what `from time import
    sleep` has imported, ssl.SSLSocket if ssl was not imported before. So do third-party modules. Never switches.

    Raises ValueError for a name that is none, or whose changes cannot be undone (`psycopg`, `auto`), and
    RuntimeError while green threads run that threading has started; then nothing has changed.
    """
    known = {patch.argument for patch in PATCHES}
    for argument in arguments:
        if argument not in known:
            names = ", ".join(sorted(known))
            raise ValueError(f"unpatch() cannot undo {argument!r}; it can {names}")
    chosen = [argument for argument in arguments or known if argument in already_patched]
    if "thread" in chosen and _running_threads:
        raise RuntimeError(f"{len(_running_threads)} green threads that threading has started are running")
    for argument in chosen:
        _undo(argument)


def _undo(argument: str) -> None:
    del already_patched[argument]
    patches = [patch for patch in PATCHES if patch.argument == argument]
    for patch in patches:
        names = _names_of(patch.green, argument)
        _hook.remove(patch.module, names.put)
        _hook.remove(patch.green, names.catch_up)
        module = sys.modules.get(patch.module)
        undo_in_place = getattr(sys.modules.get(patch.green), "undo_in_place", None)
        if module is not None and undo_in_place is not None and not _changes.was_vetoed(patch.module):
            undo_in_place(module)
    _changes.undo(argument)
    for copy in COPIES:
        holder, source = sys.modules.get(copy.module), sys.modules.get(copy.source)
        green = sys.modules.get(next((patch.green for patch in patches if patch.module == copy.source), ""))
        if holder is None or green is None:
            continue
        if getattr(holder, copy.name, None) is getattr(green, copy.original):  # it was imported while patched
            setattr(holder, copy.name, getattr(source, copy.original))


@contextlib.contextmanager
def patched(**on: bool) -> Iterator[None]:
    """A `with` block during which monkey_patch(**on) is in force; then what it has changed is undone. For tests.

    See `unpatch` for what stays; what was patched before does. Raises what monkey_patch and unpatch do, and
    ValueError for `auto`.
    """
    if on.get("auto"):
        raise ValueError("what auto=True does cannot be undone")
    before = set(already_patched)
    try:
        monkey_patch(**on)
        yield
    finally:
        known = {patch.argument for patch in PATCHES}
        applied = (set(already_patched) - before) & known
        if applied:
            unpatch(*applied)


def is_monkey_patched(module: Any) -> bool:
    """Whether monkey_patch has changed `module`: a module, its name, or an argument of monkey_patch. Never switches."""
    name = module if isinstance(module, str) else getattr(module, "__name__", None)
    for patch in PATCHES:
        if patch.module == name and patch.argument in already_patched:
            return not _changes.was_vetoed(patch.module)
    return name in already_patched


def unpatched_locks() -> list[UnpatchedLock]:
    """Return the locks and SimpleQueues that block the whole OS thread, and that modules can reach. Never switches.

    Each has the module's name, what it is there ('lock', 'Class.lock', 'instance.lock', 'function(lock=)',
    'function.<locals>.lock'), file and line of the assignment, if that can be known, and the reason why it is not
    green. Before monkey_patch these are all that were made too early; afterwards, those that it could not replace.
    """
    return locks.unpatched_locks()


def subscribe(callback: _Subscriber) -> _Subscriber:
    """Have `callback(event)` called before and after each change that patching makes. Never switches.

    The `PatchEvent`s come for each module, and for each of its attributes that get a green value, at the time of the
    change: in `monkey_patch`, or in the import of a module that was patched before its import. What
    `callback` raises is raised there; but `DoNotPatch`, raised before a change, prevents this change.

    Returns `callback`; subscribing twice does nothing. Raises TypeError if it cannot be called.
    """
    _changes.subscribe(callback)
    return callback


def unsubscribe(callback: Callable[[PatchEvent], object]) -> None:
    """Undo `subscribe(callback)`. Never switches. Raises ValueError if it has not subscribed."""
    _changes.unsubscribe(callback)


def register_auto(name: str, function: Callable[[ModuleType], object] | str) -> None:
    """Let monkey_patch(auto=True) call `function(module)` when the module `name` is imported.

    If that was called, and the module imported, before, it is called at once. `function`
    may be 'package.module:function', which is imported when needed. Registering the same
    twice does nothing. What it raises is raised by the import. Never switches.
    Raises TypeError for what is neither, and ValueError for a string without a colon.
    """
    _check_name(name)
    if not isinstance(function, str) and not callable(function):
        raise TypeError(f"a function, or 'package.module:function', is needed, not {function!r}")
    if isinstance(function, str) and not all(function.partition(":")):
        raise ValueError(f"'package.module:function' is needed, not {function!r}")
    _auto.register(name, function)


# ---- import_patched and its kin


def import_patched(module_name: str, *additional_modules: Any, **kw_additional_modules: Any) -> ModuleType:
    """Return a copy of the module `module_name` that uses the green modules; the ordinary one stays as it is.

    The modules of its package are copied with it, others are not. `additional_modules`, pairs of
    name and module, and keywords are found by its imports instead of the standard ones; without
    them the same copy is returned each time. Never switches. Raises ImportError,
    and TypeError for what is no name or no such pair.
    """
    _check_name(module_name)
    world = _world_with([*additional_modules, *kw_additional_modules.items()])
    return world.load_anew(module_name)


def _world_with(additional_modules: list[tuple[str, Any]]) -> World:
    if not additional_modules:
        return _worlds.setdefault((), World(lambda: GREEN_TWINS))
    substitutes = {**GREEN_TWINS, **_by_name(additional_modules)}
    return World(lambda: substitutes)


def _by_name(pairs: Iterable[Any]) -> dict[str, Any]:
    found = {}
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[0], str) or pair[1] is None:
            raise TypeError(f"additional modules are pairs of name and module, and {pair!r} is none")
        found[pair[0]] = pair[1]
    return found


def inject(module_name: str, new_globals: dict[str, Any] | None, *additional_modules: Any) -> ModuleType:
    """Return a copy of the module `module_name` that uses the given modules, and copy its names to `new_globals`.

    `additional_modules` are pairs of name and module; without any, the green modules. Names that
    `new_globals`, which may be None, has already stay. Never switches. Raises ImportError, and
    TypeError for what is no name, no dictionary or no such pair.
    """
    _check_name(module_name)
    if new_globals is not None and not isinstance(new_globals, dict):
        raise TypeError(f"the names go to a dictionary, not to {type(new_globals).__name__}")
    if additional_modules:
        substitutes = _by_name(additional_modules)
        world = World(lambda: substitutes)
    else:
        world = World(lambda: GREEN_TWINS)
    module = world.load_anew_only(module_name)
    if new_globals is not None:
        ignored = {"__name__", "__file__", "__package__", "__spec__", "__loader__", "__builtins__", "__path__"}
        slurp_properties(module, new_globals, ignored | set(new_globals))
    return module


def slurp_properties(source: Any, destination: dict[str, Any], ignore: Any = (), srckeys: Any = None) -> None:
    """Copy the attributes of `source` (those in `srckeys`, or all) to `destination`, but those in `ignore`."""
    keys = source.__dict__.keys() if srckeys is None else srckeys
    destination.update({name: getattr(source, name) for name in list(keys) if name not in ignore})


def patch_function(func: Callable[..., Any], *additional_modules: Any) -> Callable[..., Any]:
    """Return a version of `func` during whose calls `import` finds the green modules, or the given ones.

    For functions that import what they use when they are called. Everybody else's imports find
    them, too, meanwhile: prefer `import_patched`. Raises TypeError for what cannot be called, or is no such pair.
    """
    if not callable(func):
        raise TypeError(f"patch_function() is for functions, not {type(func).__name__}")
    given = _by_name(additional_modules)

    @functools.wraps(func)
    def patched(*args: Any, **kwargs: Any) -> Any:
        modules = given or green_modules()
        saver = SysModulesSaver(modules)
        sys.modules.update(modules)
        try:
            return func(*args, **kwargs)
        finally:
            saver.restore()

    return patched


class SysModulesSaver:
    """Remembers entries of sys.modules, and puts them back."""

    def __init__(self, module_names: Any = ()) -> None:
        self._saved: dict[str, ModuleType | None] = {}
        self.save(*module_names)

    def save(self, *module_names: str) -> None:
        """Remember what these names stand for now, if anything."""
        for name in module_names:
            self._saved[name] = sys.modules.get(name)

    def restore(self) -> None:
        """Let all names that were saved stand for what they did then."""
        for name, module in self._saved.items():
            if module is not None:
                sys.modules[name] = module
            else:
                sys.modules.pop(name, None)
