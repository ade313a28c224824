"""`Network`: questions to the name servers that the system is told to ask, until one of them answers."""

from __future__ import annotations

import random

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver

from eventlet import _pristine
from eventlet._dns.cache import Cache
from eventlet._dns.query import tcp, udp
from eventlet.greenthread import sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_clock = _pristine.time.monotonic

#: Where to look for name servers by default.
DEFAULT_PATH = "/etc/resolv.conf"
#: How many aliases in a row are followed, from answer to answer.
MAX_ALIASES = 16
#: Before the same servers are asked once more, seconds; doubles each time.
FIRST_PAUSE, LAST_PAUSE = 0.1, 2.0


class Network:
    """Asks name servers, in turn, and remembers the answers for as long as these say.

    `configuration` is a dns.resolver.Resolver, of which the settings count only: nameservers, port, search,
    domain, ndots, timeout (of a try) and lifetime (of a question), rotate, EDNS. They may be changed at any time.
    """

    def __init__(self, filename: str = DEFAULT_PATH) -> None:
        try:
            self.configuration = dns.resolver.Resolver(filename)
        except dns.resolver.NoResolverConfiguration:
            self.configuration = dns.resolver.Resolver(configure=False)
            self.configuration.nameservers = ["127.0.0.1"]  # as resolv.conf(5) has it
        self.cache = Cache()

    def query(
        self,
        name: Any,
        rdtype: Any = dns.rdatatype.A,
        rdclass: Any = dns.rdataclass.IN,
        use_tcp: bool = False,
        source: str | None = None,
        search: bool = True,
    ) -> Any:
        """Return a dns.resolver.Answer about `name`, or names made of it by the search list. Switches.

        Raises dns.resolver's NXDOMAIN, NoAnswer (there is the name, but nothing of this type), NoNameservers
        (all of them fail) and dns.exception.Timeout.
        """
        rdtype, rdclass = dns.rdatatype.RdataType.make(rdtype), dns.rdataclass.RdataClass.make(rdclass)
        deadline = _clock() + self.configuration.lifetime
        candidates = self.candidates(name) if search else [_as_name(name)]
        missing: dict[Any, Any] = {}
        empty = None
        for candidate in candidates:
            answer = self._follow(candidate, rdtype, rdclass, use_tcp, source, deadline)
            if answer.response.rcode() == dns.rcode.NXDOMAIN:
                missing[candidate] = answer.response
            elif answer.rrset is None:
                empty = answer  # there is that name: but another one in the list may have what we want
            else:
                return answer
        if empty is not None:
            raise dns.resolver.NoAnswer(response=empty.response)
        raise dns.resolver.NXDOMAIN(qnames=list(missing), responses=missing)

    def candidates(self, name: Any) -> list[Any]:
        """Return the absolute names that `name` may stand for, in the order in which to try them. Never switches."""
        name = _as_name(name)
        if name.is_absolute():
            return [name]
        configuration = self.configuration
        domains = list(configuration.search or ())
        if not domains and configuration.domain is not None and configuration.domain != dns.name.root:
            domains = [configuration.domain]
        as_it_is = _joined(name, dns.name.root)
        candidates = [_joined(name, domain) for domain in domains]
        ndots = 1 if configuration.ndots is None else configuration.ndots
        if len(name.labels) > ndots:
            candidates.insert(0, as_it_is)
        else:
            candidates.append(as_it_is)
        found = [candidate for candidate in dict.fromkeys(candidates) if candidate is not None]
        if not found:
            raise dns.name.NameTooLong
        return found

    # ---- one name

    def _follow(self, name: Any, rdtype: Any, rdclass: Any, use_tcp: bool, source: Any, deadline: float) -> Any:
        """Return the answer about `name`, found by more questions if a server knew only the alias."""
        answer = self._ask(name, rdtype, rdclass, use_tcp, source, deadline)
        seen = {name}
        while answer.rrset is None and answer.canonical_name not in seen and len(seen) < MAX_ALIASES:
            seen.add(answer.canonical_name)
            answer = self._ask(answer.canonical_name, rdtype, rdclass, use_tcp, source, deadline)
        return answer

    def _ask(self, name: Any, rdtype: Any, rdclass: Any, use_tcp: bool, source: Any, deadline: float) -> Any:
        key = (name, rdtype, rdclass)
        answer = self.cache.get(key)
        if answer is None:
            answer = self._ask_servers(name, rdtype, rdclass, use_tcp, source, deadline)
            self.cache.put(key, answer, _lifetime_of(answer))
        return answer

    def _ask_servers(self, name: Any, rdtype: Any, rdclass: Any, use_tcp: bool, source: Any, deadline: float) -> Any:
        configuration = self.configuration
        question = dns.message.make_query(name, rdtype, rdclass)
        if configuration.edns >= 0:
            question.use_edns(configuration.edns, configuration.ednsflags, configuration.payload)
        if configuration.flags is not None:
            question.flags = configuration.flags
        errors: list[Any] = []
        for server, port in self._servers(question, errors, deadline):
            left = deadline - _clock()
            if left <= 0:
                break
            seconds = min(configuration.timeout, left)
            try:
                response = _exchange(question, server, port, seconds, use_tcp, source)
                if response.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                    return dns.resolver.Answer(name, rdtype, rdclass, response, server, port)
                error: Any = dns.rcode.to_text(response.rcode())
            except (OSError, EOFError, dns.exception.DNSException) as failure:
                response, error = None, failure
            errors.append((server, use_tcp, port, error, response))
        raise dns.resolver.LifetimeTimeout(timeout=configuration.lifetime, errors=errors)

    def _servers(self, question: Any, errors: list[Any], deadline: float) -> Iterator[tuple[str, int]]:
        """Yield whom to ask next, round and round until the deadline, unless all have failed for good."""
        configuration = self.configuration
        servers = [str(server) for server in configuration.nameservers]
        if configuration.rotate:
            random.shuffle(servers)
        pause = FIRST_PAUSE
        while True:
            before = len(errors)
            for server in servers:
                yield server, configuration.nameserver_ports.get(server, configuration.port)
            round_errors = errors[before:]
            if all(_is_final(error[3]) for error in round_errors):
                raise dns.resolver.NoNameservers(request=question, errors=errors)
            left = deadline - _clock()
            if left <= 0:
                return
            if not any(isinstance(error[3], dns.exception.Timeout) for error in round_errors):
                sleep(min(pause, left))
                pause = min(2 * pause, LAST_PAUSE)


def _exchange(question: Any, server: str, port: int, seconds: float, use_tcp: bool, source: Any) -> Any:
    if not use_tcp:
        deadline = _clock() + seconds
        response = udp(question, server, port, seconds, source)
        if not response.flags & dns.flags.TC:
            return response
        seconds = max(deadline - _clock(), 0.001)
    return tcp(question, server, port, seconds, source)


def _is_final(error: Any) -> bool:
    """Whether asking the same server once more is in vain: it said so, or is not there."""
    return not isinstance(error, (dns.exception.Timeout, EOFError)) and error != "SERVFAIL"


def _lifetime_of(answer: Any) -> float:
    chain = answer.chaining_result
    negative = answer.rrset is None
    if negative and not any(rrset.rdtype == dns.rdatatype.SOA for rrset in answer.response.authority):
        return 0.0  # nobody says for how long it holds
    return float(chain.minimum_ttl)


def _as_name(name: Any) -> Any:
    """Return `name` as a dns.name.Name; relative, if it has no dot at its end."""
    return dns.name.from_text(name, None) if isinstance(name, str) else name


def _joined(name: Any, domain: Any) -> Any:
    """Return `name` in `domain`, None if there cannot be such a long one."""
    try:
        return name.concatenate(domain)
    except dns.name.NameTooLong:
        return None
