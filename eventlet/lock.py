"""`Lock`: a semaphore of one, which only a held one can be released."""

from __future__ import annotations

from eventlet.semaphore import Semaphore

__all__ = ["Lock"]


class Lock(Semaphore):
    """A lock for green threads, as threading.Lock is for threads; any of them may release it.

    May be used from any OS thread. `with lock:` holds it for a block.
    """

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)

    def release(self, blocking: bool = True) -> bool:
        """Unlock it, or hand it to the next in line. Never switches. Raises RuntimeError if it is not locked."""
        if not self.locked():
            raise RuntimeError("release unlocked lock")
        return super().release(blocking)

    def _at_fork_reinit(self) -> None:
        # The standard library calls this in a forked child, where nobody waits.
        Semaphore.__init__(self, 1)
