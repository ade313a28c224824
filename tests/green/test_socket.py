import errno
import socket as standard
import sys

import pytest

import eventlet
from eventlet import _resolver
from eventlet.green import socket
from eventlet.greenio import GreenSocket
from tests.helpers import settle


@pytest.fixture
def server(hub):
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


class TestConnections:
    def test_create_connection(self, server, spawn):
        accepting = spawn(server.accept)
        with socket.create_connection(server.getsockname(), timeout=5) as client:
            connection, address = accepting.wait()
            with connection:
                assert isinstance(client, GreenSocket)
                assert isinstance(connection, GreenSocket)
                assert address == client.getsockname()
                assert client.gettimeout() == 5

    def test_by_name_and_from_an_address(self, server, spawn):
        spawn(lambda: server.accept()[0].close())
        with socket.create_connection(
            ("localhost", server.getsockname()[1]), source_address=("127.0.0.1", 0)
        ) as client:
            assert client.recv(1) == b""

    def test_refused(self, hub):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = server.getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.11 brought all_errors")
    def test_all_errors(self, hub):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = server.getsockname()
        with pytest.raises(Exception, match="create_connection failed") as caught:
            socket.create_connection(address, all_errors=True)
        assert isinstance(caught.value.exceptions[0], ConnectionRefusedError)

    def test_tries_each_address(self, server, spawn, monkeypatch):
        host, port = server.getsockname()
        found = [(standard.AF_INET, standard.SOCK_STREAM, 0, "", (address, port)) for address in ("127.0.0.2", host)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args: found)
        accepting = spawn(server.accept)
        with socket.create_connection(("two addresses", port)):
            accepting.wait()[0].close()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args: [])
        with pytest.raises(OSError, match="empty list"):
            socket.create_connection(("no address", port))

    def test_a_bad_timeout_leaves_nothing_open(self, server):
        with pytest.raises(TypeError):
            socket.create_connection(server.getsockname(), timeout=[])

    def test_socketpair_and_fromfd(self, hub):
        left, right = socket.socketpair()
        with left, right, socket.fromfd(left.fileno(), left.family, left.type) as again:
            assert {type(left), type(right), type(again)} == {GreenSocket}
            again.send(b"x")
            assert right.recv(1) == b"x"

    def test_create_server_dual_stack(self, hub):
        if not socket.has_dualstack_ipv6():
            pytest.skip("no dual-stack IPv6 here")
        with socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
            assert type(server) is GreenSocket

    def test_enums_are_the_standard_ones(self, hub):
        with socket.socket() as sock:
            assert isinstance(sock, standard.socket)
            assert sock.family is standard.AddressFamily.AF_INET


@pytest.fixture
def no_threads(monkeypatch):
    """Fails a test in which a look-up goes to a thread."""

    def call(self, function, *args):
        raise AssertionError(f"{function.__name__}{args} went to a thread")

    monkeypatch.setattr(_resolver.ThreadPool, "execute", call)


QUERIES = [
    ("localhost", 80),
    ("localhost", "http", standard.AF_INET, standard.SOCK_STREAM),
    (None, 80, 0, standard.SOCK_STREAM, 0, standard.AI_PASSIVE),
    ("127.0.0.1", 80),
    ("::1", "https"),
    (b"localhost", b"80"),
    ("", 0),
]


@pytest.fixture
def resolver(monkeypatch):
    """A pool of two threads, which end with the test."""
    resolver = _resolver.ThreadPool(2)
    monkeypatch.setattr(_resolver, "_pool", resolver)
    yield resolver
    resolver.killall()


class TestNames:
    @pytest.mark.parametrize("query", QUERIES, ids=str)
    def test_getaddrinfo_answers_as_the_system(self, hub, resolver, query):
        try:
            expected = standard.getaddrinfo(*query)
        except OSError as error:
            with pytest.raises(type(error)) as caught:
                socket.getaddrinfo(*query)
            assert caught.value.args == error.args
        else:
            found = socket.getaddrinfo(*query)
            assert found == expected
            assert [list(map(type, entry)) for entry in found] == [list(map(type, entry)) for entry in expected]

    @pytest.mark.parametrize(
        "query",
        [
            ("no.such.name.invalid", 80),
            ("127.0.0.1", "no such service"),
            ("::1", 80, standard.AF_INET),
            (1, 2),
            ("a" * 70, 1),
        ],
    )
    def test_errors_are_the_system_s(self, hub, resolver, query):
        with pytest.raises((OSError, TypeError, UnicodeError)) as expected:
            standard.getaddrinfo(*query)
        with pytest.raises(type(expected.value)) as caught:
            socket.getaddrinfo(*query)
        assert caught.value.args == expected.value.args

    def test_the_other_look_ups(self, hub, resolver):
        assert socket.gethostbyname("localhost") == standard.gethostbyname("localhost")
        assert socket.gethostbyname_ex("localhost") == standard.gethostbyname_ex("localhost")
        assert socket.gethostbyaddr("127.0.0.1") == standard.gethostbyaddr("127.0.0.1")
        for flags in (0, standard.NI_NUMERICHOST | standard.NI_NUMERICSERV):
            assert socket.getnameinfo(("127.0.0.1", 80), flags) == standard.getnameinfo(("127.0.0.1", 80), flags)
        for name in ("", "localhost", "127.0.0.1", "no.such.name.invalid", "0.0.0.0"):
            assert socket.getfqdn(name) == standard.getfqdn(name)
        with pytest.raises(TypeError):
            socket.gethostbyname(None)

    def test_figures_need_no_thread(self, hub, no_threads):
        socket.getaddrinfo("127.0.0.1", 80)
        socket.getaddrinfo("::1", 80)
        socket.getaddrinfo(None, 80)
        socket.gethostbyname("127.0.0.1")
        socket.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)

    def test_others_run_meanwhile_and_threads_are_few(self, hub, resolver, spawn):
        gate = eventlet.patcher.original("threading").Event()
        threads, active, most = set(), [], []

        def look_up(number):
            threads.add(eventlet.patcher.original("threading").get_ident())
            active.append(number)
            most.append(len(active))
            gate.wait(20)
            active.remove(number)
            return number

        waiting = [spawn(resolver.execute, look_up, number) for number in range(6)]
        settle()
        gate.set()
        assert [green.wait() for green in waiting] == list(range(6))
        assert len(threads) <= 2
        assert max(most) <= 2


def test_errno_of_a_timeout(server):
    with socket.socket() as sock:
        sock.settimeout(0)
        assert sock.connect_ex(server.getsockname()) == errno.EINPROGRESS
