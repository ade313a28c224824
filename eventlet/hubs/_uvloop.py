"""The asyncio hub on a loop of uvloop's: `EVENTLET_HUB=asyncio:uvloop`."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

from eventlet.hubs import asyncio
from eventlet.hubs._waker import set_wakeup_fd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INSTALL = "uvloop: pip install 'eventlet[uvloop]'"


def is_available() -> bool:
    """Whether uvloop is installed, and the asyncio hub works here."""
    return asyncio.is_available() and find_spec("uvloop") is not None


def prepare() -> None:
    """Import uvloop, which is a matter for one thread."""
    asyncio.prepare()
    importlib.import_module("uvloop")


def describe() -> str:
    """Return uvloop's version, for people."""
    return f"uvloop {importlib.import_module('uvloop').__version__}"


class Hub(asyncio.Hub):
    """As the asyncio hub; the loop is uvloop's."""

    name = "asyncio:uvloop"

    def make_loop(self) -> Any:
        """Return a new loop. Never switches."""
        import uvloop

        loop = uvloop.new_event_loop()
        loop.set_exception_handler(self._on_exception)
        return loop

    def run_forever(self, loop: Any) -> None:
        """Run `loop`. It notices signals by a wake-up fd of its own only: the program's goes out of its way."""
        try:
            before = set_wakeup_fd(-1)
        except ValueError:  # not in the main OS thread, where signals do not arrive either
            loop.run_forever()
            return
        waker = self._waker
        self.wakeup_fd = -1 if waker is not None and waker.has(before) else before
        try:
            loop.run_forever()
        finally:
            self._put_wakeup_fd_back()

    def after_fork(self) -> None:
        self._put_wakeup_fd_back()  # the loop's belongs to the parent
        super().after_fork()

    def _put_wakeup_fd_back(self) -> None:
        fd, self.wakeup_fd = self.wakeup_fd, None
        if fd is None:
            return
        try:
            set_wakeup_fd(fd, warn_on_full_buffer=False)
        except (OSError, ValueError):
            set_wakeup_fd(-1)  # it was closed meanwhile
        if self._waker is not None:
            self._waker.watch_signals_again()

    def _on_exception(self, loop: Any, context: dict[str, Any]) -> None:
        """Let what a signal handler raises end the loop, as it does in asyncio; uvloop calls handlers in a callback."""
        error = context.get("exception")
        if error is not None and "_read_from_self" in context.get("message", ""):
            self.swallowed = error
            loop.stop()
        else:
            loop.default_exception_handler(context)
