"""Questions to name servers, of which some lie, are silent, or fail."""

from __future__ import annotations

import socket
import struct

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from eventlet._dns.resolver import Network
from eventlet.greenthread import sleep, spawn
from eventlet.support import greendns
from eventlet.timeout import Timeout
from tests.dns.fake_server import EOF, FakeServer, truncated
from tests.helpers import SOME_SECONDS

RECORDS = [
    ("host.example.org", "A", "192.0.2.1"),
    ("host.example.org", "A", "192.0.2.2"),
    ("host.example.org", "AAAA", "2001:db8::1"),
    ("four.example.org", "A", "192.0.2.4"),
    ("www.example.org", "CNAME", "host.example.org."),
    ("far.example.org", "CNAME", "near.example.net."),
    ("loop.example.org", "CNAME", "pool.example.org."),
    ("pool.example.org", "CNAME", "loop.example.org."),
    ("text.example.org", "TXT", '"words"'),
    ("xn--bcher-kva.example.org", "A", "192.0.2.9"),
    ("1.2.0.192.in-addr.arpa", "PTR", "host.example.org."),
]


@pytest.fixture
def server(hub):
    server = FakeServer(RECORDS)
    yield server
    server.close()


@pytest.fixture
def other_server(hub):
    server = FakeServer(RECORDS)
    yield server
    server.close()


def write_conf(tmp_path, text="search example.org sub.example.org\n"):
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 127.0.0.1\n" + text)
    return str(path)


@pytest.fixture
def network(server, tmp_path):
    network = Network(write_conf(tmp_path))
    network.configuration.port = server.port
    network.configuration.timeout = network.configuration.lifetime = SOME_SECONDS
    return network


def addresses(answer):
    return sorted(record.address for record in answer)


def quick(network):
    """Let a question, that nobody will answer, be over soon."""
    network.configuration.timeout = network.configuration.lifetime = 0.05


class TestOneName:
    def test_addresses(self, network):
        assert addresses(network.query("host.example.org")) == ["192.0.2.1", "192.0.2.2"]
        assert addresses(network.query("host.example.org.", "AAAA")) == ["2001:db8::1"]
        assert network.query("text.example.org", "TXT")[0].strings == (b"words",)

    def test_others_run_meanwhile(self, server, network, spawn):
        ran = []
        server.rules.append(lambda query, way: ran.append(1) or [])
        waiting = spawn(network.query, "host.example.org")
        while not ran:
            sleep(0.001)
        waiting.kill()

    def test_an_alias(self, network):
        answer = network.query("www.example.org")
        assert addresses(answer) == ["192.0.2.1", "192.0.2.2"]
        assert answer.canonical_name == dns.name.from_text("host.example.org.")

    def test_an_alias_of_which_the_server_says_no_more(self, server, network):
        server.records.append(("near.example.net", "A", "192.0.2.8"))

        def only_the_alias(query, way):
            if query.question[0].name != dns.name.from_text("far.example.org."):
                return None
            response = dns.message.make_response(query)
            response.answer.append(dns.rrset.from_text("far.example.org.", 60, "IN", "CNAME", "near.example.net."))
            return [response]

        server.rules.append(only_the_alias)
        assert addresses(network.query("far.example.org")) == ["192.0.2.8"]

    def test_aliases_in_a_circle(self, network):
        with pytest.raises(dns.exception.DNSException):
            network.query("loop.example.org")

    def test_no_such_name(self, network):
        with pytest.raises(dns.resolver.NXDOMAIN):
            network.query("missing.example.org.")

    def test_nothing_of_this_type(self, network):
        with pytest.raises(dns.resolver.NoAnswer):
            network.query("four.example.org.", "AAAA")


class TestTheSearchList:
    @pytest.mark.parametrize(
        ("name", "candidates"),
        [
            ("host", ["host.example.org.", "host.sub.example.org.", "host."]),
            ("host.sub", ["host.sub.", "host.sub.example.org.", "host.sub.sub.example.org."]),
            ("host.", ["host."]),
        ],
    )
    def test_order(self, network, name, candidates):
        assert [candidate.to_text() for candidate in network.candidates(name)] == candidates

    def test_ndots(self, server, tmp_path):
        network = Network(write_conf(tmp_path, "search example.org\noptions ndots:2\n"))
        assert [c.to_text() for c in network.candidates("host.sub")] == ["host.sub.example.org.", "host.sub."]

    def test_the_first_that_exists(self, server, network):
        server.records.append(("only.sub.example.org", "A", "192.0.2.5"))
        assert addresses(network.query("host")) == ["192.0.2.1", "192.0.2.2"]
        assert addresses(network.query("only")) == ["192.0.2.5"]
        with pytest.raises(dns.resolver.NXDOMAIN) as caught:
            network.query("missing")
        assert len(caught.value.kwargs["qnames"]) == 3

    def test_one_without_an_answer_does_not_end_the_search(self, server, network):
        server.records += [("both.example.org", "TXT", '"x"'), ("both.sub.example.org", "A", "192.0.2.6")]
        assert addresses(network.query("both")) == ["192.0.2.6"]

    def test_names_that_would_be_too_long_are_left_out(self, network):
        long = ".".join(["a" * 63] * 3 + ["a" * 55])
        assert [candidate.to_text() for candidate in network.candidates(long)] == [long + "."]


class TestFalseAnswers:
    """Whatever comes that is no answer to the question: the true one, later, counts."""

    def check(self, server, network, false):
        def lie_first(query, way):
            return [false(query), server.answer(query)]

        server.rules.append(lie_first)
        assert addresses(network.query("host.example.org")) == ["192.0.2.1", "192.0.2.2"]
        assert [way for _, _, way in server.asked] == ["udp"]
        # Alone, it is as good as nothing.
        network.cache.clear()
        server.rules[:] = [lambda query, way: [false(query)]]
        quick(network)
        with pytest.raises(dns.exception.Timeout):
            network.query("host.example.org")

    @staticmethod
    def lie(query, **changes):
        response = dns.message.make_response(query)
        response.answer.append(dns.rrset.from_text("host.example.org.", 60, "IN", "A", "203.0.113.66"))
        for name, value in changes.items():
            setattr(response, name, value)
        return response

    def test_another_number(self, server, network):
        self.check(server, network, lambda query: self.lie(query, id=(query.id + 1) % 65536))

    def test_another_question(self, server, network):
        def false(query):
            other = dns.message.make_query("other.example.org.", "A")
            other.id = query.id
            return self.lie(other)

        self.check(server, network, false)

    def test_no_question(self, server, network):
        self.check(server, network, lambda query: self.lie(query, question=[]))

    def test_a_question_back(self, server, network):
        self.check(server, network, lambda query: query)

    @pytest.mark.parametrize(
        "damage",
        [
            lambda wire: b"",
            lambda wire: wire[:5],
            lambda wire: wire[:-3],
            lambda wire: wire + b"trailing",
            lambda wire: wire[:2] + b"\xff" * (len(wire) - 2),
            lambda wire: wire[:12] + b"\xc0\x0c" + wire[14:],  # a name that points at itself
        ],
        ids=["empty", "head", "cut off", "too long", "nonsense", "pointer"],
    )
    def test_damage(self, server, network, damage):
        self.check(server, network, lambda query: damage(self.lie(query).to_wire()))

    def test_another_sender(self, server, network):
        """What is sent to our port from elsewhere does not even reach us."""
        liar = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ports = []
        serve_udp = server._serve_udp

        def lie_from_elsewhere():
            wire, sender = server._udp.recvfrom(65535)
            ports.append(sender)
            query = dns.message.from_wire(wire)
            liar.sendto(self.lie(query).to_wire(), sender)
            server._udp.sendto(server.answer(query).to_wire(), sender)

        server._serve_udp = lie_from_elsewhere
        assert addresses(network.query("host.example.org")) == ["192.0.2.1", "192.0.2.2"]
        assert ports
        server._serve_udp = serve_udp
        liar.close()

    def test_over_tcp(self, server, network):
        server.rules.append(
            lambda query, way: [b"xx", self.lie(query, id=(query.id + 1) % 65536), server.answer(query)]
        )
        assert addresses(network.query("host.example.org", use_tcp=True)) == ["192.0.2.1", "192.0.2.2"]


class TestTcp:
    def test_a_truncated_answer_is_asked_for_again(self, server, network):
        server.rules.append(lambda query, way: [truncated(server, query)] if way == "udp" else None)
        assert addresses(network.query("host.example.org")) == ["192.0.2.1", "192.0.2.2"]
        assert [way for _, _, way in server.asked] == ["udp", "tcp"]

    def test_many_records(self, server, network):
        server.records += [("many.example.org", "A", f"192.0.{2 + n // 250}.{n % 250}") for n in range(300)]
        assert len(network.query("many.example.org", use_tcp=True)) == 300

    def test_a_connection_that_ends_too_early(self, server, network):
        tries = []
        server.rules.append(lambda query, way: [EOF] if tries.append(1) or len(tries) == 1 else None)
        assert addresses(network.query("four.example.org", use_tcp=True)) == ["192.0.2.4"]

    def test_one_that_is_silent(self, server, network):
        server.rules.append(lambda query, way: [])
        quick(network)
        with pytest.raises(dns.exception.Timeout):
            network.query("four.example.org", use_tcp=True)


class TestSeveralServers:
    @pytest.fixture
    def network(self, network, server, other_server):
        network.configuration.nameservers = ["127.0.0.1", "127.0.0.2"]
        network.configuration.nameserver_ports = {"127.0.0.2": other_server.port}
        return network

    @pytest.fixture
    def other_server(self, hub):
        server = FakeServer(RECORDS, "127.0.0.2")
        yield server
        server.close()

    @pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.FORMERR, dns.rcode.NOTIMP])
    def test_the_next_one_is_asked_if_one_fails(self, server, network, code):
        def fail(query, way):
            response = dns.message.make_response(query)
            response.set_rcode(code)
            return [response]

        server.rules.append(fail)
        assert addresses(network.query("four.example.org")) == ["192.0.2.4"]

    def test_or_is_silent(self, server, network):
        server.rules.append(lambda query, way: [])
        network.configuration.timeout = 0.01
        assert addresses(network.query("four.example.org")) == ["192.0.2.4"]

    def test_or_is_not_there(self, server, network):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
            nobody.bind(("127.0.0.1", 0))
            port = nobody.getsockname()[1]
        network.configuration.nameserver_ports["127.0.0.1"] = port
        assert addresses(network.query("four.example.org")) == ["192.0.2.4"]

    def test_all_refuse(self, server, other_server, network):
        def refuse(query, way):
            response = dns.message.make_response(query)
            response.set_rcode(dns.rcode.REFUSED)
            return [response]

        server.rules.append(refuse)
        other_server.rules.append(refuse)
        with pytest.raises(dns.resolver.NoNameservers):
            network.query("four.example.org")

    def test_a_failure_that_passes(self, server, other_server, network):
        asked = []

        def fail_at_first(query, way):
            asked.append(way)
            if len(asked) > 3:
                return None
            response = dns.message.make_response(query)
            response.set_rcode(dns.rcode.SERVFAIL)
            return [response]

        server.rules.append(fail_at_first)
        other_server.rules.append(fail_at_first)
        assert addresses(network.query("four.example.org")) == ["192.0.2.4"]


class TestTheCache:
    def test_nobody_is_asked_twice(self, server, network):
        for _ in range(3):
            network.query("four.example.org")
        assert len(server.asked) == 1
        network.query("four.example.org", "A", use_tcp=True)
        assert len(server.asked) == 1
        network.cache.clear()
        network.query("four.example.org")
        assert len(server.asked) == 2

    @pytest.mark.parametrize(("ttl", "times"), [(0, 2), (1, 2), (60, 1)])
    def test_for_as_long_as_the_answer_says(self, server, network, ttl, times):
        now = [100.0]
        network.cache._clock = lambda: now[0]

        def answer(query, way):
            response = server.answer(query)
            response.answer[0].ttl = ttl
            return [response]

        server.rules.append(answer)
        network.query("four.example.org")
        now[0] += 2
        network.query("four.example.org")
        assert len(server.asked) == times

    @pytest.mark.parametrize(("has_soa", "times"), [(True, 1), (False, 2)])
    def test_that_there_is_no_such_name(self, server, network, has_soa, times):
        def answer(query, way):
            response = server.answer(query)
            if has_soa:
                soa = dns.rrset.from_text("example.org.", 60, "IN", "SOA", "a. b. 1 1 1 1 60")
                response.authority.append(soa)
            return [response]

        server.rules.append(answer)
        for _ in range(2):
            with pytest.raises(dns.resolver.NXDOMAIN):
                network.query("missing.example.org.")
        assert len(server.asked) == times


class TestTheEndOfAWait:
    def test_a_killed_one_leaves_nothing(self, server, network, spawn):
        asked = []
        server.rules.append(lambda query, way: asked.append(1) or [])
        waiting = spawn(network.query, "four.example.org")
        while not asked:
            sleep(0.001)
        waiting.kill()  # the fixture looks for sockets that stayed open

    def test_a_timeout(self, server, network):
        server.rules.append(lambda query, way: [])
        with pytest.raises(Timeout), Timeout(0.01):
            network.query("four.example.org")


class TestSingleQuestions:
    """greendns.udp and tcp, upstream's names for them."""

    @pytest.fixture
    def query(self):
        return dns.message.make_query("four.example.org.", "A")

    @pytest.mark.parametrize("function", [greendns.udp, greendns.tcp])
    def test_an_answer(self, server, query, function):
        answer = function(query, "127.0.0.1", timeout=SOME_SECONDS, port=server.port)
        assert answer.answer[0][0].address == "192.0.2.4"
        assert function(query, "127.0.0.1", timeout=None, port=server.port, source="127.0.0.1").id == query.id

    @pytest.mark.parametrize("function", [greendns.udp, greendns.tcp])
    def test_none(self, server, query, function):
        server.rules.append(lambda query, way: [])
        with pytest.raises(dns.exception.Timeout):
            function(query, "127.0.0.1", timeout=0.01, port=server.port)

    def test_truncated(self, server, query):
        server.rules.append(lambda query, way: [truncated(server, query)])
        assert greendns.udp(query, "127.0.0.1", port=server.port).flags & dns.flags.TC
        with pytest.raises(dns.message.Truncated):
            greendns.udp(query, "127.0.0.1", port=server.port, raise_on_truncation=True)

    def test_over_ipv6(self, hub, query):
        try:
            server = FakeServer(RECORDS, "::1")
        except OSError:
            pytest.skip("no IPv6 here")
        for function in (greendns.udp, greendns.tcp):
            assert function(query, "::1", port=server.port, timeout=SOME_SECONDS).answer
        server.close()

    def test_bytes_that_come_one_by_one(self, hub, query):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            waiting = spawn(greendns.tcp, query, "127.0.0.1", SOME_SECONDS, listener.getsockname()[1])
            sleep(0.01)
            connection, _ = listener.accept()
            with connection:
                response = dns.message.make_response(query).to_wire()
                for byte in struct.pack("!H", len(response)) + response:
                    connection.send(bytes([byte]))
                    sleep(0)
                assert waiting.wait().id == query.id
