"""Greens locks, and queues of type SimpleQueue, that exist before patching, and tells of those that it cannot.

Such a lock blocks the thread, and with it the green thread that holds it, for ever. It is replaced
where it was found if nobody holds it right now, and if everybody who uses it is known to find the
new one: two locks in place of one protect nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from eventlet._patching.lock_lines import line_of
from eventlet._patching.lock_places import STANDARD_LOCK, Found, Place, find_locks
from eventlet.green.queue import SimpleQueue
from eventlet.green.thread import LockType, RLock
from eventlet.green.thread import _count as thread_count

#: Modules whose locks their own functions use, in ways that we know.
_KNOWN = ("threading", "queue", "logging")


class UnpatchedLock(NamedTuple):
    """A lock, or queue.SimpleQueue, that blocks the whole OS thread, and where it is."""

    #: Name of the module that it was found from.
    module: str
    #: What it is there: 'lock', 'Class.lock', 'instance.lock', 'locks[0]', 'function(lock=)', 'function.<locals>.lock'.
    attribute: str
    #: Where that is assigned, if that can be known.
    file: str | None
    line: int | None
    #: Why it was not replaced, or would not be.
    reason: str

    def __str__(self) -> str:
        where = f" ({self.file}, line {self.line})" if self.file is not None else ""
        return f"{self.module}: {self.attribute}{where}: {self.reason}"


def upgrade_locks(queues: bool = True) -> list[UnpatchedLock]:
    """Replace the locks, and `queues`, that modules hold; return those that stay. Never switches."""
    return _upgrade([found for found in find_locks() if queues or not found.is_queue()])


def unpatched_locks() -> list[UnpatchedLock]:
    """Return the standard locks and SimpleQueues that modules hold. Never switches."""
    return [_describe(found, _why_not(found) or "it has not been patched") for found in find_locks()]


def _upgrade(all_found: list[Found]) -> list[UnpatchedLock]:
    left = []
    for found in all_found:
        reason = _why_not(found)
        if reason is None:
            reason = _replace(found, _green_for(found))
        if reason is not None:
            left.append(_describe(found, reason))
    return left


def _why_not(found: Found) -> str | None:
    """Return why the lock cannot be replaced, or None."""
    if not found.is_free():
        return "somebody holds it"
    if found.is_queue():
        # Whoever waits in it can only be seen by his reference; and not by that, if it is a method's that we know.
        if found.has_methods() and thread_count():  # type: ignore[no-untyped-call]
            return "OS threads run, which may wait for it"
    elif any(place.is_public or _is_known(place) for place in found.places):
        return None
    if not found.is_all_known():
        return "others hold references to it"
    return None


def _is_known(place: Place) -> bool:
    owner = place.definition.owner
    return isinstance(owner, type) and any(kind.__module__ in _KNOWN for kind in owner.__mro__)


def _green_for(found: Found) -> Any:
    if found.is_queue():
        return SimpleQueue()  # type: ignore[no-untyped-call]
    return LockType() if type(found.lock) is STANDARD_LOCK else RLock()


def _replace(found: Found, green: Any) -> str | None:
    done: list[Place] = []
    for place in found.places:
        try:
            place.put(green)
        except (AttributeError, TypeError) as error:
            for other in done:
                other.put(found.lock)
            return f"it cannot be replaced there: {error}"
        done.append(place)
    while found.is_queue() and not found.lock.empty():
        green.put(found.lock.get_nowait())
    return None


def _describe(found: Found, reason: str) -> UnpatchedLock:
    place = found.places[0]
    file, line = line_of(place.definition) or (None, None)
    return UnpatchedLock(place.module, place.path, file, line, reason)


def report(locks: list[UnpatchedLock]) -> str:
    """Return the text of a warning."""
    lines = "".join(f"\n  {lock}" for lock in locks)
    return (
        "locks and queues that were made before monkey_patch() block the whole OS thread, all its green threads; "
        f"patch before they are made (python -m eventlet does):{lines}"
    )
