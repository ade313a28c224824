"""Pools of things that are costly to make or limited in number: connections, mostly."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from eventlet import _pristine, queue

__all__ = ["Pool", "Token", "TokenPool"]


#: Says to one who waits that there is room for an item, as another could not be made.
_TRY_AGAIN = object()


class Pool:
    """Hands out items, making new ones up to `max_size`, and waits for one to come back after that.

    Invariant: `current_size` counts the items that exist, free or handed out. Either pass
    `create`, or override it. May be used from any OS thread.

        with pool.item() as connection: ...
    """

    def __init__(
        self,
        min_size: int = 0,
        max_size: int = 4,
        order_as_stack: bool = False,
        create: Callable[[], Any] | None = None,
    ) -> None:
        """Make `min_size` items at once; with `order_as_stack` the one returned last goes out first.

        Raises ValueError for a negative size, or a min_size above max_size.
        """
        if min_size < 0 or max_size < 0 or min_size > max_size:
            raise ValueError(f"sizes must satisfy 0 <= min_size <= max_size, not {min_size} and {max_size}")
        self.min_size = min_size
        self.max_size = max_size
        self.order_as_stack = order_as_stack
        self.current_size = 0
        self.channel = queue.LightQueue(0)
        self.free_items: deque[Any] = deque()
        self._lock = _pristine.thread.RLock()
        #: How many wait in `channel`, have decided to, or were served but did not run yet.
        self._expected = 0
        if create is not None:
            self.create = create  # type: ignore[method-assign]
        for _ in range(min_size):
            self.current_size += 1
            self.free_items.append(self.create())

    def create(self) -> Any:
        """Return a new item: to be overridden, if not given to the constructor. May switch."""
        raise NotImplementedError("a Pool needs create(): pass it, or override it")

    def get(self) -> Any:
        """Return a free item, or a new one, or wait until one is put back. Switches then, or if `create` does.

        What `create` raises is passed on, and does not count as an item.
        """
        with self._lock:
            if self.free_items:
                return self.free_items.popleft()
            may_create = self.current_size < self.max_size
            if may_create:
                self.current_size += 1
            else:
                self._expected += 1
        if may_create:
            return self._create()
        item = self._wait_in_line()
        return self.get() if item is _TRY_AGAIN else item

    def _create(self) -> Any:
        try:
            return self.create()
        except BaseException:
            with self._lock:
                self.current_size -= 1
                self._pass_on(_TRY_AGAIN)
            raise

    def _wait_in_line(self) -> Any:
        try:
            return self.channel.get()
        finally:
            with self._lock:
                self._expected -= 1
                # What was meant for one that was killed.
                while self.channel.qsize() > self._expected:
                    item = self.channel.get_nowait()
                    if item is not _TRY_AGAIN:
                        self._keep(item)

    def _pass_on(self, item: Any) -> bool:
        """Give `item` to one who waits or is just about to; return whether there is one."""
        if self._expected <= self.channel.qsize():
            return False
        self.channel._put(item)
        self.channel._hand_out()
        return True

    def _keep(self, item: Any) -> None:
        if self.order_as_stack:
            self.free_items.appendleft(item)
        else:
            self.free_items.append(item)

    @contextmanager
    def item(self) -> Iterator[Any]:
        """Get an item for a `with` block, and put it back afterwards."""
        item = self.get()
        try:
            yield item
        finally:
            self.put(item)

    def put(self, item: Any) -> None:
        """Put an item back, for whoever waits longest. Never switches.

        If there are more items than `max_size` (after `resize`) it is dropped.
        """
        with self._lock:
            if self.current_size > self.max_size:
                self.current_size -= 1
                return
            if not self._pass_on(item):
                self._keep(item)

    def resize(self, new_size: int) -> None:
        """Change `max_size`. Never switches. Items beyond a smaller one go as they are put back."""
        if new_size < 0:
            raise ValueError(f"the size of a pool must be 0 or more, not {new_size}")
        self.max_size = new_size

    def free(self) -> int:
        """Return how many items could be had without waiting. Never switches."""
        return len(self.free_items) + self.max_size - self.current_size

    def waiting(self) -> int:
        """Return how many green threads wait for an item. Never switches."""
        return max(0, self.channel.getting() - self.channel.putting())

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} at {hex(id(self))} max_size={self.max_size} current_size={self.current_size} "
            f"free={self.free()} waiting={self.waiting()}>"
        )


class Token:
    """What a TokenPool hands out: nothing but the right to go on."""


class TokenPool(Pool):
    """A pool of tokens, to limit how many do something at once."""

    def create(self) -> Any:
        """Return a new token. Never switches."""
        return Token()
