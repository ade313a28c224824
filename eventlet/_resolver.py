"""Name resolution by the system, on a few OS threads: exactly its answers and errors, without blocking."""

from __future__ import annotations

from _queue import Empty, SimpleQueue

from eventlet import _pristine
from eventlet._pristine import workers
from eventlet.event import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_socket = _pristine.c_socket

#: How many look-ups the system does at once; a slow name server occupies a thread for seconds.
MAX_THREADS = 8
#: After this long without work a thread ends.
IDLE_SECONDS = 30.0


class Resolver:
    """A pool of OS threads, started when needed, that call blocking functions for green threads.

    Invariant: a job in the queue has a thread that will take it. May be used from any OS thread.
    """

    def __init__(self, max_threads: int = MAX_THREADS) -> None:
        self._max_threads = max_threads
        self._watches_forks = False
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._jobs: SimpleQueue[Any] = SimpleQueue()
        self._lock = _pristine.thread.allocate_lock()
        self._threads = 0
        #: Threads less jobs: when it is below zero, somebody has to wait.
        self._idle = 0

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Return `function(*args)`, called in an OS thread, or raise what it raises. Switches.

        If the waiting green thread is killed or times out, the result is dropped.
        """
        done = Event()
        with self._lock:
            self._idle -= 1
            starts_thread = self._idle < 0 and self._threads < self._max_threads
            if starts_thread:
                self._threads += 1
                self._idle += 1
        self._jobs.put((done, function, args))
        if starts_thread:
            self._start_thread()
        return done.wait()

    def _start_thread(self) -> None:
        if not self._watches_forks and hasattr(_pristine.os, "register_at_fork"):
            self._watches_forks = True
            _pristine.os.register_at_fork(after_in_child=self._start_afresh)
        try:
            workers.start(self._work, (self._jobs,))
        except RuntimeError:
            with self._lock:
                self._threads -= 1
                self._idle -= 1
                if self._threads:
                    return  # another one will come to it
            job = self._jobs.get()
            with self._lock:
                self._idle += 1
            _do(*job)  # better slow than never

    def _work(self, jobs: SimpleQueue[Any]) -> None:
        while True:
            try:
                job = jobs.get(timeout=IDLE_SECONDS)
            except Empty:
                with self._lock:
                    if self._idle <= 0:
                        continue  # a job is on its way
                    self._threads -= 1
                    self._idle -= 1
                return
            _do(*job)
            job = None
            with self._lock:
                self._idle += 1


def _do(done: Event, function: Callable[..., Any], args: Any) -> None:
    try:
        result = function(*args)
    except BaseException as error:
        done.send_exception(error)
    else:
        done.send(result)


_resolver = Resolver()


def getaddrinfo(
    host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> list[tuple[Any, ...]]:
    """Return what socket.getaddrinfo does, or raise what it raises. Switches, unless `host` is numeric."""
    try:
        # Of an address in figures the system needs to ask nobody. On any error ask it as told.
        found = _socket.getaddrinfo(host, port, family, type, proto, flags | _socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        found = _resolver.call(_socket.getaddrinfo, host, port, family, type, proto, flags)
    return [_with_enums(*entry) for entry in found]


def _with_enums(family: int, kind: int, *rest: Any) -> tuple[Any, ...]:
    # socket.getaddrinfo, in Python, does that to the answers of the one in C.
    convert = _pristine.socket._intenum_converter
    return (
        convert(family, _pristine.socket.AddressFamily),
        convert(kind, _pristine.socket.SocketKind),
        *rest,
    )


def gethostbyname(hostname: Any) -> str:
    """Return what socket.gethostbyname does. Switches, unless it is an IPv4 address."""
    if _is_ipv4(hostname):
        return _socket.gethostbyname(hostname)
    return _resolver.call(_socket.gethostbyname, hostname)  # type: ignore[no-any-return]


def gethostbyname_ex(hostname: Any) -> tuple[str, list[str], list[str]]:
    """Return what socket.gethostbyname_ex does. Switches."""
    return _resolver.call(_socket.gethostbyname_ex, hostname)  # type: ignore[no-any-return]


def gethostbyaddr(ip_address: Any) -> tuple[str, list[str], list[str]]:
    """Return what socket.gethostbyaddr does. Switches."""
    return _resolver.call(_socket.gethostbyaddr, ip_address)  # type: ignore[no-any-return]


def getnameinfo(sockaddr: Any, flags: int) -> tuple[str, str]:
    """Return what socket.getnameinfo does. Switches, unless `flags` ask for figures only."""
    numeric = _socket.NI_NUMERICHOST | _socket.NI_NUMERICSERV
    if isinstance(flags, int) and flags & numeric == numeric and isinstance(sockaddr, tuple) and sockaddr:
        host = sockaddr[0]
        if isinstance(host, str) and (_is_ipv4(host) or ":" in host):
            return _socket.getnameinfo(sockaddr, flags)
    return _resolver.call(_socket.getnameinfo, sockaddr, flags)  # type: ignore[no-any-return]


def getfqdn(name: str = "") -> str:
    """Return what socket.getfqdn does: the full name of host `name`, of this host if empty. Switches."""
    name = name.strip()
    if not name or name in ("0.0.0.0", "::"):
        name = _socket.gethostname()
    try:
        hostname, aliases, _ = gethostbyaddr(name)
    except OSError:
        return name
    for candidate in (hostname, *aliases):
        if "." in candidate:
            return candidate
    return hostname


def _is_ipv4(host: Any) -> bool:
    try:
        _socket.inet_pton(_socket.AF_INET, host)
    except (OSError, TypeError, ValueError):
        return False
    return True
