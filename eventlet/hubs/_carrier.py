"""Carriers: greenlets that run one task after another.

Starting and ending a greenlet costs 10-15 µs on CPython 3.11 and later, because each
gets its own mmap'ed stack chunk for Python frames; resuming a parked one costs under
1 µs. So a greenlet that has finished its task is kept for the next one, if nobody can
tell the difference: nothing refers to it any more, strongly or weakly.

That is decided in the hub, right after the finished carrier has switched to it, so
the number of references that are the interpreter's own business is always the same. It
differs between Python versions (bound methods, borrowed locals), which is why no number is
written here: a carrier is compared with a *witness*, a carrier parked in the same place that
surely nobody else holds. A carrier that somebody still refers to, such as the caller of
`wait`, lingers for a turn: mostly it is let go of by then.

A burst of short tasks of a pool does not even go by way of the hub: a carrier whose task has
ended without ever leaving the CPU takes the next one out of the ready queue. Then the hub still is where it
has switched to the carrier (`Task.switch`), so that the number of references is a constant
here too: it is counted once for each hub, by a task that does nothing else.
"""

from __future__ import annotations

import sys
from sys import getrefcount
from weakref import getweakrefcount

from greenlet import getcurrent, greenlet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from eventlet.hubs.hub import BaseHub

#: How many idle carriers a hub keeps; each holds about 20 KB.
MAX_IDLE = 1000

#: Attributes of a greenlet with names like this are the library's, about its task; what others have set is kept.
OWN_ATTRIBUTES = "_eventlet_"

#: Reference counts mean something only with the GIL.
CAN_RECYCLE = getattr(sys, "_is_gil_enabled", lambda: True)()
#: They are constants only as long as no compiler may leave some out (Python 3.14 and later).
IS_INTERPRETED = not (hasattr(sys, "_jit") and sys._jit.is_enabled())


def call(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Return `function(*args, **kwargs)`, on as little C stack as possible.

    greenlet copies a green thread's C stack at each switch. Until Python 3.12, a call with
    `*args` starts another interpreter loop there, while a plain call does not: measured on 3.11,
    that makes each switch inside of `function` take twice as long.
    """
    if kwargs:
        return function(*args, **kwargs)
    count = len(args)
    if count == 0:
        return function()
    if count == 1:
        return function(args[0])
    if count == 2:
        return function(args[0], args[1])
    if count == 3:
        return function(args[0], args[1], args[2])
    return function(*args)


class Carrier(greenlet):
    """A greenlet that runs each task it is switched to with. Belongs to one hub.

    A task is a list of the arguments for `main`, or a `Task`. It is emptied, or empties itself:
    what a greenlet is first switched to with stays referred to for as long as it lives.
    """

    __slots__ = ("hub",)

    hub: BaseHub

    def run(self, task: Any, args: Any = None, kwargs: Any = None) -> None:
        """Body of the greenlet: not to be called. (Upstream's start with the three, not in a list, works too.)"""
        hub = self.hub
        if args is not None:
            task = [task, args, kwargs]
        try:
            while task is not None:
                if type(task) is list:
                    function, args, kwargs = task
                    task.clear()
                    self.main(function, args, kwargs)
                else:
                    while task is not None:
                        task.thread = self
                        self.gr_context = task.context
                        task.run(self)
                        task = None
                        if (
                            hub._entered is not self
                            or getrefcount(self) > hub.entered_references
                            or getweakrefcount(self)
                            or not hub._left
                            or self.parent is not hub.greenlet
                        ):
                            break
                        task = take_task(hub)
                        self.forget()
                parent = self.parent
                if parent is not hub.greenlet and not (parent is not None and parent.dead) or not CAN_RECYCLE:
                    # Somebody gave it another parent to return to; as greenlet itself does while it
                    # deletes one that nobody refers to, by throwing GreenletExit.
                    return
                # Nothing of the task may live on while this one waits.
                function = args = kwargs = task = parent = None
                hub._finished.append(self)
                task = hub._switch()
                while type(task) is tuple:  # somebody in another thread wakes what this one was: too late
                    task = hub._switch()
        finally:
            if self.parent is not None and self.parent.dead:
                self.parent = hub.greenlet  # the hub has been aborted and begun anew since
            self._end_of_ours()

    def main(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        raise NotImplementedError

    def _end_of_ours(self) -> None:
        """Drop what belongs to the task and not to whoever keeps its greenlet: attributes of the library's own."""
        attributes = self.__dict__
        for name in [name for name in attributes if name.startswith(OWN_ATTRIBUTES)]:
            attributes.pop(name, None)

    def forget(self) -> None:
        """Be as new: drop all that the task has left."""
        attributes = self.__dict__
        if attributes:
            attributes.clear()


class Task:
    """Something to be run by a carrier: in the ready queue first; only when its turn comes it gets one.

    So a burst of short tasks shares a few carriers.
    """

    __slots__ = ("context", "hub", "thread")

    hub: BaseHub
    #: The contextvars context to run in.
    context: Any
    #: The carrier that runs it, or must run it because somebody knows it already; None: any.
    thread: Any

    def switch(self) -> Any:
        """Start it, in the hub. (What `InHub` does, at less cost.)"""
        hub = self.hub
        if getcurrent() is not hub.greenlet:
            hub._ready.appendleft(self)
            return hub._switch()
        if self.thread is not None:
            return self.start_in_its_own()
        idle = hub.idle_carriers
        hub._entered = carrier = idle.pop() if idle else take(hub) or self.new_carrier()
        try:
            return carrier.switch(self)
        finally:
            hub._entered = None

    def run(self, carrier: Any) -> None:
        """Do what is to be done, in `carrier`; raise only what shall reach the hub; leave nothing behind."""
        raise NotImplementedError

    def new_carrier(self) -> Carrier:
        raise NotImplementedError

    def start_in_its_own(self) -> Any:
        raise NotImplementedError


def take_task(hub: BaseHub) -> Task | None:
    """Take what is next in the ready queue if it is a task that any carrier can run. Never switches."""
    ready = hub._ready
    if ready:
        task = ready.popleft()
        if isinstance(task, Task) and task.thread is None:
            hub._left -= 1
            return task
        ready.appendleft(task)
    return None


class _Witness(Carrier):
    """Parks just as a carrier that has finished a task does; see the top of this file."""

    __slots__ = ()

    def main(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        pass


class _Parking:
    """As much of a hub as a witness needs."""

    def __init__(self) -> None:
        self._finished: list[Carrier] = []
        self.greenlet = getcurrent()
        self._switch = self.greenlet.switch
        self._entered: Carrier | None = None
        self.entered_references: Any = 0
        self.idle_carriers: list[Carrier] = []
        self._left = 0


class _Count:
    """Stands in for the number of references that a carrier is compared with, and so learns it."""

    value = 0

    def __lt__(self, count: int) -> bool:
        self.value = count
        return True


class _CountingTask(Task):
    """Does nothing."""

    __slots__ = ()

    def __init__(self, hub: Any) -> None:
        self.hub = hub
        self.context = self.thread = None

    def run(self, carrier: Any) -> None:
        self.thread = None


def _parked_witness() -> tuple[Carrier, Any]:
    parking: Any = _Parking()
    witness = _Witness()
    witness.hub = parking
    witness.switch([None, (), {}])
    parking._finished.clear()
    return witness, parking


def make_witness() -> Carrier:
    """Return a parked carrier to which the returned reference is the only one. Switches to it and back."""
    return _parked_witness()[0]


def count_entered_references() -> int:
    """Return how many references there are to a carrier that runs a task of a pool for the hub. Switches."""
    if not CAN_RECYCLE or not IS_INTERPRETED:
        return 0  # there are always more: no carrier takes another task before the hub has looked
    witness, parking = _parked_witness()
    parking.entered_references = count = _Count()
    parking.idle_carriers.append(witness)
    del witness
    _CountingTask(parking).switch()
    while parking._finished:
        parking._finished.pop().switch(None)  # left parked, it would be garbage that cannot just be freed
    return count.value


def recycle(hub: BaseHub) -> None:
    """Keep the carriers that have just finished, or see whether they are let go of. Runs in the hub."""
    finished, idle, witnesses = hub._finished, hub.idle_carriers, hub.carrier_witnesses
    while finished:
        # `_pop_unshared`, written out: this happens for every task.
        carrier, witness = finished.pop(), witnesses[0]
        # Each is now referred to by one local variable, one list (the witness), and by itself.
        unshared = getrefcount(carrier) < getrefcount(witness) and not getweakrefcount(carrier)
        if unshared and len(idle) < MAX_IDLE:
            carrier.forget()
            idle.append(carrier)
        elif not unshared and len(hub.lingering_carriers) < MAX_IDLE:
            hub.lingering_carriers.append(carrier)
        else:
            carrier.switch(None)


def take(hub: BaseHub) -> Carrier | None:
    """Return a carrier that can run a task, if there is one. Never switches."""
    idle = hub.idle_carriers
    if idle:
        carrier: Carrier = idle.pop()
        return carrier
    for carriers in (hub.lingered_carriers, hub.lingering_carriers):
        if carriers:
            lingering = _pop_unshared(carriers, hub.carrier_witnesses)
            if lingering is not None:
                return lingering
    return None


def end_lingering(hub: BaseHub) -> None:
    """End the carriers that are still held after a turn, keep the others. Runs in the hub, once a turn."""
    lingered, idle = hub.lingered_carriers, hub.idle_carriers
    while lingered:
        carrier = _pop_unshared(lingered, hub.carrier_witnesses)
        if carrier is not None and len(idle) < MAX_IDLE:
            idle.append(carrier)
        else:
            (carrier or lingered.pop()).switch(None)
    hub.lingered_carriers, hub.lingering_carriers = hub.lingering_carriers, lingered


def _pop_unshared(carriers: list[Carrier], witnesses: list[Carrier]) -> Carrier | None:
    """Take the last carrier, as new, if nobody else can tell; otherwise leave it, and return None."""
    carrier, witness = carriers.pop(), witnesses.pop()
    # Each is now referred to by one local variable, and by itself.
    unshared = getrefcount(carrier) <= getrefcount(witness) and not getweakrefcount(carrier)
    witnesses.append(witness)
    if unshared:
        carrier.forget()
        return carrier
    carriers.append(carrier)
    return None
