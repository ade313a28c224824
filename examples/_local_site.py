"""A small web site on this machine, in a process of its own, for the crawlers to fetch.

Each page answers after a delay, as pages far away do, and links to ten others. The site is a loop over
`selectors` and shares nothing with eventlet, so that what a crawler measures is the crawler.

Try it by hand:  python examples/_local_site.py --pages 100 --delay 0.1
"""

from __future__ import annotations

import argparse
import contextlib
import os
import selectors
import socket
import subprocess
import sys
import time
from collections import deque

LINKS_PER_PAGE = 10
_TEXT = "All of this text is here to make the page about as long as a short real one. " * 12
_FILLER = f"<p>{_TEXT}</p>\n"


class LocalSite:
    """`with LocalSite(pages=600, delay=0.1) as site:` runs the site for the length of the block."""

    def __init__(self, pages: int, delay: float) -> None:
        self.pages = pages
        self.delay = delay
        self.root = ""

    def __enter__(self) -> LocalSite:
        command = [sys.executable, os.path.abspath(__file__), "--until-stdin-closes"]
        command += ["--pages", str(self.pages), "--delay", str(self.delay)]
        # The site ends when its standard input does: it cannot outlive us, however we end.  A session of its
        # own keeps a Ctrl-C in the terminal from reaching it while pages are still being fetched.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stdout is not None
        self.root = self._process.stdout.readline().strip()
        if not self.root:
            self._process.wait()
            raise RuntimeError("the local web site did not start")
        # A proxy for the outside world must not be asked for pages on this machine.
        os.environ["no_proxy"] = ",".join(filter(None, [os.environ.get("no_proxy"), "127.0.0.1"]))
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def url(self, number: int) -> str:
        """The address of one page; number 0 is the front page, from which links lead to all others."""
        return f"{self.root}/page/{number}"


def page(number: int, pages: int) -> bytes:
    """Make one page: a heading, some text, links to the pages below it and back to the one above."""
    first = number * LINKS_PER_PAGE + 1
    below = range(first, min(first + LINKS_PER_PAGE, pages))
    above = [(number - 1) // LINKS_PER_PAGE] if number else []
    links = "".join(f'<li><a href="/page/{n}">page {n}</a></li>\n' for n in [*below, *above])
    return f"<html><h1>Page {number}</h1>\n{_FILLER}<ul>\n{links}</ul></html>\n".encode()


class Site:
    """One loop for all connections: accept, read a request's head, wait for the delay, answer, close."""

    def __init__(self, pages: int, delay: float) -> None:
        self._pages = pages
        self._delay = delay
        self._heads: dict[socket.socket, bytes] = {}
        # Each answer waits equally long, so the first asked for is the first due.
        self._due: deque[tuple[float, socket.socket, bytes]] = deque()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        if hasattr(socket, "TCP_DEFER_ACCEPT"):  # Linux: hand a connection over when its request is there
            self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.root = "http://{}:{}".format(*self._listener.getsockname())

    def serve(self, until_stdin_closes: bool) -> None:
        if until_stdin_closes:
            self._selector.register(0, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select(self._seconds_to_next()):
                if key.fileobj is self._listener:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket):
                    self._read(key.fileobj)
                elif not os.read(key.fd, 4096):
                    return
            while self._due and self._due[0][0] <= time.monotonic():
                _, connection, head = self._due.popleft()
                self._answer(connection, head)

    def _seconds_to_next(self) -> float | None:
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else None

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                self._read(connection)

    def _read(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(65536)
        except BlockingIOError:
            self._heads[connection] = b""
            self._selector.register(connection, selectors.EVENT_READ)
            return
        except ConnectionError:
            data = b""
        head = self._heads.get(connection, b"") + data
        finished = b"\r\n\r\n" in head
        if data and not finished:
            if connection not in self._heads:
                self._selector.register(connection, selectors.EVENT_READ)
            self._heads[connection] = head
            return
        if self._heads.pop(connection, None) is not None:
            self._selector.unregister(connection)
        if finished:
            self._due.append((time.monotonic() + self._delay, connection, head))
        else:
            connection.close()

    def _answer(self, connection: socket.socket, head: bytes) -> None:
        status, body = "404 Not Found", b"no such page\n"
        name = [*head.split(b" ", 2), b""][1].rpartition(b"/page/")[2]
        if name == b"/":
            name = b"0"
        if name.isdigit() and int(name) < self._pages:
            status, body = "200 OK", page(int(name), self._pages)
        fields = f"Content-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\nConnection: close"
        with connection, contextlib.suppress(OSError):
            # It fits in the buffer of a connection that has sent nothing yet, so this does not wait.
            connection.sendall(f"HTTP/1.1 {status}\r\n{fields}\r\n\r\n".encode() + body)


def main() -> int:
    parser = argparse.ArgumentParser(description="Serve a small web site of linked pages on this machine.")
    parser.add_argument("--pages", type=int, default=600, help="how many pages there are (default %(default)s)")
    parser.add_argument("--delay", type=float, default=0.1, help="seconds before each answer (default %(default)s)")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the program that started this")
    arguments = parser.parse_args()
    site = Site(arguments.pages, arguments.delay)
    print(site.root, flush=True)
    try:
        site.serve(arguments.until_stdin_closes)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
