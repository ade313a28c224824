"""`metaphore`, kept for programs from eventlet's first releases."""

from __future__ import annotations

from eventlet.event import Event

__all__ = ["metaphore"]


class metaphore:
    """The opposite of a semaphore: `wait` returns when the counter is back at zero.

    Starts at zero. Belongs to one hub.
    """

    def __init__(self) -> None:
        self.counter = 0
        self.event = Event()
        # Nobody has to wait as long as nothing was counted.
        self.event.send()

    def inc(self, by: int = 1) -> None:
        """Add `by`, which must be positive. Never switches."""
        if by <= 0:
            raise AssertionError("metaphore.inc() needs a positive number")
        self.counter += by
        if self.event.ready():
            self.event.reset()

    def dec(self, by: int = 1) -> None:
        """Take `by` off; at zero everybody who waits goes on. Never switches."""
        if by <= 0:
            raise AssertionError("metaphore.dec() needs a positive number")
        if by > self.counter:
            raise AssertionError(f"metaphore.dec({by}): the counter is at {self.counter}")
        self.counter -= by
        if self.counter == 0:
            self.event.send()

    def wait(self) -> None:
        """Wait until the counter is zero. Switches only if it is not."""
        self.event.wait()
