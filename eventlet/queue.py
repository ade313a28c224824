"""Queues between green threads, with the interface of the standard library's `queue`.

One difference, upstream's: a maxsize of 0 is not "unlimited" but a *channel*: `put`
returns only when somebody took the item. Unlimited is None or a negative number.
"""

from __future__ import annotations

import heapq
from collections import deque
from queue import Empty as Empty
from queue import Full as Full

from greenlet import getcurrent

from eventlet import _pristine
from eventlet.hubs import get_hub
from eventlet.hubs._ready import InHub
from eventlet.hubs._timers import checked_seconds
from eventlet.hubs._waiting import Waiter as _Waiter
from eventlet.hubs._waiting import park_while, wake_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Empty", "Full", "LifoQueue", "LightQueue", "PriorityQueue", "Queue"]


class Waiter:
    """Upstream's low-level parking place: one greenlet waits, another switches a value to it.

    Prefer Event. Belongs to one hub.
    """

    __slots__ = ("greenlet",)

    def __init__(self) -> None:
        self.greenlet: Any = None

    @property
    def waiting(self) -> bool:
        """Whether a greenlet waits."""
        return self.greenlet is not None

    def __bool__(self) -> bool:
        return self.greenlet is not None

    def switch(self, value: Any = None) -> None:
        """Wake the greenlet that waits, with `value`. To be called in the hub. Switches."""
        if self.greenlet is not None:
            self.greenlet.switch(value)

    def throw(self, *throw_args: Any) -> None:
        """Raise in the greenlet that waits. To be called in the hub. Switches."""
        if self.greenlet is not None:
            self.greenlet.throw(*throw_args)

    def wait(self) -> Any:
        """Return what `switch` is given. Switches. Raises AssertionError if somebody waits already."""
        if self.greenlet is not None:
            raise AssertionError(f"{self.greenlet!r} waits here already")
        self.greenlet = getcurrent()
        try:
            return get_hub().switch()
        finally:
            self.greenlet = None


class ItemWaiter(Waiter):
    """A green thread in `put`, and what it wants to put."""

    __slots__ = ("block", "item")

    def __init__(self, item: Any, block: bool) -> None:
        super().__init__()
        self.item = item
        self.block = block


class _Putter(_Waiter):
    """A green thread that waits for room for `item`."""

    __slots__ = ("error", "item")

    def __init__(self, item: Any) -> None:
        super().__init__()
        self.item = item
        #: Why the queue does not take the item, if so.
        self.error: Exception | None = None


class _Returning(InHub):
    """Puts the item of a getter who is gone back into its queue. It is what is woken instead of him."""

    __slots__ = ("getter", "queue")

    def __init__(self, queue: LightQueue, getter: _Waiter) -> None:
        self.hub = getter.hub
        self.queue: LightQueue | None = queue
        self.getter = getter

    def run_in_hub(self) -> None:
        queue, self.queue = self.queue, None
        if queue is not None:
            queue._unget(self.getter.value)
            queue._hand_out()


class LightQueue:
    """A first-in, first-out queue without task tracking.

    Invariant: nobody waits to get while there are items, nobody waits to put while
    there is room, and both are served in the order they came. Killing or timing out a
    waiter loses no item. May be used from any OS thread.
    """

    # How threads keep out of each other's way: items and waiters are in built-in
    # containers whose single operations are atomic. Whoever adds an item looks for
    # a getter afterwards; whoever lines up as a getter looks for an item afterwards.
    # Only "is there room?" takes two steps, and has a lock; a reentrant one, because
    # a finaliser may use the queue at any point.

    def __init__(self, maxsize: int | None = None) -> None:
        """Hold at most `maxsize` items: None or negative: any number; 0: none, see the module.

        Raises TypeError if it is neither None nor a number.
        """
        self.maxsize = _checked_maxsize(maxsize)
        self._getters: deque[_Waiter] = deque()
        self._putters: deque[_Putter] = deque()
        self._room_lock = _pristine.thread.RLock()
        self._init(maxsize)

    #: One item for each that was put and not dealt with, in queues that count those.
    _unfinished: list[None] | None = None

    #: Whether an item may go from `put` to a getter around `_put` and `_get`.
    _may_give = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "_may_give" not in cls.__dict__ and ("_put" in cls.__dict__ or "_get" in cls.__dict__):
            cls._may_give = False

    # ---- what subclasses replace

    def _init(self, maxsize: int | None) -> None:
        self.queue: Any = deque()

    def _get(self) -> Any:
        return self.queue.popleft()

    def _put(self, item: Any) -> None:
        self.queue.append(item)

    def _unget(self, item: Any) -> None:
        """Put `item`, which was taken from the head for somebody who is gone, back there."""
        self.queue.appendleft(item)

    # ---- looking inside

    def qsize(self) -> int:
        """Return how many items there are. Never switches."""
        return len(self.queue)

    def empty(self) -> bool:
        """Whether there are no items. Never switches."""
        return not self.queue

    def full(self) -> bool:
        """Whether `put` would have to wait for room. Never switches. A channel is always full."""
        return self.maxsize is not None and len(self.queue) >= self.maxsize

    def getting(self) -> int:
        """Return how many green threads wait in `get`. Never switches."""
        return len(self._getters)

    def putting(self) -> int:
        """Return how many green threads wait in `put`. Never switches."""
        return len(self._putters)

    def waiters(self) -> list[Any]:
        """Return the greenlets that wait in `get` or `put`, oldest first. Never switches."""
        return [waiter.greenlet for waiter in (*self._getters, *self._putters)]

    def resize(self, size: int | None) -> None:
        """Change `maxsize`; items beyond a smaller one stay, green threads that now have room go on. Never switches."""
        self.maxsize = _checked_maxsize(size)
        self._fill_room()

    # ---- putting

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Add `item`, waiting for room if need be. Switches only if there is no room.

        Raises Full if there is no room and `block` is false, or not within `timeout`
        seconds (None: wait for ever). Then the item has not been added; nor if the waiter
        is killed, but for when there was room already and it just had not woken up yet.
        """
        if timeout is not None:
            _check_timeout(timeout)
        if self.maxsize is None:
            if self._getters and self._may_give and not self.queue:
                # Straight to the oldest getter, and `wake` written out: a hot path.
                try:
                    getter = self._getters.popleft()
                except IndexError:
                    pass  # another OS thread was faster
                else:
                    if self._unfinished is not None:
                        self._unfinished.append(None)
                    getter.value = item
                    getter.woken = True
                    hub = getter.hub
                    hub._ready.append(getter.greenlet)
                    if hub._polling:
                        hub.wakeup()
                    return
            self._put(item)
        elif not self._put_if_room(item):
            if not block:
                raise Full
            self._wait_for_room(item, timeout)
            return
        if self._getters:
            self._hand_out()

    def put_nowait(self, item: Any) -> None:
        """Add `item`, or raise Full if there is no room. Never switches."""
        self.put(item, False)

    def _put_if_room(self, item: Any) -> bool:
        with self._room_lock:
            maxsize = self.maxsize
            # In a channel a getter is the room.
            room = maxsize is None or len(self.queue) < max(maxsize, len(self._getters) if not maxsize else 0)
            if room:
                self._put(item)
            return room

    def _wait_for_room(self, item: Any, timeout: float | None) -> None:
        putter = _Putter(item)
        self._putters.append(putter)
        self._fill_room()
        try:
            placed = putter.park(timeout)
        except BaseException:
            self._remove_putter(putter)
            raise
        if not placed and self._remove_putter(putter):
            raise Full
        if putter.error is not None:
            raise putter.error

    def _remove_putter(self, putter: _Putter) -> bool:
        """Stop waiting for room; False if the item is in the queue already."""
        try:
            self._putters.remove(putter)
        except ValueError:
            return False
        return True

    def _fill_room(self) -> None:
        """Put the items of those who wait for room, as far as there is some."""
        putters = self._putters
        while putters:
            with self._room_lock:
                try:
                    putter = putters.popleft()
                except IndexError:
                    return
                try:
                    room = self._put_if_room(putter.item)
                except Exception as error:  # an item that cannot be compared: its owner's business, not ours
                    putter.error = error
                    room = True
                if not room:
                    putters.appendleft(putter)
                    return
            putter.wake()
            if self._getters:
                self._hand_out()

    # ---- getting

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Remove and return the next item, waiting for one if need be. Switches only if there is none.

        Raises Empty if there is none and `block` is false, or none within `timeout`
        seconds (None: wait for ever).
        """
        if timeout is not None:
            _check_timeout(timeout)
        if self.queue:
            try:
                item = self._get()
            except IndexError:
                pass  # another OS thread was faster
            else:
                if self._putters:
                    self._fill_room()
                return item
        if not block or timeout is not None:
            return self._wait_for_item(block, timeout)
        getter = _Waiter()
        self._getters.append(getter)
        if self._putters or self.queue:
            self._look_again()
        # `getter.park()`, written out: a hot path.
        hub = getter.hub
        try:
            if getter.greenlet is hub.greenlet:
                hub.check_may_block()
            if getter.woken:
                hub.unschedule(getter.greenlet)  # it came before we even parked
            while not getter.woken:
                if hub._left and hub._ready:
                    hub._left -= 1
                    hub._ready.popleft().switch()
                else:
                    hub._switch()
        except BaseException:
            self._give_up(getter)
            raise
        return getter.value

    def get_nowait(self) -> Any:
        """Remove and return the next item, or raise Empty. Never switches."""
        return self.get(False)

    def _wait_for_item(self, block: bool, timeout: float | None) -> Any:
        if not block and not self._putters:
            raise Empty
        getter = _Waiter()
        self._getters.append(getter)
        self._look_again()
        try:
            if block:
                served = getter.park(timeout)
            else:
                # Somebody waited to put into a channel, and may have done so now.
                served = getter.woken
                if served:
                    getter.hub.unschedule(getter.greenlet)
        except BaseException:
            self._give_up(getter)
            raise
        if not served:
            if self._remove_getter(getter):
                raise Empty
            if not getter.woken:
                self._wait_for_hand_over(getter, block)
        return getter.value

    def _wait_for_hand_over(self, getter: _Waiter, block: bool) -> None:
        """Somebody was just about to hand over an item when the time was up."""
        if not block:
            self._give_up(getter)
            raise Empty
        try:
            getter.park()
        except BaseException:
            self._give_up(getter)
            raise

    def _look_again(self) -> None:
        """Serve who has lined up to get, if something has come, or can come now, meanwhile."""
        if self._putters:
            self._fill_room()
        if self.queue:
            self._hand_out()

    def _remove_getter(self, getter: _Waiter) -> bool:
        """Stop waiting for an item; False if one was handed over already."""
        try:
            self._getters.remove(getter)
        except ValueError:
            return False
        return True

    def _give_up(self, getter: _Waiter) -> None:
        """The getter was killed; if it has an item in its hands already, the next one gets that."""
        if self._remove_getter(getter):
            return
        greenlet = getter.greenlet
        returning = _Returning(self, getter)
        if not getter.woken:
            # Somebody is just handing it over: another OS thread; or a green thread of this one, in which a signal
            # handler has run, and killed us. He must not be waited for. The item comes back when he goes on.
            getter.greenlet = returning
            if not getter.woken:
                return
        getter.hub.unschedule(greenlet)
        getter.hub.unschedule(returning)
        returning.run_in_hub()

    def _hand_out(self) -> None:
        """Give items to those who wait for them longest."""
        getters = self._getters
        while getters and self.queue:
            try:
                item = self._get()
            except IndexError:
                continue
            try:
                getter = getters.popleft()
            except IndexError:
                self._unget(item)  # and look again: somebody may have lined up meanwhile
            else:
                getter.value = item
                getter.wake()
                if self._putters:
                    self._fill_room()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {hex(id(self))} {self._format()}>"

    def __str__(self) -> str:
        return f"<{type(self).__name__} {self._format()}>"

    def _format(self) -> str:
        text = f"maxsize={self.maxsize!r} items={len(self.queue)}"
        if self._getters:
            text += f" getters={len(self._getters)}"
        if self._putters:
            text += f" putters={len(self._putters)}"
        return text


class Queue(LightQueue):
    """A first-in, first-out queue that also tracks whether its items were dealt with (`task_done`, `join`)."""

    _may_give = True

    def _init(self, maxsize: int | None) -> None:
        super()._init(maxsize)
        # A list as a counter: its append and pop are atomic, `+= 1` is not.
        self._unfinished: list[None] = []
        self._joiners: list[_Waiter] = []

    @property
    def unfinished_tasks(self) -> int:
        """How many items were put for which `task_done` was not called yet."""
        return len(self._unfinished)

    def _put(self, item: Any) -> None:
        self._unfinished.append(None)
        self.queue.append(item)

    def task_done(self) -> None:
        """Say that an item which `get` returned has been dealt with. Never switches.

        Raises ValueError when called more often than items were put.
        """
        try:
            self._unfinished.pop()
        except IndexError:
            raise ValueError("task_done() called too many times") from None
        if not self._unfinished:
            wake_all(self._joiners)

    def join(self) -> None:
        """Wait until `task_done` was called for every item put. Switches only if some are left."""
        park_while(self._unfinished, self._joiners)


class PriorityQueue(Queue):
    """A queue that returns the smallest item first; items are compared, so (priority, data) tuples are usual."""

    _may_give = True

    # The heap is in pieces while items are compared: no other thread may look.

    def _init(self, maxsize: int | None) -> None:
        super()._init(maxsize)
        self.queue = []

    def _put(self, item: Any) -> None:
        with self._room_lock:
            try:
                heapq.heappush(self.queue, item)
            except BaseException:
                # It cannot be compared, but is in there somewhere: heappush() appends first.
                self.queue[:] = [other for other in self.queue if other is not item]
                heapq.heapify(self.queue)
                raise
            self._unfinished.append(None)

    def _get(self) -> Any:
        with self._room_lock:
            return heapq.heappop(self.queue)

    def _unget(self, item: Any) -> None:
        with self._room_lock:
            heapq.heappush(self.queue, item)


class LifoQueue(Queue):
    """A queue that returns the most recent item first."""

    _may_give = True

    def _init(self, maxsize: int | None) -> None:
        super()._init(maxsize)
        self.queue = []

    def _put(self, item: Any) -> None:
        self._unfinished.append(None)
        self.queue.append(item)

    def _get(self) -> Any:
        return self.queue.pop()

    def _unget(self, item: Any) -> None:
        self.queue.append(item)


def _checked_maxsize(maxsize: Any) -> int | None:
    if maxsize is None:
        return None
    try:
        return None if maxsize < 0 else maxsize
    except TypeError:
        raise TypeError(f"maxsize must be an integer or None, not {type(maxsize).__name__}") from None


def _check_timeout(timeout: float) -> None:
    checked_seconds(timeout, "timeout")
    if timeout < 0:
        raise ValueError("'timeout' must be a non-negative number")
