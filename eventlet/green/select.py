"""select, whose waits let other green threads run."""

from __future__ import annotations

from eventlet import _pristine
from eventlet.green._lookalike import look_like, present
from eventlet.green._multiplex import seconds_of, wait_until
from eventlet.hubs._readiness import READABLE, WRITABLE

_select = _pristine.select

__patched__ = present(_select, "select", "poll", "epoll", "kqueue")
__getattr__, __dir__ = look_like(globals(), _select)

_URGENT = getattr(_select, "POLLPRI", 0x002)
#: What a C int holds.
_MAX_MILLISECONDS = 2**31 - 1
error = OSError


def get_fileno(obj):
    """Return the file descriptor of `obj`, a number or an object with `fileno()`. Never switches.

    Raises TypeError if it is neither, ValueError if the number is negative.
    """
    if isinstance(obj, int):
        fd = obj
    else:
        fileno = getattr(obj, "fileno", None)
        if fileno is None:
            raise TypeError("argument must be an int, or have a fileno() method.")
        fd = fileno()
        if not isinstance(fd, int):
            raise TypeError("fileno() returned a non-integer")
    if fd < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({fd})")
    return fd


def select(read_list, write_list, error_list, timeout=None):
    """Return those of the three lists that are ready to read, ready to write, or exceptional.

    Waits for the first one, for `timeout` seconds (None: no limit; 0: no waiting), and then returns three
    empty lists. Raises what the standard one does, but has no limit on file descriptors. Switches.
    """
    lists = [_listed(objects) for objects in (read_list, write_list, error_list)]
    if timeout is not None:
        if not isinstance(timeout, (int, float)) and not hasattr(timeout, "__index__"):
            raise TypeError("timeout must be a float or None")
        if timeout < 0:
            raise ValueError("timeout must be non-negative")
    masks: dict[int, int] = {}
    for objects, bit in zip(lists, (READABLE, WRITABLE, _URGENT)):
        for _, fd in objects:
            masks[fd] = masks.get(fd, 0) | bit
    look = _looker(masks)
    ready = wait_until(look, list(masks.items()), timeout)
    return tuple(
        [obj for obj, fd in objects if ready.get(fd, 0) & bits]
        for objects, bits in zip(lists, (~(WRITABLE | _URGENT), WRITABLE | _ERROR, _URGENT))
    )


_ERROR = getattr(_select, "POLLERR", 0x008)


def _listed(objects):
    try:
        iterator = iter(objects)
    except TypeError:
        raise TypeError("arguments 1-3 must be sequences") from None
    return [(obj, get_fileno(obj)) for obj in iterator]


if hasattr(_select, "poll"):

    def _looker(masks):
        """Return a function that returns a dictionary of what is ready now."""
        poller = _select.poll()
        for fd, mask in masks.items():
            poller.register(fd, mask)

        def look():
            ready = dict(poller.poll(0))
            for bits in ready.values():
                if bits & _select.POLLNVAL:
                    raise OSError(9, "Bad file descriptor")
            return ready

        return look

else:

    def _looker(masks):
        readers, writers, urgent = ([fd for fd, mask in masks.items() if mask & bit] for bit in (1, 4, _URGENT))

        def look():
            ready: dict[int, int] = {}
            for fds, bit in zip(_select.select(readers, writers, urgent, 0), (1, 4, _URGENT)):
                for fd in fds:
                    ready[fd] = ready.get(fd, 0) | bit
            return ready

        return look


class poll:
    """As select.poll; `poll` lets other green threads run."""

    def __init__(self):
        self._poll = _select.poll()
        self._masks = {}
        self._is_polling = False

    def register(self, fd, eventmask=None):
        """Watch `fd`, a number or an object with `fileno()`. Never switches."""
        fileno = get_fileno(fd)
        if eventmask is None:
            eventmask = _select.POLLIN | _select.POLLPRI | _select.POLLOUT
        self._poll.register(fileno, eventmask)
        self._masks[fileno] = eventmask

    def modify(self, fd, eventmask):
        """Watch `fd` for other events. Never switches. Raises FileNotFoundError if it is not registered."""
        fileno = get_fileno(fd)
        self._poll.modify(fileno, eventmask)
        self._masks[fileno] = eventmask

    def unregister(self, fd):
        """Stop watching `fd`. Never switches. Raises KeyError if it is not registered."""
        fileno = get_fileno(fd)
        self._poll.unregister(fileno)
        self._masks.pop(fileno, None)

    def poll(self, timeout=None):
        """Return a list of (fd, events); wait for `timeout` milliseconds (None or negative: no limit). Switches.

        Raises RuntimeError if another one waits with this object, OverflowError for more than 24 days.
        """
        seconds = seconds_of(timeout, 1000)
        if seconds is not None and seconds * 1000 > _MAX_MILLISECONDS:
            raise OverflowError("timeout is too large")
        if self._is_polling:
            raise RuntimeError("concurrent poll() invocation")
        self._is_polling = True
        try:
            return wait_until(lambda: self._poll.poll(0), list(self._masks.items()), seconds)
        finally:
            self._is_polling = False


if not hasattr(_select, "poll"):
    del poll


class _PollerFd:
    """An epoll or kqueue object in disguise: its methods, but waiting is left to the hub."""

    def __init__(self, poller):
        self._poller = poller

    def fileno(self):
        return self._poller.fileno()

    def close(self):
        """Close it; whoever waits for it gets an error. Never switches."""
        from eventlet.hubs import notify_close

        if not self._poller.closed:
            notify_close(self._poller.fileno())
        self._poller.close()

    @property
    def closed(self):
        return self._poller.closed

    def _wait(self, look, seconds):
        return wait_until(look, [(self._poller.fileno(), READABLE)], seconds)


class epoll(_PollerFd):
    """As select.epoll; `poll` lets other green threads run."""

    def __init__(self, sizehint=-1, flags=0):
        super().__init__(_select.epoll(sizehint, flags))

    @classmethod
    def fromfd(cls, fd):
        """Return an object for the epoll instance that `fd` is."""
        self = cls.__new__(cls)
        _PollerFd.__init__(self, _select.epoll.fromfd(fd))
        return self

    def register(self, fd, eventmask=None):
        """Watch `fd`, a number or an object with `fileno()`. Never switches."""
        if eventmask is None:
            self._poller.register(fd)
        else:
            self._poller.register(fd, eventmask)

    def modify(self, fd, eventmask):
        """Watch `fd` for other events. Never switches. Raises FileNotFoundError if it is not registered."""
        self._poller.modify(fd, eventmask)

    def unregister(self, fd):
        """Stop watching `fd`. Never switches. Raises FileNotFoundError if it is not registered."""
        self._poller.unregister(fd)

    def poll(self, timeout=None, maxevents=-1):
        """Return a list of (fd, events); wait for `timeout` seconds (None or negative: no limit). Switches."""
        return self._wait(lambda: self._poller.poll(0, maxevents), seconds_of(timeout))

    def __enter__(self):
        self._poller.__enter__()
        return self

    def __exit__(self, exc_type=None, exc_value=None, exc_tb=None):
        self.close()


if not hasattr(_select, "epoll"):
    del epoll


class kqueue(_PollerFd):
    """As select.kqueue; `control` lets other green threads run."""

    def __init__(self):
        super().__init__(_select.kqueue())

    @classmethod
    def fromfd(cls, fd):
        """Return an object for the kqueue that `fd` is."""
        self = cls.__new__(cls)
        _PollerFd.__init__(self, _select.kqueue.fromfd(fd))
        return self

    def control(self, changelist, max_events, timeout=None):
        """Apply `changelist`, and return up to `max_events` events. Switches to wait for one."""
        if timeout is not None and timeout < 0:
            raise ValueError("timeout must be positive or None")
        found = self._poller.control(changelist, max_events, 0)
        if found or not max_events:
            return found
        return self._wait(lambda: self._poller.control(None, max_events, 0), timeout)


if not hasattr(_select, "kqueue"):
    del kqueue
