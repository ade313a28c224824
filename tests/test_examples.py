"""Every example is started for real: a process of its own, real sockets on the loopback, real clients."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import IO

import pytest

import eventlet

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PROGRAMS = [
    "chat_server",
    "connect",
    "echoserver",
    "forwarder",
    "producer_consumer",
    "recursive_crawler",
    "webcrawler",
]
DEADLINE = 60.0  # seconds for anything to happen; generous, since nothing waits that long unless it is broken
SECONDS_TO_END = 10.0  # from Ctrl-C to the end of the process, on a busy machine


@pytest.fixture
def hub_name(backend: ModuleType) -> str:
    """Each hub that exists here, for the examples to run on."""
    name: str = backend.Hub.name
    return name


class Program:
    """A running example.  Threads read its output as it comes, so that it never blocks on a full pipe."""

    def __init__(self, name: str, *arguments: str, **environment: str) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("EVENTLET_", "PYTHON"))}
        inherited["PYTHONPATH"] = str(Path(eventlet.__file__).parent.parent)
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *arguments],
            env={**inherited, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        self._lines: dict[str, list[str]] = {"output": [], "errors": []}
        self._changed = threading.Condition()
        self._open_streams = 2
        streams = {"output": self._process.stdout, "errors": self._process.stderr}
        self._readers = [threading.Thread(target=self._read, args=item) for item in streams.items()]
        for reader in self._readers:
            reader.start()

    def _read(self, which: str, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                with self._changed:
                    self._lines[which].append(line)
                    self._changed.notify_all()
        with self._changed:
            self._open_streams -= 1
            self._changed.notify_all()

    @property
    def output(self) -> str:
        return "".join(self._lines["output"])

    @property
    def errors(self) -> str:
        return "".join(self._lines["errors"])

    def expect(self, pattern: str, which: str = "output") -> re.Match[str]:
        """Wait until the program has printed a line with `pattern`."""
        deadline = time.monotonic() + DEADLINE
        lines, searched = self._lines[which], 0
        with self._changed:
            while True:
                for line in lines[searched:]:
                    match = re.search(pattern, line)
                    if match:
                        return match
                searched = len(lines)
                if not self._open_streams or not self._changed.wait(deadline - time.monotonic()):
                    break
        pytest.fail(f"{pattern!r} was not printed.\noutput: {self.output}\nerrors: {self.errors}")

    def address(self) -> tuple[str, int]:
        """Where a server says that it listens."""
        host, port = self.expect(r"(127\.0\.0\.1):(\d+)\b.* hub\. Ctrl-C").groups()
        return host, int(port)

    def interrupt(self) -> None:
        """Press Ctrl-C, once the program is idle."""
        self._expect_idle()
        self._process.send_signal(signal.SIGINT)

    def _expect_idle(self) -> None:
        """Wait until the program does nothing but wait.

        Ctrl-C in the middle of an `import`, say, may make Python itself complain of what it had open just then.
        """
        deadline = time.monotonic() + DEADLINE
        idle = 0
        while idle < 5:
            state = Path(f"/proc/{self.pid}/stat")
            if state.exists():
                letter = state.read_text().rpartition(")")[2].split()[0]
            else:
                letter = subprocess.check_output(["ps", "-o", "state=", "-p", str(self.pid)], text=True)[:1]
            idle = idle + 1 if letter in "SI" else 0
            assert time.monotonic() < deadline, f"{self.pid} is never idle"
            time.sleep(0.02)

    def wait(self, seconds: float = DEADLINE) -> int:
        """Wait for the end; return the exit status."""
        status = self._process.wait(seconds)
        for reader in self._readers:
            reader.join()
        return status

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self.wait()


@pytest.fixture
def start(request: pytest.FixtureRequest) -> Iterator[object]:
    """Starts examples, on the hub of the test if it has one, and ends those that still run afterwards."""
    started: list[Program] = []
    hub = request.getfixturevalue("hub_name") if "hub_name" in request.fixturenames else ""

    def start(name: str, *arguments: str, **environment: str) -> Program:
        if hub:
            environment.setdefault("EVENTLET_HUB", hub)
        started.append(Program(name, *arguments, **environment))
        return started[-1]

    yield start
    for program in started:
        program.stop()


@contextlib.contextmanager
def connected(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=DEADLINE) as client:
        yield client


def receive(client: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes, or what comes before the end."""
    data = b""
    while len(data) < size:
        chunk = client.recv(size - len(data))
        if not chunk:
            break
        data += chunk
    return data


def receive_all(client: socket.socket) -> bytes:
    chunks = []
    while True:
        chunk = client.recv(65536)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)


@pytest.fixture(scope="module")
def local_site() -> ModuleType:
    spec = importlib.util.spec_from_file_location("_local_site", EXAMPLES / "_local_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def site(local_site: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """The crawlers' web site, 40 pages, answering at once."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")  # put back afterwards: the site adds to it
    with local_site.LocalSite(pages=40, delay=0) as site:
        yield site


def test_every_example_is_tested_here():
    assert sorted(path.stem for path in EXAMPLES.glob("[!_]*.py")) == PROGRAMS


@pytest.mark.parametrize("name", PROGRAMS)
def test_help_tells_what_it_does(start, name):
    program = start(name, "--help")
    assert program.wait() == 0
    assert program.output.startswith(f"usage: {name}.py")
    assert "--hub" in program.output
    assert program.errors == ""


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("webcrawler", ["--concurrency", "0"], "0 is not at least 1"),
        ("forwarder", ["--to", "nowhere"], "'nowhere' is not HOST:PORT"),
        ("connect", ["localhost:99999"], "'localhost:99999' is not HOST:PORT"),
        ("echoserver", ["--port", "many"], "invalid int value: 'many'"),
    ],
)
def test_a_wrong_argument_is_named(start, name, arguments, complaint):
    program = start(name, *arguments)
    assert program.wait() == 2
    assert complaint in program.errors
    assert "Traceback" not in program.errors


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(["--hub", "no-such-hub"], {}), ([], {"EVENTLET_HUB": "no-such-hub"})],
    ids=["option", "environment"],
)
def test_a_hub_that_does_not_exist_is_named_beside_those_that_do(start, arguments, environment):
    program = start("connect", *arguments, **environment)
    assert program.wait() == 2
    assert re.search(r"'no-such-hub'.*\bselects\b", program.errors)
    assert "Traceback" not in program.errors


# The main job: the web crawler.


def test_crawler_fetches_every_page_and_shows_progress_and_a_summary(start, hub_name, local_site):
    program = start("webcrawler", "--pages", "300", "--delay", "0.02", "--concurrency", "50")
    assert (program.wait(), program.errors) == (0, "")
    expected_bytes = sum(len(local_site.page(number, 300)) for number in range(300))
    assert f"Fetching 300 pages, 50 at once, on the {hub_name} hub." in program.output
    assert re.search(r"^300 of 300 pages, [\d.]+ s, [\d,]+/s$", program.output, re.MULTILINE)
    assert f"Fetched 300 of 300 pages, {expected_bytes:,} bytes, in " in program.output
    assert re.search(
        r"50 at once ideally 0\.12 s\.\nRatio to the ideal: \d+\.\d\d\.$", program.output.rstrip()
    )


def test_crawler_reports_progress_while_it_runs(start, hub_name):
    program = start("webcrawler", "--pages", "30", "--delay", "0.6", "--concurrency", "10")
    assert program.wait() == 0
    counts = [int(count) for count in re.findall(r"(?m)^(\d+) of 30 pages, ", program.output)]
    assert len(counts) >= 2
    assert counts == sorted(counts)
    assert counts[-1] == 30


def test_crawler_fails_when_it_took_longer_than_allowed(start):
    program = start("webcrawler", "--pages", "20", "--delay", "0.01", "--max-ratio", "0.001")
    assert program.wait() == 1
    assert program.errors == "That is slower than 0.001 times the ideal.\n"


def test_crawler_fetches_given_urls_and_names_those_that_fail(start, hub_name, site):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but not listening: connections are refused
        refused = "http://{}:{}/".format(*nobody.getsockname())
        program = start("webcrawler", site.url(0), site.url(39), site.url(40), refused)
        assert program.wait() == 1
    assert "Fetched 2 of 4 pages" in program.output
    assert f"failed: {site.url(40)}: HTTP Error 404: Not Found\n" in program.output
    assert re.search(rf"failed: {refused}: .*refused", program.output, re.IGNORECASE)
    assert program.errors == ""


def test_crawler_runs_on_the_hub_that_its_option_names(start, hub_name):
    other = "poll" if hub_name == "selects" else "selects"
    program = start("webcrawler", "--hub", hub_name, "--pages", "5", "--delay", "0", EVENTLET_HUB=other)
    assert program.wait() == 0
    assert f"on the {hub_name} hub" in program.output


def test_crawler_stops_on_ctrl_c_and_takes_its_site_along(start, hub_name):
    program = start("webcrawler", "--pages", "20", "--delay", "600")
    port = int(program.expect(r"is at http://127\.0\.0\.1:(\d+);")[1])
    program.expect("Fetching 20 pages")
    program.interrupt()
    assert program.wait(SECONDS_TO_END) == 130
    assert "Stopped after 0 of 20 pages." in program.output
    assert program.errors == ""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)


def test_local_site_survives_nonsense(site):
    host, port = site.root.rpartition("/")[2].split(":")
    for nonsense in (
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /page/999999 HTTP/1.0\r\n\r\n",
        b"GET /page/x y\r\n\r\n",
    ):
        with connected((host, int(port))) as client:
            client.sendall(nonsense)
            assert receive_all(client).startswith(b"HTTP/1.1 404 ")
    with connected((host, int(port))):
        pass  # says nothing and hangs up
    with connected((host, int(port))) as client:
        client.sendall(b"GET / HT")
        client.sendall(b"TP/1.1\r\n\r\n")
        assert receive_all(client).startswith(b"HTTP/1.1 200 ")


def test_recursive_crawler_finds_every_page_once(start, hub_name):
    program = start("recursive_crawler", "--pages", "150", "--delay", "0.01", "--concurrency", "20")
    assert (program.wait(), program.errors) == (0, "")
    assert f"20 at once, on the {hub_name} hub." in program.output
    # Ten links a page: the 1 + 10 + 100 first pages are at most two links away, the rest three.
    assert "Fetched 150 pages, up to 3 links away from the first; 0 failed.\n" in program.output
    assert re.search(r"^150 pages, [\d.]+ s", program.output, re.MULTILINE)


def test_recursive_crawler_starts_where_it_is_told_and_stops_at_the_limit(start, site):
    program = start("recursive_crawler", site.url(7), "--max-pages", "12")
    assert (program.wait(), program.errors) == (0, "")
    assert re.search(r"Fetched 12 pages, up to \d links away from the first; 0 failed\.", program.output)


def test_recursive_crawler_reports_what_it_could_not_fetch(start, site):
    program = start("recursive_crawler", site.url(99))
    assert program.wait() == 1
    assert f"failed: {site.url(99)}: HTTP Error 404: Not Found" in program.output
    assert "Fetched 0 pages, up to 0 links away from the first; 1 failed." in program.output


def test_recursive_crawler_stops_on_ctrl_c(start, hub_name):
    program = start("recursive_crawler", "--delay", "600")
    program.expect("Crawling from")
    program.interrupt()
    assert program.wait(SECONDS_TO_END) == 130
    assert (program.errors, "Stopped after 0 pages." in program.output) == ("", True)


# Programs that run to their end.


def test_every_job_is_done_once_and_the_queue_keeps_its_bound(start, hub_name):
    program = start(
        "producer_consumer", "--producers", "7", "--consumers", "40", "--jobs", "1500", "--queue-size", "5",
        "--work", "0.001",
    )  # fmt: skip
    assert (program.wait(), program.errors) == (0, "")
    assert f"1,500 jobs, 7 producers, 40 consumers, {hub_name} hub." in program.output
    assert "Their numbers add up to 1,124,250 (expected 1,124,250)." in program.output
    assert int(re.search(r"At most (\d+) waited", program.output)[1]) <= 5


def test_producers_and_consumers_stop_on_ctrl_c(start, hub_name):
    program = start("producer_consumer", "--work", "600")
    program.expect("Ctrl-C stops it")
    program.interrupt()
    assert program.wait(SECONDS_TO_END) == 130
    assert (program.errors, "Stopped after 0 of 1,000 jobs." in program.output) == ("", True)


def test_connect_tells_which_addresses_answer(start, hub_name):
    program = start("connect")
    assert (program.wait(), program.errors) == (0, "")
    assert len(re.findall(r"answers after [\d.]+ ms$", program.output, re.MULTILINE)) == 9
    assert len(re.findall(r"refused$", program.output, re.MULTILINE | re.IGNORECASE)) == 1
    assert "9 of 10 answer" in program.output


def test_connect_keeps_the_order_of_its_arguments(start, hub_name):
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(20)]
        silent = stack.enter_context(socket.socket())
        silent.bind(("127.0.0.1", 0))
        given = ["{}:{}".format(*one.getsockname()) for one in [*listeners[:10], silent, *listeners[10:]]]
        program = start("connect", *given, "--concurrency", "5")
        assert program.wait() == 1  # one of them does not answer
    assert re.findall(r"^127\.0\.0\.1:\d+", program.output, re.MULTILINE) == given
    assert "20 of 21 answer" in program.output


# Servers.


def test_echo_server_serves_many_connections_at_once(start, hub_name):
    program = start("echoserver", "--port", "0")
    address = program.address()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(address)) for _ in range(300)]
        for round_number in range(3):
            messages = [f"client {n}, round {round_number}".encode() for n in range(len(clients))]
            for client, message in zip(clients, messages):
                client.sendall(message)
            for client, message in zip(reversed(clients), reversed(messages)):
                assert receive(client, len(message)) == message
        program.interrupt()
        assert program.wait(SECONDS_TO_END) == 0
    # Ctrl-C may find the server at work for the last client: that one is not open any more.
    assert re.search(r"Ending after 300 connections, (300|299) of them open\.", program.output)
    assert program.errors == ""


def test_echo_server_sends_back_more_than_buffers_hold(start, hub_name):
    program = start("echoserver", "--port", "0")
    payload = os.urandom(1 << 20) * 20
    with connected(program.address()) as client:
        received: list[bytes] = []
        reader = threading.Thread(target=lambda: received.append(receive_all(client)))
        reader.start()
        client.sendall(payload)
        client.shutdown(socket.SHUT_WR)
        reader.join(DEADLINE)
    assert hashlib.sha256(received[0]).digest() == hashlib.sha256(payload).digest()


def test_echo_server_shrugs_off_clients_that_break(start, hub_name):
    program = start("echoserver", "--port", "0")
    address = program.address()
    for _ in range(20):
        with connected(address) as client:
            client.sendall(b"x" * 100_000)
            client.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )  # close with a reset
    with connected(address) as client:
        client.sendall(b"still there?")
        assert receive(client, 12) == b"still there?"
    program.interrupt()
    assert (program.wait(SECONDS_TO_END), program.errors) == (0, "")


class ChatClient:
    def __init__(self, stack: contextlib.ExitStack, address: tuple[str, int], name: str) -> None:
        self.socket = stack.enter_context(connected(address))
        self.lines = stack.enter_context(self.socket.makefile("r", encoding="utf-8"))
        assert self.read() == "Your name?"
        self.say(name)

    def say(self, line: str) -> None:
        self.socket.sendall(line.encode() + b"\n")

    def read(self) -> str:
        return self.lines.readline().rstrip("\n")


def test_chat_server_tells_everybody_else(start, hub_name):
    program = start("chat_server", "--port", "0")
    address = program.address()
    with contextlib.ExitStack() as stack:
        ann = ChatClient(stack, address, "ann")
        assert ann.read() == "* Welcome, ann. Here: nobody else."
        bob = ChatClient(stack, address, "bob")
        assert bob.read() == "* Welcome, bob. Here: ann."
        assert ann.read() == "* bob came in."
        cleo = ChatClient(stack, address, "cleo")
        assert cleo.read() == "* Welcome, cleo. Here: ann, bob."
        assert [ann.read(), bob.read()] == ["* cleo came in."] * 2

        ann.say("good morning — all")
        assert [bob.read(), cleo.read()] == ["ann: good morning — all"] * 2
        for number in range(50):
            bob.say(f"line {number}")
        assert [ann.read() for _ in range(50)] == [f"bob: line {number}" for number in range(50)]
        assert [cleo.read() for _ in range(50)] == [f"bob: line {number}" for number in range(50)]

        impostor = ChatClient(stack, address, "bob")
        assert impostor.read() == "That name is taken."
        assert impostor.read() == ""

        bob.socket.shutdown(socket.SHUT_WR)
        assert [ann.read(), cleo.read()] == ["* bob left."] * 2
        program.interrupt()
        assert (program.wait(SECONDS_TO_END), program.errors) == (0, "")
        assert [ann.read(), cleo.read()] == ["", ""]


def test_chat_server_shows_out_who_does_not_read(start, hub_name):
    program = start("chat_server", "--port", "0")
    address = program.address()
    with contextlib.ExitStack() as stack:
        ChatClient(stack, address, "slow")
        fast = ChatClient(stack, address, "fast")
        program.expect(r"\* fast came in")
        line = "x" * 4000
        # Far more than the kernel's buffers on both sides hold.
        for _ in range(100):
            fast.socket.sendall(f"{line}\n".encode() * 100)
            if "* slow left." in program.output:
                break
        program.expect(r"\* slow left\.")
        late = ChatClient(stack, address, "late")
        assert late.read() == "* Welcome, late. Here: fast."


@pytest.fixture
def summing_server() -> Iterator[tuple[str, int]]:
    """Greets, reads to the end, and only then answers: how much it was, its hash, and all of it back."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=answer, args=(client,)))
            threads[-1].start()

    def answer(client: socket.socket) -> None:
        with client:
            client.settimeout(DEADLINE)
            client.sendall(b"hello\n")
            data = receive_all(client)
            client.sendall(f"{len(data)} {hashlib.sha256(data).hexdigest()}\n".encode() + data)

    threads = [threading.Thread(target=serve)]
    threads[0].start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for thread in threads:
        thread.join(DEADLINE)


def test_forwarder_relays_both_ways_and_each_end_of_stream(start, hub_name, summing_server):
    program = start("forwarder", "--listen", "127.0.0.1:0", "--to", "{}:{}".format(*summing_server))
    address = program.address()
    payload = os.urandom(3 << 20)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(address)) for _ in range(10)]
        for client in clients:
            assert receive(client, 6) == b"hello\n"
        for client in clients:
            client.sendall(payload)
            client.shutdown(socket.SHUT_WR)
        for client in clients:
            head = f"{len(payload)} {hashlib.sha256(payload).hexdigest()}\n".encode()
            assert receive_all(client) == head + payload
    with connected(address) as client:
        assert receive(client, 6) == b"hello\n"
        program.interrupt()
        assert (program.wait(SECONDS_TO_END), program.errors) == (0, "")
        assert receive_all(client) == b""


def test_forwarder_hangs_up_when_nobody_answers(start, hub_name):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        target = "{}:{}".format(*nobody.getsockname())
        program = start("forwarder", "--listen", "127.0.0.1:0", "--to", target)
        with connected(program.address()) as client:
            assert receive_all(client) == b""
        program.expect(rf"{target} does not answer: .*refused")
    program.interrupt()
    assert (program.wait(SECONDS_TO_END), program.errors) == (0, "")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("echoserver", ["--port", "0"]),
        ("chat_server", ["--port", "0"]),
        ("forwarder", ["--listen", "127.0.0.1:0", "--to", "127.0.0.1:9"]),
    ],
)
def test_ctrl_c_ends_an_idle_server(start, hub_name, name, arguments):
    program = start(name, *arguments)
    address = program.address()
    program.interrupt()
    assert program.wait(SECONDS_TO_END) == 0
    assert program.errors == ""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=DEADLINE)


@pytest.fixture
def file_limit() -> Iterator[int]:
    """The soft limit on open files raised as far as it goes, for the length of a test."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def many_connections(address: tuple[str, int], count: int) -> Iterator[list[socket.socket]]:
    clients: list[socket.socket] = []
    try:
        for _ in range(count):
            clients.append(socket.create_connection(address, timeout=DEADLINE))
        yield clients
    finally:
        for client in clients:
            # A reset in place of 10,000 connections that linger in TIME_WAIT.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()


@pytest.mark.slow
def test_echo_server_holds_ten_thousand_connections_and_loses_nothing(start, hub_name, file_limit):
    if hub_name == "selects":
        pytest.skip("select(2) stops at file descriptor 1024: the next test is about that")
    if file_limit < 10_200:
        pytest.skip(f"at most {file_limit} open files are allowed here")
    program = start("echoserver", "--port", "0")
    with many_connections(program.address(), 10_000) as clients:
        for round_number in range(2):
            for number, client in enumerate(clients):
                client.sendall(f"{round_number} of {number:05}".encode())
            for number, client in enumerate(clients):
                expected = f"{round_number} of {number:05}".encode()
                assert receive(client, len(expected)) == expected
        program.interrupt()
        assert program.wait(DEADLINE) == 0
    assert re.search(r"Ending after 10,000 connections, (10,000|9,999) of them open\.", program.output)
    assert program.errors == ""


@pytest.mark.slow
def test_select_hub_says_clearly_when_it_has_too_many_connections(start, hub_name, file_limit):
    if hub_name != "selects":
        pytest.skip("only select(2) has such a limit")
    if file_limit < 1300:
        pytest.skip(f"at most {file_limit} open files are allowed here")
    program = start("echoserver", "--port", "0")
    address = program.address()
    with many_connections(address, 1100) as clients:
        program.expect(r"is not served: .*select", "errors")
        refused = served = 0
        for number, client in enumerate(clients):
            message = f"client {number}".encode()
            try:
                client.sendall(message)
                reply = receive(client, len(message))
            except ConnectionError:
                reply = b""
            served += reply == message
            refused += reply == b""
        assert served + refused == 1100  # nobody hangs, nobody gets half an answer
        assert 950 < served < 1024
    # The ones that were there first are gone: their numbers are free again.
    deadline = time.monotonic() + DEADLINE
    reply = b""
    while reply != b"again" and time.monotonic() < deadline:
        with contextlib.suppress(ConnectionError), connected(address) as client:
            client.sendall(b"again")
            reply = receive(client, 5)
    assert reply == b"again"
    program.interrupt()
    assert program.wait(SECONDS_TO_END) == 0
    assert "Traceback" not in program.errors
