"""Wakes a hub that blocks in its poll, from another OS thread or a signal handler."""

from __future__ import annotations

import signal

from eventlet import _pristine
from eventlet.hubs.listener import READ, FdListener

#: The standard one: patched, it would take us for the program.
set_wakeup_fd = signal.set_wakeup_fd


class Waker:
    """A pipe whose read end the hub polls.

    A pipe, not an eventfd: `signal.set_wakeup_fd` writes single bytes, which an
    eventfd refuses.
    """

    def __init__(self) -> None:
        self.fd: int
        self._write_fd: int
        self.fd, self._write_fd = _pristine.os.pipe()
        for fd in (self.fd, self._write_fd):
            _pristine.os.set_blocking(fd, False)
        self._signals_wake_us = False

    def listener(self) -> FdListener:
        """Return the listener that empties the pipe, for the hub's table."""
        return FdListener(READ, self.fd, self._drain, None, None)

    def wakeup(self) -> None:
        """Make the hub's present or next poll return at once. From any thread or signal handler."""
        try:
            _pristine.os.write(self._write_fd, b"\0")
        except (BlockingIOError, OSError):
            pass  # full: a wake-up is on its way anyhow; closed: nobody to wake

    def forget(self) -> None:
        """Empty the pipe. Only for the hub's own thread."""
        self._drain(self.fd)

    def _drain(self, _fd: int) -> None:
        try:
            while len(_pristine.os.read(self.fd, 4096)) == 4096:
                pass
        except BlockingIOError:
            pass

    def has(self, fd: int) -> bool:
        """Whether this is the wake-up fd that `watch_signals` sets."""
        return fd == self._write_fd

    def watch_signals(self) -> None:
        """Let every signal wake the hub too; no effect outside the main thread.

        Without it, a signal that arrives just before the poll, or in another
        thread, would be handled only when the poll ends. Whoever set a wake-up
        fd before us keeps it (Python has just one): signal.set_wakeup_fd.
        """
        if self._signals_wake_us:
            return
        try:
            previous = set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        except ValueError:  # not in the main thread of the main interpreter
            return
        if previous != -1:
            try:
                set_wakeup_fd(previous, warn_on_full_buffer=False)
                return
            except (OSError, ValueError):  # it was closed, by a fork in another thread for instance
                set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        self._signals_wake_us = True

    def watch_signals_again(self) -> None:
        """As `watch_signals`, after the program has set another wake-up fd, and taken it away."""
        self._signals_wake_us = False
        self.watch_signals()

    def close(self) -> None:
        if self._signals_wake_us:
            self._signals_wake_us = False
            try:
                current = set_wakeup_fd(-1)
                if current not in (-1, self._write_fd):
                    set_wakeup_fd(current)
            except (ValueError, TypeError):
                pass  # another thread closes us, or the interpreter is going down
        for fd in (self.fd, self._write_fd):
            try:
                _pristine.os.close(fd)
            except OSError:
                pass
