"""A Twisted reactor as host."""

from __future__ import annotations

import importlib

from eventlet.hubs import _embedding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class _Reader:
    """What a reactor wants for an fd to be watched: twisted.internet.interfaces.IReadDescriptor."""

    def __init__(self, fd: int, call: Callable[[], object]) -> None:
        self._fd = fd
        self._call = call

    def fileno(self) -> int:
        return self._fd

    def doRead(self) -> None:
        self._call()

    def connectionLost(self, reason: object) -> None:
        """The reactor stops, or the fd was closed."""

    def logPrefix(self) -> str:
        return "eventlet"


class Host(_embedding.Host):
    """`reactor` is one that can watch fds (IReactorFDSet): any on Unix."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._interface: Any = importlib.import_module("twisted.internet.interfaces").IReadDescriptor
        self._provide: Any = importlib.import_module("zope.interface").directlyProvides
        self._reader: _Reader | None = None
        self._timer: Any = None

    def watch(self, fd: int, call: Callable[[], object]) -> None:
        self._reader = _Reader(fd, call)
        self._provide(self._reader, self._interface)
        self._reactor.addReader(self._reader)

    def unwatch(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            self._reactor.removeReader(reader)

    def set_timer(self, seconds: float, call: Callable[[], object]) -> None:
        self.cancel_timer()
        self._timer = self._reactor.callLater(seconds, call)

    def cancel_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def is_running(self) -> bool:
        return bool(self._reactor.running)
