"""`Changes`: what patching changes. Tells whoever wants to know, and puts things back."""

from __future__ import annotations

from typing import Any, NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Callable

    Subscriber = Callable[["PatchEvent"], object]

WILL_PATCH = "will_patch"
DID_PATCH = "did_patch"


class PatchEvent(NamedTuple):
    """A change that monkey_patch is about to make, or has made: to a whole module, or to one attribute of it."""

    #: "will_patch" or "did_patch".
    kind: str
    #: Name of the module that changes.
    module: str
    #: Name of the attribute that changes, or None: this is about the module as a whole.
    attribute: str | None = None
    #: The attribute's value before, and after. None if this is about the module as a whole.
    original: Any = None
    replacement: Any = None


class DoNotPatch(Exception):
    """Raised by a subscriber of patch events to prevent the change that it is told of. Nothing else is affected."""


class _Made(NamedTuple):
    """`owner` has got `replacement` instead of `original` (_ABSENT: nothing) as its attribute `name`."""

    owner: Any
    name: str
    original: Any
    replacement: Any

    def undo(self) -> None:
        if vars(self.owner).get(self.name, _ABSENT) is not self.replacement:
            return  # somebody else has changed it since
        if self.original is _ABSENT:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, self.original)


_ABSENT = object()


class Changes:
    """Makes changes, unless a subscriber objects, for the arguments of monkey_patch.

    Invariant: a change that was made was announced, and is told of; those within modules can be undone.
    """

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []
        self._vetoed: set[str] = set()
        self._made: dict[str, list[_Made]] = {}

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber(event)` before and after each change from now on. Raises TypeError if it is no function."""
        if not callable(subscriber):
            raise TypeError(f"a subscriber is called with events, but {subscriber!r} is not callable")
        if subscriber not in self._subscribers:
            self._subscribers.append(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Undo `subscribe`. Raises ValueError if it has not subscribed."""
        try:
            self._subscribers.remove(subscriber)
        except ValueError:
            raise ValueError(f"{subscriber!r} has not subscribed to patch events") from None

    def was_vetoed(self, module_name: str) -> bool:
        """Whether somebody objected, the last time, to changes of the whole module."""
        return module_name in self._vetoed

    def change_module(self, name: str, change: Callable[[], object]) -> bool:
        """Call `change()`, which changes the module `name`; return False if somebody objected."""
        if not self._announce(PatchEvent(WILL_PATCH, name)):
            self._vetoed.add(name)
            return False
        self._vetoed.discard(name)
        change()
        self._tell(PatchEvent(DID_PATCH, name))
        return True

    def set_attribute(self, argument: str, module: ModuleType, name: str, value: Any) -> None:
        """Set an attribute of a module, unless somebody objects."""
        event = PatchEvent(WILL_PATCH, module.__name__, name, getattr(module, name, None), value)
        if self._announce(event):
            made = _Made(module, name, vars(module).get(name, _ABSENT), value)
            setattr(module, name, value)
            self._note(argument, made)
            self._tell(event._replace(kind=DID_PATCH))

    def call(self, argument: str, change: Callable[[ModuleType], object], module: ModuleType) -> None:
        """Call `change(module)`, and note which attributes of the module and its classes that changes."""
        before = [(owner, dict(vars(owner))) for owner in _owners(module)]
        change(module)
        for owner, old in before:
            new = vars(owner)
            for name in [*old, *(name for name in new if name not in old)]:
                self._note(argument, _Made(owner, name, old.get(name, _ABSENT), new.get(name, _ABSENT)))

    def _note(self, argument: str, made: _Made) -> None:
        if made.original is not made.replacement:
            self._made.setdefault(argument, []).append(made)

    def undo(self, argument: str) -> None:
        """Put back what was there before, but for what somebody else has changed since."""
        for made in reversed(self._made.pop(argument, [])):
            made.undo()

    def _announce(self, event: PatchEvent) -> bool:
        try:
            self._tell(event)
        except DoNotPatch:
            return False
        return True

    def _tell(self, event: PatchEvent) -> None:
        for subscriber in list(self._subscribers):
            subscriber(event)


def _owners(module: ModuleType) -> Iterator[Any]:
    yield module
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            yield value
