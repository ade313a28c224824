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

#: Reference counts mean something only with the GIL.
CAN_RECYCLE = getattr(sys, "_is_gil_enabled", lambda: True)()


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

    A task is a list of the arguments for `main`, or an object with a method `run`, which
    gets the carrier and raises only what shall reach the hub. It is emptied, or empties itself:
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
                    task.run(self)
                parent = self.parent
                if parent is not hub.greenlet and not (parent is not None and parent.dead) or not CAN_RECYCLE:
                    # Somebody gave it another parent to return to; as greenlet itself does while it
                    # deletes one that nobody refers to, by throwing GreenletExit.
                    return
                # Nothing of the task may live on while this one waits.
                function = args = kwargs = task = parent = None
                hub._finished.append(self)
                task = hub._switch()
        finally:
            if self.parent is not None and self.parent.dead:
                self.parent = hub.greenlet  # the hub has been aborted and begun anew since

    def main(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        raise NotImplementedError

    def forget(self) -> None:
        """Be as new: drop all that the task has left."""
        attributes = self.__dict__
        if attributes:
            attributes.clear()


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


def make_witness() -> Carrier:
    """Return a parked carrier to which the returned reference is the only one. Switches to it and back."""
    parking = _Parking()
    witness = _Witness()
    witness.hub = parking  # type: ignore[assignment]
    witness.switch([None, (), {}])
    parking._finished.clear()
    return witness


def recycle(hub: BaseHub) -> None:
    """Keep the carriers that have just finished, or see whether they are let go of. Runs in the hub."""
    finished, idle, witnesses = hub._finished, hub.idle_carriers, hub.carrier_witnesses
    while finished:
        # `_pop_unshared`, written out: this happens for every task.
        carrier, witness = finished.pop(), witnesses.pop()
        unshared = getrefcount(carrier) <= getrefcount(witness) and not getweakrefcount(carrier)
        witnesses.append(witness)
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
