"""Cooperative name resolution with dnspython, under upstream's names. EVENTLET_RESOLVER=dnspython makes sockets use it.

The module's `resolver` does the look-ups of all functions here; programs may put another ResolverProxy there.
"""

from __future__ import annotations

import re

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.reversename
import dns.rrset

from eventlet import _pristine, greenthread
from eventlet._dns import addrinfo
from eventlet._dns import query as _query
from eventlet._dns.addrinfo import is_address as is_ip_addr
from eventlet._dns.addrinfo import is_ipv4 as is_ipv4_addr
from eventlet._dns.addrinfo import is_ipv6 as is_ipv6_addr
from eventlet._dns.hosts import HostsFile
from eventlet._dns.resolver import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "DNS_QUERY_TIMEOUT",
    "EAI_EAGAIN_ERROR",
    "EAI_NODATA_ERROR",
    "EAI_NONAME_ERROR",
    "HOSTS_TTL",
    "HostsAnswer",
    "HostsResolver",
    "ResolverProxy",
    "compute_expiration",
    "getaddrinfo",
    "getaliases",
    "gethostbyaddr",
    "gethostbyname",
    "gethostbyname_ex",
    "getnameinfo",
    "is_ip_addr",
    "is_ipv4_addr",
    "is_ipv6_addr",
    "reset",
    "resolve",
    "resolve_cname",
    "resolver",
    "tcp",
    "udp",
]

#: Seconds that `udp` and `tcp` wait for an answer, unless told otherwise.
DNS_QUERY_TIMEOUT = 10.0
#: Seconds after which a change of the hosts file is noticed, and that its answers are good for, unless told otherwise.
HOSTS_TTL = 10.0
#: What look-ups raise: nobody knew in time; the name has no such address; there is no such name. To compare with:
#: what is raised is a new one each time.
EAI_EAGAIN_ERROR = addrinfo.try_again()
EAI_NODATA_ERROR = addrinfo.no_address()
EAI_NONAME_ERROR = addrinfo.unknown_name()

_socket = _pristine.c_socket
_A, _AAAA, _IN = dns.rdatatype.A, dns.rdatatype.AAAA, dns.rdataclass.IN
_TYPE_OF = {_socket.AF_INET: _A, _socket.AF_INET6: _AAAA}
_FAMILY_OF = {_A: _socket.AF_INET, _AAAA: _socket.AF_INET6}


class HostsAnswer(dns.resolver.Answer):
    """An answer that no name server has given. Raises NoAnswer if there is nothing in it, unless told otherwise."""

    def __init__(self, qname: Any, rdtype: Any, rdclass: Any, rrset: Any, raise_on_no_answer: bool = True) -> None:
        self.qname = qname
        self.rdtype = rdtype
        self.rdclass = rdclass
        self.canonical_name = qname
        self.response = None  # type: ignore[assignment]
        self.rrset = rrset
        self.nameserver = self.port = None
        self.expiration = _pristine.time.time() + (rrset.ttl if rrset else 0)
        if not rrset and raise_on_no_answer:
            raise dns.resolver.NoAnswer


class HostsResolver:
    """Answers from a hosts file."""

    #: What a line looks like: an address and names. Kept for callers.
    LINES_RE = re.compile(r"^[ \t]*([^\s#]+)[ \t]+([^#\r\n]*?)[ \t]*(?:#[^\r\n]*)?$", re.MULTILINE)

    def __init__(self, fname: str | None = None, interval: float = HOSTS_TTL) -> None:
        """`fname` is /etc/hosts by default; a change of it is noticed after `interval` seconds at the latest."""
        self.hosts = HostsFile(interval=interval) if fname is None else HostsFile(fname, interval)

    @property
    def fname(self) -> str:
        """The path of the file. Never switches."""
        return self.hosts.path

    @property
    def interval(self) -> float:
        """After how many seconds a change is noticed. Never switches."""
        return self.hosts.interval

    def query(
        self,
        qname: Any,
        rdtype: Any = _A,
        rdclass: Any = _IN,
        tcp: bool = False,
        source: str | None = None,
        raise_on_no_answer: bool = True,
    ) -> HostsAnswer:
        """Return a HostsAnswer with the addresses of `qname` in the file. Never switches.

        Raises dns.resolver.NoAnswer if there are none, unless told otherwise.
        """
        rdtype = dns.rdatatype.RdataType.make(rdtype)
        name = dns.name.from_text(qname, None) if isinstance(qname, str) else qname
        family = _FAMILY_OF.get(rdtype)
        known = self.hosts.addresses(name.to_text(omit_final_dot=True)) if family is not None else []
        is_wanted = is_ipv4_addr if family == _socket.AF_INET else is_ipv6_addr
        records = [dns.rdata.from_text(_IN, rdtype, _without_scope(address)) for address in known if is_wanted(address)]
        rrset = dns.rrset.from_rdata_list(name, int(self.interval), records) if records else None
        return HostsAnswer(name, rdtype, rdclass, rrset, raise_on_no_answer)

    def getaliases(self, hostname: Any) -> list[str]:
        """Return the other names of `hostname` in the file. Never switches."""
        return self.hosts.aliases(addrinfo.as_text(hostname) or "")


def _without_scope(address: str) -> str:
    return address.partition("%")[0]


class ResolverProxy:
    """Answers from a hosts file, and from the network for what is not in it."""

    def __init__(self, hosts_resolver: HostsResolver | None = None, filename: str = "/etc/resolv.conf") -> None:
        """Without `hosts_resolver` only the name servers that are in the file `filename` are asked."""
        self._hosts = hosts_resolver
        self._filename = filename
        self.clear()

    def clear(self) -> None:
        """Forget all answers, and read `filename` anew. Never switches."""
        self._network = Network(self._filename)

    @property
    def configuration(self) -> dns.resolver.Resolver:
        """The settings: nameservers, port, search, timeout and so on, which may be changed. Never switches."""
        return self._network.configuration

    _resolver = configuration  # as upstream calls it

    @property
    def cache(self) -> Any:
        """The answers of name servers that are still good. Never switches."""
        return self._network.cache

    def query(
        self,
        qname: Any,
        rdtype: Any = _A,
        rdclass: Any = _IN,
        tcp: bool = False,
        source: str | None = None,
        raise_on_no_answer: bool = True,
        _hosts_rdtypes: Any = (_A, _AAAA),
        use_network: bool = True,
    ) -> Any:
        """Return a dns.resolver.Answer about `qname`, a name or text. Switches, unless it is in the hosts file.

        Text without a dot at its end may be completed by the search list. Raises dns.resolver's NXDOMAIN,
        NoNameservers, NoAnswer (unless told otherwise) and dns.exception.Timeout.
        """
        rdtype = dns.rdatatype.RdataType.make(rdtype)
        name = dns.name.from_text(qname, None) if isinstance(qname, str) else qname
        if self._hosts is not None and rdtype in _hosts_rdtypes and _is_in_hosts(self._hosts, name):
            # As with the system, it is the file's business then: no server is asked for what is not there.
            return self._hosts.query(name, rdtype, raise_on_no_answer=raise_on_no_answer)
        if not use_network:
            return HostsAnswer(name, rdtype, rdclass, None, raise_on_no_answer)
        try:
            return self._network.query(name, rdtype, rdclass, tcp, source)
        except dns.resolver.NoAnswer:
            if raise_on_no_answer:
                raise
            return HostsAnswer(name, rdtype, rdclass, None, False)

    def getaliases(self, hostname: Any) -> list[str]:
        """Return the other names of `hostname` in the hosts file. Never switches."""
        return [] if self._hosts is None else self._hosts.getaliases(hostname)


def _is_in_hosts(resolver: HostsResolver, name: Any) -> bool:
    return bool(resolver.hosts.addresses(name.to_text(omit_final_dot=True)))


#: Does the look-ups; replaceable.
resolver = ResolverProxy(hosts_resolver=HostsResolver())


def reset() -> None:
    """Forget all answers and read hosts file and resolv.conf anew. Never switches."""
    global resolver
    resolver = ResolverProxy(hosts_resolver=HostsResolver())


# ---- names and addresses


def resolve(
    name: Any, family: int = _socket.AF_INET, raises: bool = True, _proxy: Any = None, use_network: bool = True
) -> Any:
    """Return an Answer with the addresses of `name` of `family` (AF_INET or AF_INET6). Switches.

    Errors are socket.gaierror, as of getaddrinfo; without `raises`, that there is no such name or address
    is an empty answer. Raises KeyError for other families.
    """
    rdtype = _TYPE_OF[family]
    if _proxy is None:
        _proxy = resolver
    try:
        try:
            return _proxy.query(name, rdtype, raise_on_no_answer=raises, use_network=use_network)
        except dns.resolver.NXDOMAIN:
            if not raises:
                return HostsAnswer(dns.name.Name([]), rdtype, _IN, None, False)
            raise
    except dns.resolver.NXDOMAIN:
        raise addrinfo.unknown_name() from None
    except dns.resolver.NoAnswer:
        raise addrinfo.no_address() from None
    except (dns.exception.Timeout, dns.resolver.NoNameservers) as error:
        raise addrinfo.try_again() from error
    except dns.exception.DNSException as error:  # not a name at all, most likely
        raise addrinfo.unknown_name() from error


def resolve_cname(host: Any) -> str:
    """Return the name that `host` is an alias of, or `host`. Switches. Raises socket.gaierror."""
    try:
        answer = resolver.query(host, dns.rdatatype.CNAME)
        return answer[0].target.to_text(omit_final_dot=True)  # type: ignore[no-any-return]
    except dns.resolver.NoAnswer:
        return str(host)
    except (dns.exception.Timeout, dns.resolver.NoNameservers) as error:
        raise addrinfo.try_again() from error
    except dns.exception.DNSException as error:
        raise addrinfo.unknown_name() from error


def getaliases(host: Any) -> list[str]:
    """Return the other names of `host` in the hosts file. Never switches."""
    return resolver.getaliases(host)


class _Lookup:
    """What `addrinfo` asks: by way of this module's `resolver` and `resolve` of the moment."""

    def addresses(self, host: str, family: int) -> tuple[str, list[str]]:
        if not family:
            return self._addresses_of_both(host)
        answer = resolve(host, family)
        return _canonical(answer), [record.address for record in answer]

    def _addresses_of_both(self, host: str) -> tuple[str, list[str]]:
        other = greenthread.spawn(_outcome, host, _socket.AF_INET6)
        try:
            answers = [_outcome(host, _socket.AF_INET), other.wait()]
        finally:
            other.kill()
        good = [answer for answer in answers if not isinstance(answer, OSError)]
        if not good:
            raise answers[0]
        addresses = [record.address for answer in good for record in answer]
        return _canonical(good[0]), addresses

    def names(self, address: str) -> list[str]:
        hosts = getattr(resolver, "_hosts", None)
        known: list[str] = [] if hosts is None else hosts.hosts.names(address)
        if known:
            return known
        try:
            answer = resolver.query(dns.reversename.from_address(address), dns.rdatatype.PTR)
        except dns.exception.DNSException as error:
            raise addrinfo.unknown_name() from error
        return [record.target.to_text(omit_final_dot=True) for record in answer]

    def aliases(self, host: str) -> list[str]:
        return getaliases(host)


def _outcome(host: str, family: int) -> Any:
    try:
        return resolve(host, family)
    except OSError as error:
        return error


def _canonical(answer: Any) -> str:
    name: str = answer.canonical_name.to_text(omit_final_dot=True)
    hosts = getattr(resolver, "_hosts", None)
    if isinstance(answer, HostsAnswer) and hosts is not None:
        return hosts.hosts.canonical_name(name) or name
    return name


_lookup = _Lookup()


def getaddrinfo(
    host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> list[tuple[Any, ...]]:
    """Return what socket.getaddrinfo does, with plain numbers for its enums. Switches to look up a name."""
    return addrinfo.getaddrinfo(_lookup, host, port, family, type, proto, flags)


def gethostbyname(hostname: Any) -> str:
    """Return an IPv4 address of `hostname`. Switches to look up a name. Raises socket.gaierror."""
    return addrinfo.gethostbyname(_lookup, hostname)


def gethostbyname_ex(hostname: Any) -> tuple[str, list[str], list[str]]:
    """Return the canonical name of `hostname`, its aliases and its IPv4 addresses. Switches to look up a name."""
    return addrinfo.gethostbyname_ex(_lookup, hostname)


def gethostbyaddr(ip_address: Any) -> tuple[str, list[str], list[str]]:
    """Return the name of an address, or of a host; its aliases, and its addresses. Switches. Raises socket.herror."""
    return addrinfo.gethostbyaddr(_lookup, ip_address)


def getnameinfo(sockaddr: Any, flags: int) -> tuple[str, str]:
    """Return host and service of `sockaddr`, as socket.getnameinfo does. Switches to look up the name."""
    return addrinfo.getnameinfo(_lookup, sockaddr, flags)


# ---- one question to one server


def compute_expiration(query: Any, timeout: float | None) -> float | None:
    """Return when a question that may take `timeout` seconds is over, on time.time(); None for never.

    `query` is upstream's first parameter, the module dns.query; not used.
    """
    return None if timeout is None else _pristine.time.time() + timeout


def udp(
    q: Any,
    where: str,
    timeout: float | None = DNS_QUERY_TIMEOUT,
    port: int = 53,
    af: Any = None,
    source: str | None = None,
    source_port: int = 0,
    ignore_unexpected: bool = False,
    one_rr_per_rrset: bool = False,
    ignore_trailing: bool = False,
    raise_on_truncation: bool = False,
    sock: Any = None,
    ignore_errors: bool = False,
) -> Any:
    """Return the answer of the server `where` to the dns.message.Message `q`, over UDP. Switches.

    Unlike dns.query.udp, it always ignores what is damaged, or no answer to `q`, and listens on. `af` follows from
    `where`. Raises dns.exception.Timeout after `timeout` seconds (None: never), OSError.
    """
    return _query.udp(
        q,
        where,
        port,
        timeout,
        source,
        source_port,
        sock,
        one_rr_per_rrset=one_rr_per_rrset,
        ignore_trailing=ignore_trailing,
        raise_on_truncation=raise_on_truncation,
    )


def tcp(
    q: Any,
    where: str,
    timeout: float | None = DNS_QUERY_TIMEOUT,
    port: int = 53,
    af: Any = None,
    source: str | None = None,
    source_port: int = 0,
    one_rr_per_rrset: bool = False,
    ignore_trailing: bool = False,
    sock: Any = None,
) -> Any:
    """Return the answer of the server `where` to the dns.message.Message `q`, over TCP. Switches.

    Raises dns.exception.Timeout after `timeout` seconds (None: never), EOFError, OSError.
    """
    return _query.tcp(
        q,
        where,
        port,
        timeout,
        source,
        source_port,
        sock,
        one_rr_per_rrset=one_rr_per_rrset,
        ignore_trailing=ignore_trailing,
    )
