"""A loop of asyncio, or of uvloop, as host."""

from __future__ import annotations

from eventlet.hubs import _embedding
from eventlet.hubs._running_loop import put, take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Host(_embedding.Host):
    """`loop` must be able to watch fds (`add_reader`): selector loops and uvloop can.

    While green threads run, no loop is "running": they are not coroutines, so that libraries which
    ask (`asyncio.get_running_loop`) take them for the ordinary code that they are.
    """

    def __init__(self, loop: Any) -> None:
        self.loop = self.asyncio_loop = loop
        self._fd: int | None = None
        self._timer: Any = None
        #: The running loop and task of green threads: of a coroutine that waits as they do, in a loop of their own.
        self._theirs: tuple[Any, Any] = (None, None)

    def watch(self, fd: int, call: Callable[[], object]) -> None:
        self.loop.add_reader(fd, self._hidden(call))
        self._fd = fd

    def unwatch(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None and not self.loop.is_closed():
            self.loop.remove_reader(fd)

    def set_timer(self, seconds: float, call: Callable[[], object]) -> None:
        self.cancel_timer()
        if seconds:
            self._timer = self.loop.call_later(seconds, self._hidden(call))
        else:
            self._timer = self.loop.call_soon(self._hidden(call))

    def cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def is_running(self) -> bool:
        return bool(self.loop.is_running())

    def _hidden(self, call: Callable[[], object]) -> Callable[[], object]:
        """Return `call` made while this loop does not count as running."""

        def call_hidden() -> None:
            ours = take()
            put(*self._theirs)
            try:
                call()
            finally:
                self._theirs = take()
                put(*ours)

        return call_hidden
