"""getaddrinfo and its kin, put together from addresses that somebody else looks up."""

from __future__ import annotations

from eventlet import _pristine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Protocol

    class Lookup(Protocol):
        """Who knows names. Each method raises OSError for what it does not know."""

        def addresses(self, host: str, family: int) -> tuple[str, list[str]]:
            """Return the canonical name of `host`, and its addresses of `family` (0: IPv4 and IPv6)."""

        def names(self, address: str) -> list[str]:
            """Return the names of an address, the canonical one first."""

        def aliases(self, host: str) -> list[str]:
            """Return the other names of `host` that are known."""


_socket = _pristine.c_socket
_FAMILIES = (_socket.AF_INET, _socket.AF_INET6)


def _error(name: str, text: str) -> Callable[[], OSError]:
    code = getattr(_socket, name, _socket.EAI_FAIL)
    return lambda: _socket.gaierror(code, text)


# With the texts of glibc: programs print them.
unknown_name = _error("EAI_NONAME", "Name or service not known")
try_again = _error("EAI_AGAIN", "Temporary failure in name resolution")
failure = _error("EAI_FAIL", "Non-recoverable failure in name resolution")
no_address = _error("EAI_NODATA", "No address associated with hostname")


def getaddrinfo(
    lookup: Lookup, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> list[tuple[Any, ...]]:
    """Return what _socket.getaddrinfo does, asking `lookup` for the addresses of a name. Switches then."""
    name = as_text(host)
    if name is None or not name or is_address(name) or family not in (0, *_FAMILIES):
        return _socket.getaddrinfo(host, port, family, type, proto, flags)
    if flags & _socket.AI_NUMERICHOST:
        raise unknown_name()
    # What is wrong with the port is said before anybody is asked.
    _socket.getaddrinfo(None, port, family, type, proto, flags & ~(_socket.AI_ADDRCONFIG | _socket.AI_CANONNAME))
    canonical, addresses = _addresses(lookup, name, family, flags)
    own_flags = flags & ~(_socket.AI_ADDRCONFIG | _socket.AI_CANONNAME | _V4MAPPED) | _socket.AI_NUMERICHOST
    found: list[tuple[Any, ...]] = []
    for address in addresses:
        found += _socket.getaddrinfo(address, port, family, type, proto, own_flags)
    if flags & _socket.AI_CANONNAME and found:
        found[0] = (*found[0][:3], canonical, found[0][4])
    return found


_V4MAPPED = getattr(_socket, "AI_V4MAPPED", 0)


def _addresses(lookup: Lookup, name: str, family: int, flags: int) -> tuple[str, list[str]]:
    mapped = bool(family == _socket.AF_INET6 and _V4MAPPED and flags & _V4MAPPED)
    try:
        canonical, addresses = lookup.addresses(name, family)
    except OSError:
        if not mapped:
            raise
        canonical, addresses = lookup.addresses(name, _socket.AF_INET)
        addresses = ["::ffff:" + address for address in addresses]
    reachable = [address for address in addresses if _has_route(address)]
    unreachable = [address for address in addresses if address not in reachable]
    if flags & _socket.AI_ADDRCONFIG and reachable:
        unreachable = []
    # IPv6 first, as RFC 6724 has it, but what we have no way to comes last (its rule 1).
    return canonical, sorted(reachable, key=is_ipv4) + sorted(unreachable, key=is_ipv4)


def _has_route(address: str) -> bool:
    """Whether the system knows where to send packets for `address`. None is sent."""
    family = _socket.AF_INET if is_ipv4(address) else _socket.AF_INET6
    try:
        probe = _pristine.socket.socket(family, _socket.SOCK_DGRAM)
    except OSError:
        return False
    try:
        probe.setblocking(False)
        probe.connect((address, 53))
    except OSError:
        return False
    finally:
        probe.close()
    return True


def gethostbyname(lookup: Lookup, hostname: Any) -> str:
    """Return an IPv4 address of `hostname`, as _socket.gethostbyname does. Switches to look up a name."""
    return gethostbyname_ex(lookup, hostname)[2][0]


def gethostbyname_ex(lookup: Lookup, hostname: Any) -> tuple[str, list[str], list[str]]:
    """Return the canonical name of `hostname`, its aliases and IPv4 addresses. Switches to look up a name."""
    name = as_text(hostname)
    if name is None:
        raise TypeError(f"a host name is str, bytes or bytearray, not {type(hostname).__name__}")
    if not name or name == "<broadcast>" or is_ipv4(name):
        address = _socket.gethostbyname(name)
        return name or address, [], [address]
    canonical, addresses = lookup.addresses(name, _socket.AF_INET)
    aliases = [alias for alias in [name, *lookup.aliases(name)] if alias.rstrip(".").lower() != canonical.lower()]
    return canonical, aliases, addresses


def gethostbyaddr(lookup: Lookup, ip_address: Any) -> tuple[str, list[str], list[str]]:
    """Return the name of an address, or of a host; its aliases, and its addresses. Switches."""
    host = as_text(ip_address)
    if host is None:
        raise TypeError(f"a host name is str, bytes or bytearray, not {type(ip_address).__name__}")
    addresses = [host] if is_address(host) else lookup.addresses(host, 0)[1]
    try:
        names = lookup.names(addresses[0])
    except OSError:
        raise _socket.herror(1, "Unknown host") from None
    return names[0], names[1:], addresses[:1]


def getnameinfo(lookup: Lookup, sockaddr: Any, flags: int) -> tuple[str, str]:
    """Return host and service of `sockaddr`, as _socket.getnameinfo does. Switches to look up the name."""
    figures, service = _socket.getnameinfo(sockaddr, flags | _socket.NI_NUMERICHOST)  # says what is wrong with them
    if flags & _socket.NI_NUMERICHOST:
        return figures, service
    try:
        name = lookup.names(figures.partition("%")[0])[0]
    except OSError:
        if flags & _socket.NI_NAMEREQD:
            raise unknown_name() from None
        return figures, service
    return (name.partition(".")[0] if flags & _socket.NI_NOFQDN else name), service


# ---- what a host is


def as_text(host: Any) -> str | None:
    """Return a host, as callers give it, in ASCII (IDNA); None if it is None, or of a type that cannot be one.

    Raises UnicodeError, as the standard functions do.
    """
    if isinstance(host, str):
        return host if host.isascii() and _has_short_labels(host) else host.encode("idna").decode("ascii")
    if isinstance(host, (bytes, bytearray)):
        return bytes(host).decode("ascii")
    return None


def _has_short_labels(host: str) -> bool:
    # Of those the codec would change nothing.
    return all(0 < len(label) < 64 for label in host.rstrip(".").split(".")) or not host


def is_ipv4(host: Any) -> bool:
    """Whether it is an IPv4 address in figures. Never switches."""
    return _is_of(_socket.AF_INET, host)


def is_ipv6(host: Any) -> bool:
    """Whether it is an IPv6 address in figures, perhaps with a scope. Never switches."""
    return isinstance(host, str) and _is_of(_socket.AF_INET6, host.partition("%")[0])


def is_address(host: Any) -> bool:
    """Whether it is an address in figures. Never switches."""
    return is_ipv4(host) or is_ipv6(host)


def _is_of(family: int, host: Any) -> bool:
    try:
        _socket.inet_pton(family, host)
    except (OSError, TypeError, ValueError):
        return False
    return True
