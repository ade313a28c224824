"""Name resolution for sockets: by the system, on a few OS threads, or by dnspython; EVENTLET_RESOLVER says which.

By the system, `thread`, is the default: exactly its answers and errors, without blocking. `dnspython` asks the name
servers itself, cooperatively: no threads, and so no limit on how many look-ups wait at once.
"""

from __future__ import annotations

from eventlet import _pristine
from eventlet._threadpool import ThreadPool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_socket = _pristine.c_socket

#: How many look-ups the system does at once; a slow name server occupies a thread for seconds.
MAX_THREADS = 8
#: Not the one of tpool: what occupies that for long must not delay connecting, and the other way round.
_pool = ThreadPool(MAX_THREADS)

VARIABLE = "EVENTLET_RESOLVER"
#: Upstream's: "yes" keeps dnspython out, whatever the other one says.
NO_DNSPYTHON_VARIABLE = "EVENTLET_NO_GREENDNS"


class _Choice:
    """Whether dnspython resolves names: the environment says so when the first one is looked up."""

    def __init__(self) -> None:
        self.is_made = False
        self._greendns: ModuleType | None = None

    def greendns(self) -> ModuleType | None:
        """Return the module that is to be asked, None for the system. Raises ValueError, ImportError."""
        if not self.is_made:
            wanted = _pristine.os.environ.get(VARIABLE, "").strip().lower() or "thread"
            if wanted not in ("thread", "dnspython"):
                raise ValueError(f"{VARIABLE} should be 'thread' or 'dnspython', not {wanted!r}")
            unwanted = _pristine.os.environ.get(NO_DNSPYTHON_VARIABLE, "").strip().lower() == "yes"
            if wanted == "dnspython" and not unwanted:
                self._greendns = _import_greendns()
            self.is_made = True
        return self._greendns


def _import_greendns() -> ModuleType:
    try:
        # Deferred, because dnspython is optional and slow to import.
        from eventlet.support import greendns
    except ImportError as error:
        raise ImportError(f"{VARIABLE}=dnspython needs dnspython: pip install 'eventlet[dns]'") from error
    return greendns


_choice = _Choice()


def getaddrinfo(
    host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> list[tuple[Any, ...]]:
    """Return what socket.getaddrinfo does, or raise what it raises. Switches, unless `host` is numeric."""
    try:
        # Of an address in figures the system needs to ask nobody. On any error ask it as told.
        found = _socket.getaddrinfo(host, port, family, type, proto, flags | _socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        greendns = _choice.greendns()
        if greendns is None:
            found = _pool.execute(_socket.getaddrinfo, host, port, family, type, proto, flags)
        else:
            found = greendns.getaddrinfo(host, port, family, type, proto, flags)
    return [_with_enums(*entry) for entry in found]


def _with_enums(family: int, kind: int, *rest: Any) -> tuple[Any, ...]:
    # socket.getaddrinfo, in Python, does that to the answers of the one in C.
    convert = _pristine.socket._intenum_converter
    return (
        convert(family, _pristine.socket.AddressFamily),
        convert(kind, _pristine.socket.SocketKind),
        *rest,
    )


def _execute(name: str, *args: Any) -> Any:
    greendns = _choice.greendns()
    if greendns is None:
        return _pool.execute(getattr(_socket, name), *args)
    return getattr(greendns, name)(*args)


def gethostbyname(hostname: Any) -> str:
    """Return what socket.gethostbyname does. Switches, unless it is an IPv4 address."""
    if _is_ipv4(hostname):
        return _socket.gethostbyname(hostname)
    return _execute("gethostbyname", hostname)  # type: ignore[no-any-return]


def gethostbyname_ex(hostname: Any) -> tuple[str, list[str], list[str]]:
    """Return what socket.gethostbyname_ex does. Switches."""
    return _execute("gethostbyname_ex", hostname)  # type: ignore[no-any-return]


def gethostbyaddr(ip_address: Any) -> tuple[str, list[str], list[str]]:
    """Return what socket.gethostbyaddr does. Switches."""
    return _execute("gethostbyaddr", ip_address)  # type: ignore[no-any-return]


def getnameinfo(sockaddr: Any, flags: int) -> tuple[str, str]:
    """Return what socket.getnameinfo does. Switches, unless `flags` ask for figures only."""
    numeric = _socket.NI_NUMERICHOST | _socket.NI_NUMERICSERV
    if isinstance(flags, int) and flags & numeric == numeric and isinstance(sockaddr, tuple) and sockaddr:
        host = sockaddr[0]
        if isinstance(host, str) and (_is_ipv4(host) or ":" in host):
            return _socket.getnameinfo(sockaddr, flags)
    return _execute("getnameinfo", sockaddr, flags)  # type: ignore[no-any-return]


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
