"""getaddrinfo and its kin over the cooperative resolver; hosts files; what the environment chooses."""

from __future__ import annotations

import inspect
import os
import socket
import sys

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import pytest

from eventlet import _resolver
from eventlet._dns import addrinfo
from eventlet._dns.hosts import HostsFile
from eventlet.green import socket as green_socket
from eventlet.greenthread import spawn
from eventlet.support import greendns
from tests.dns.fake_server import FakeServer
from tests.dns.test_resolver import RECORDS, quick, write_conf
from tests.helpers import SOME_SECONDS, check_python, run_python

HOSTS = """
# a comment
127.0.0.1   localhost here   # another
::1         localhost ip6-localhost
192.0.2.77  Station.example.net station st
192.0.2.78  station.example.net other
fe80::1%lo  scoped
not-an-address  nowhere
192.0.2.79
"""


@pytest.fixture
def server(hub):
    server = FakeServer(RECORDS)
    yield server
    server.close()


@pytest.fixture
def hosts_path(tmp_path):
    path = tmp_path / "hosts"
    path.write_text(HOSTS)
    return str(path)


@pytest.fixture
def resolver(server, hosts_path, tmp_path, monkeypatch):
    proxy = greendns.ResolverProxy(greendns.HostsResolver(hosts_path), write_conf(tmp_path))
    proxy.configuration.port = server.port
    proxy.configuration.timeout = proxy.configuration.lifetime = SOME_SECONDS
    monkeypatch.setattr(greendns, "resolver", proxy)
    # Which addresses can be reached depends on the machine.
    monkeypatch.setattr(addrinfo, "_has_route", lambda address: True)
    return proxy


class TestTheHostsFile:
    @pytest.fixture
    def hosts(self, hosts_path):
        return HostsFile(hosts_path, interval=10.0, clock=lambda: self.now)

    now = 0.0

    def test_addresses(self, hosts):
        assert hosts.addresses("localhost") == ["127.0.0.1", "::1"]
        assert hosts.addresses("STATION.example.NET.") == ["192.0.2.77", "192.0.2.78"]
        assert hosts.addresses("nowhere") == hosts.addresses("192.0.2.79") == []

    def test_names(self, hosts):
        assert hosts.names("192.0.2.77") == ["Station.example.net", "station", "st"]
        assert hosts.names("0:0::1") == ["localhost", "ip6-localhost"]
        assert hosts.names("192.0.2.1") == hosts.names("nonsense") == []
        assert hosts.canonical_name("st") == "Station.example.net"
        assert hosts.canonical_name("missing") is None

    def test_aliases(self, hosts):
        assert hosts.aliases("st") == ["Station.example.net", "station"]
        assert hosts.aliases("localhost") == ["here", "ip6-localhost"]

    def test_a_change_is_noticed_in_time(self, hosts, hosts_path):
        assert hosts.addresses("new") == []
        with open(hosts_path, "a") as file:
            file.write("192.0.2.80 new\n")
        assert hosts.addresses("new") == []
        self.now = 10.0
        assert hosts.addresses("new") == ["192.0.2.80"]
        os.unlink(hosts_path)
        self.now = 20.0
        assert hosts.addresses("new") == []

    @pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00 x\n127.0.0.1 localhost\xff\n"])
    def test_a_missing_or_damaged_file_does_no_harm(self, tmp_path, content):
        path = tmp_path / "file"
        if content is not None:
            path.write_bytes(content)
        assert HostsFile(str(path)).addresses("localhost") == []


class TestHostsResolver:
    def test_query(self, hosts_path):
        resolver = greendns.HostsResolver(hosts_path)
        answer = resolver.query("localhost", "AAAA")
        assert [record.address for record in answer] == ["::1"]
        assert resolver.query(dns.name.from_text("station.example.net."))[0].address == "192.0.2.77"
        with pytest.raises(dns.resolver.NoAnswer):
            resolver.query("station", "AAAA")
        assert not resolver.query("station", "AAAA", raise_on_no_answer=False)
        assert not resolver.query("station", "TXT", raise_on_no_answer=False)
        assert resolver.getaliases("st") == ["Station.example.net", "station"]
        assert resolver.LINES_RE.findall(" 1.2.3.4\ta b # c\n") == [("1.2.3.4", "a b")]


class TestResolverProxy:
    def test_the_hosts_file_comes_first(self, server, resolver):
        server.records.append(("station.example.net", "A", "192.0.2.99"))
        assert resolver.query("station.example.net")[0].address == "192.0.2.77"
        with pytest.raises(dns.resolver.NoAnswer):
            resolver.query("station", "AAAA")
        assert server.asked == []

    def test_then_the_network(self, resolver):
        assert resolver.query("four.example.org")[0].address == "192.0.2.4"
        assert resolver.query("text.example.org", "TXT", raise_on_no_answer=False)
        assert not resolver.query("four.example.org", "AAAA", raise_on_no_answer=False)
        with pytest.raises(dns.resolver.NoAnswer):
            resolver.query("four.example.org", use_network=False)

    def test_clear(self, server, resolver):
        resolver.query("four.example.org")
        resolver.clear()
        assert resolver.configuration.port == 53  # read anew


class TestGetaddrinfo:
    def ask(self, *args, **kwargs):
        return [(entry[0], entry[1], entry[4]) for entry in greendns.getaddrinfo(*args, **kwargs)]

    def test_both_families(self, resolver):
        first, *rest = self.ask("host.example.org", 80, 0, socket.SOCK_STREAM)
        assert first == (socket.AF_INET6, socket.SOCK_STREAM, ("2001:db8::1", 80, 0, 0))
        # The server sends the records of a name in any order, as servers do.
        assert sorted(rest) == [(socket.AF_INET, socket.SOCK_STREAM, (f"192.0.2.{n}", 80)) for n in (1, 2)]

    def test_one_family(self, resolver):
        found = self.ask("host.example.org", 80, socket.AF_INET)
        assert {entry[2] for entry in found} == {("192.0.2.1", 80), ("192.0.2.2", 80)}
        assert {entry[1] for entry in found} >= {socket.SOCK_STREAM, socket.SOCK_DGRAM}

    def test_the_search_list_and_bytes(self, resolver):
        for name in ("four", b"four", bytearray(b"FOUR")):
            assert self.ask(name, 1, 0, socket.SOCK_STREAM)[0][2] == ("192.0.2.4", 1)

    def test_names_that_are_not_ascii(self, resolver):
        assert self.ask("bücher.example.org", 1)[0][2] == ("192.0.2.9", 1)
        with pytest.raises(UnicodeError):
            self.ask("a" * 70 + ".example.org", 1)
        with pytest.raises(UnicodeError):
            self.ask("a..b", 1)

    def test_the_canonical_name(self, resolver):
        found = greendns.getaddrinfo("www.example.org", 1, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_CANONNAME)
        assert [entry[3] for entry in found] == ["host.example.org", ""]
        found = greendns.getaddrinfo("st", 1, 0, socket.SOCK_STREAM, 0, socket.AI_CANONNAME)
        assert found[0][3] == "Station.example.net"

    def test_mapped(self, resolver):
        flags = socket.AI_V4MAPPED
        found = greendns.getaddrinfo("four.example.org", 1, socket.AF_INET6, socket.SOCK_STREAM, 0, flags)
        assert found[0][4][0] == "::ffff:192.0.2.4"

    def test_what_cannot_be_reached_comes_last(self, resolver, monkeypatch):
        monkeypatch.setattr(addrinfo, "_has_route", lambda address: address == "192.0.2.2")
        order = [entry[2][0] for entry in self.ask("host.example.org", 1, 0, socket.SOCK_STREAM)]
        assert order == ["192.0.2.2", "2001:db8::1", "192.0.2.1"]
        found = self.ask("host.example.org", 1, 0, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
        assert [entry[2][0] for entry in found] == ["192.0.2.2"]

    def test_the_kernel_knows_what_can_be_reached(self):
        assert addrinfo._has_route("127.0.0.1")
        assert not addrinfo._has_route("255.255.255.255")  # without SO_BROADCAST

    @pytest.mark.parametrize(
        "query",
        [
            ("127.0.0.1", 80),
            ("::1", "https", 0, socket.SOCK_STREAM),
            (None, 80, 0, socket.SOCK_STREAM, 0, socket.AI_PASSIVE),
            ("", 0),
            ("127.0.0.1", 80, socket.AF_INET6),
            ("localhost", 80, socket.AF_UNIX),
            ("127.0.0.1", "no such service"),
            ("localhost", "no such service"),
            ("localhost", 80, 0, 99),
            (None, None),
            (1, 2),
            ("localhost", 1.5),
            ("localhost", 80, 0, 0, 0, socket.AI_NUMERICHOST),
        ],
        ids=repr,
    )
    def test_what_needs_no_name_server_is_as_from_the_system(self, resolver, query):
        import _socket

        try:
            expected = _socket.getaddrinfo(*query)
        except (OSError, TypeError) as error:
            with pytest.raises(type(error)) as caught:
                greendns.getaddrinfo(*query)
            assert caught.value.args == error.args
        else:
            assert greendns.getaddrinfo(*query) == expected

    def test_errors(self, server, resolver):
        with pytest.raises(socket.gaierror) as caught:
            greendns.getaddrinfo("missing.example.org.", 1)
        assert caught.value.args == (socket.EAI_NONAME, "Name or service not known")
        with pytest.raises(socket.gaierror) as caught:
            greendns.getaddrinfo("four.example.org.", 1, socket.AF_INET6)
        assert caught.value.errno == socket.EAI_NODATA
        server.rules.append(lambda query, way: [])
        quick(resolver)
        with pytest.raises(socket.gaierror) as caught:
            greendns.getaddrinfo("other.example.org.", 1)
        assert caught.value.errno == socket.EAI_AGAIN

    def test_one_family_suffices(self, server, resolver):
        def refuse_one(query, way):
            if query.question[0].rdtype != dns.rdatatype.AAAA:
                return None
            response = dns.message.make_response(query)
            response.set_rcode(dns.rcode.REFUSED)
            return [response]

        server.rules.append(refuse_one)
        assert self.ask("host.example.org", 1, 0, socket.SOCK_STREAM)[0][0] == socket.AF_INET

    def test_many_at_once(self, server, resolver):
        server.records += [(f"n{n}.example.org", "A", f"192.0.3.{n}") for n in range(100)]
        waiting = [spawn(self.ask, f"n{n}", 1, 0, socket.SOCK_STREAM) for n in range(100)]
        assert [green.wait()[0][2][0] for green in waiting] == [f"192.0.3.{n}" for n in range(100)]


class TestTheOthers:
    def test_gethostbyname(self, resolver):
        assert greendns.gethostbyname("four.example.org") == "192.0.2.4"
        assert greendns.gethostbyname("192.0.2.5") == "192.0.2.5"
        assert greendns.gethostbyname("") == "0.0.0.0"
        with pytest.raises(TypeError):
            greendns.gethostbyname(None)

    def test_gethostbyname_ex(self, resolver):
        name, aliases, addresses = greendns.gethostbyname_ex("www.example.org")
        assert (name, aliases, sorted(addresses)) == (
            "host.example.org",
            ["www.example.org"],
            ["192.0.2.1", "192.0.2.2"],
        )
        assert greendns.gethostbyname_ex("st") == ("Station.example.net", ["st", "station"], ["192.0.2.77"])
        assert greendns.gethostbyname_ex("192.0.2.5") == ("192.0.2.5", [], ["192.0.2.5"])

    def test_gethostbyaddr(self, resolver):
        assert greendns.gethostbyaddr("192.0.2.1") == ("host.example.org", [], ["192.0.2.1"])
        assert greendns.gethostbyaddr("192.0.2.77") == ("Station.example.net", ["station", "st"], ["192.0.2.77"])
        with pytest.raises(socket.herror):
            greendns.gethostbyaddr("192.0.2.200")

    def test_getnameinfo(self, resolver):
        assert greendns.getnameinfo(("192.0.2.1", 80), 0) == ("host.example.org", "http")
        assert greendns.getnameinfo(("192.0.2.1", 80), socket.NI_NOFQDN) == ("host", "http")
        assert greendns.getnameinfo(("192.0.2.1", 80), socket.NI_NUMERICHOST) == ("192.0.2.1", "http")
        assert greendns.getnameinfo(("192.0.2.200", 80), socket.NI_NUMERICSERV) == ("192.0.2.200", "80")
        with pytest.raises(socket.gaierror):
            greendns.getnameinfo(("192.0.2.200", 80), socket.NI_NAMEREQD)

    def test_resolve(self, resolver):
        assert greendns.resolve("four.example.org")[0].address == "192.0.2.4"
        assert not greendns.resolve("missing.example.org", raises=False)
        assert not greendns.resolve("four.example.org", socket.AF_INET6, raises=False)
        with pytest.raises(KeyError):
            greendns.resolve("four.example.org", socket.AF_UNIX)

    def test_resolve_cname(self, resolver):
        assert greendns.resolve_cname("www.example.org") == "host.example.org"
        assert greendns.resolve_cname("four.example.org") == "four.example.org"
        with pytest.raises(socket.gaierror):
            greendns.resolve_cname("missing.example.org")

    def test_getaliases(self, resolver):
        assert greendns.getaliases("st") == ["Station.example.net", "station"]

    @pytest.mark.parametrize(
        ("host", "four", "six"),
        [("127.0.0.1", True, False), ("::1", False, True), ("fe80::1%lo", False, True), ("x", False, False)],
    )
    def test_addresses(self, host, four, six):
        assert (greendns.is_ipv4_addr(host), greendns.is_ipv6_addr(host)) == (four, six)
        assert greendns.is_ip_addr(host) == (four or six)

    def test_reset(self, monkeypatch):
        before = greendns.resolver
        monkeypatch.setattr(greendns, "resolver", before)
        greendns.reset()
        assert greendns.resolver is not before

    def test_a_resolver_put_there_by_the_program_counts(self, resolver, monkeypatch):
        monkeypatch.setattr(
            greendns, "resolve", lambda name, family=2, **_: greendns.resolver.query("four.example.org")
        )
        assert greendns.gethostbyname("anything.at.all") == "192.0.2.4"


class TestTheChoice:
    @pytest.fixture
    def choose(self, monkeypatch):
        def choose(**environment):
            for name in ("EVENTLET_RESOLVER", "EVENTLET_NO_GREENDNS"):
                monkeypatch.delenv(name, raising=False)
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            monkeypatch.setattr(_resolver, "_choice", _resolver._Choice())
            return _resolver._choice.greendns()

        return choose

    def test_the_system_by_default(self, choose):
        assert choose() is None
        assert choose(EVENTLET_RESOLVER="thread") is None

    def test_dnspython_if_asked_for(self, choose):
        assert choose(EVENTLET_RESOLVER="dnspython") is greendns
        assert choose(EVENTLET_RESOLVER="dnspython", EVENTLET_NO_GREENDNS="no") is greendns

    def test_not_if_it_is_switched_off(self, choose):
        assert choose(EVENTLET_RESOLVER="dnspython", EVENTLET_NO_GREENDNS="yes") is None

    def test_nothing_else(self, choose):
        with pytest.raises(ValueError, match="'thread' or 'dnspython', not 'ares'"):
            choose(EVENTLET_RESOLVER="ares")

    def test_sockets_use_it(self, choose, resolver, server):
        choose(EVENTLET_RESOLVER="dnspython")
        server.records.append(("me.example.org", "A", "127.0.0.1"))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            green_socket.create_connection(("me.example.org", port)).close()
            with green_socket.socket() as sock:
                sock.connect(("me", port))
        assert green_socket.gethostbyname("four.example.org") == "192.0.2.4"
        assert green_socket.gethostbyname_ex("four")[2] == ["192.0.2.4"]
        assert green_socket.getfqdn("192.0.2.1") == "host.example.org"
        assert green_socket.getnameinfo(("192.0.2.1", 80), 0) == ("host.example.org", "http")
        family = green_socket.getaddrinfo("four.example.org", 1)[0][0]
        assert family is socket.AddressFamily.AF_INET


def test_dnspython_is_imported_when_it_is_needed_only():
    script = """
        import sys, eventlet
        eventlet.monkey_patch()
        import socket
        socket.getaddrinfo("localhost", 80)
        assert "dns" not in sys.modules
        from eventlet.support import greendns
        import dns.resolver
        assert dns.resolver is sys.modules["dns.resolver"]
        assert greendns.dns.resolver is dns.resolver, "there is one dnspython, and it is not a copy"
    """
    check_python(script)


def test_without_dnspython_the_error_says_what_to_do():
    script = """
        import sys
        sys.modules["dns"] = None
        from eventlet.green import socket
        socket.gethostbyname("localhost")
    """
    done = run_python(script, environment={"EVENTLET_RESOLVER": "dnspython"})
    assert "ImportError: EVENTLET_RESOLVER=dnspython needs dnspython: pip install 'eventlet[dns]'" in done.stderr


@pytest.mark.parametrize("name", ["trio", "httpx", "h2", "aioquic", "httpcore2"])
def test_what_dnspython_can_use_does_not_disturb(name):
    """With these about, and everything patched, dnspython is imported and resolves."""
    pytest.importorskip(name, reason=f"{name} is not installed")
    script = f"""
        import eventlet
        eventlet.monkey_patch()
        import {name}
        import socket
        print(socket.gethostbyname("localhost"))
    """
    assert check_python(script, environment={"EVENTLET_RESOLVER": "dnspython"}) == "127.0.0.1\n"
    assert sys.modules["dns.resolver"] is dns.resolver


def test_constants_are_what_the_functions_use():
    assert greendns.HostsResolver().interval == greendns.HOSTS_TTL == 10.0
    for function in (greendns.udp, greendns.tcp):
        assert inspect.signature(function).parameters["timeout"].default is greendns.DNS_QUERY_TIMEOUT
    for error, made in (
        (greendns.EAI_EAGAIN_ERROR, addrinfo.try_again()),
        (greendns.EAI_NODATA_ERROR, addrinfo.no_address()),
        (greendns.EAI_NONAME_ERROR, addrinfo.unknown_name()),
    ):
        assert isinstance(error, socket.gaierror)
        assert error.args == made.args
