"""A chat room: what one participant types, all others read.

    python examples/chat_server.py --port 6001   # then, in two other terminals:  nc 127.0.0.1 6001

A participant has two green threads: one reads lines, one writes what waits in that participant's own
queue. So somebody who does not read holds nobody up, and is shown out when 100 lines wait.
"""

from __future__ import annotations

import argparse
from typing import Any

from _support import hub_name, parse_arguments, raise_fd_limit, run, show_address

import eventlet
from eventlet.queue import Full, Queue

MAX_WAITING_LINES = 100
MAX_LINE_BYTES = 4096


class Participant:
    def __init__(self, connection: Any, name: str) -> None:
        self.name = name
        self._connection = connection
        self._waiting: Queue = Queue(MAX_WAITING_LINES)
        self._writer = eventlet.spawn(self._write)

    def tell(self, line: str) -> bool:
        """Have `line` sent; never waits.  Returns whether there was room for it."""
        try:
            self._waiting.put_nowait(line)
            return True
        except Full:
            return False

    def leave(self) -> None:
        self._writer.kill()
        eventlet.greenio.shutdown_safe(self._connection)  # its reader sees an end of file

    def _write(self) -> None:
        try:
            while True:
                self._connection.sendall(self._waiting.get().encode() + b"\n")
        except OSError:
            pass  # it went away, which its reader notices as well


class Room:
    def __init__(self) -> None:
        self._participants: dict[str, Participant] = {}

    def join(self, connection: Any, peer: Any) -> None:
        """Talk with one connection, from the greeting to the end."""
        with connection, connection.makefile("rb") as lines:
            try:
                connection.sendall(b"Your name?\n")
                name = self._read_line(lines)
                if not name or name in self._participants:
                    connection.sendall(b"That name is taken.\n" if name else b"A name is needed.\n")
                    return
                self._talk(name, connection, lines)
            except OSError:
                pass  # the connection broke

    def _talk(self, name: str, connection: Any, lines: Any) -> None:
        me = self._participants[name] = Participant(connection, name)
        others = ", ".join(sorted(other for other in self._participants if other != name)) or "nobody else"
        me.tell(f"* Welcome, {name}. Here: {others}.")
        self._broadcast(f"* {name} came in.", but=name)
        try:
            while True:
                line = self._read_line(lines)
                if line is None:
                    break
                if line:
                    self._broadcast(f"{name}: {line}", but=name)
                    # While lines keep coming in, reading never waits: let those run who write them out.
                    eventlet.sleep(0)
        finally:
            del self._participants[name]
            me.leave()
            self._broadcast(f"* {name} left.", but=name)

    def _broadcast(self, line: str, but: str) -> None:
        print(line, flush=True)
        for participant in list(self._participants.values()):
            if participant.name != but and not participant.tell(line):
                participant.leave()

    @staticmethod
    def _read_line(lines: Any) -> str | None:
        """The next line without its end; None at the end of the stream, or for a line that is too long."""
        line = lines.readline(MAX_LINE_BYTES)
        return line.decode("utf-8", "replace").strip() if line.endswith(b"\n") else None


def main() -> int:
    parser = argparse.ArgumentParser(description="A chat room for whoever connects.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=6001, help="the port; 0 takes a free one (default %(default)s)")
    arguments = parse_arguments(parser)

    raise_fd_limit()
    room = Room()
    with eventlet.listen((arguments.host, arguments.port)) as server:
        here = show_address(server.getsockname())
        try:
            print(f"Chat server on {here}, {hub_name()} hub. Ctrl-C ends it.", flush=True)
            eventlet.serve(server, room.join, concurrency=10_000)
        except KeyboardInterrupt:
            print("\nThe chat room is closed.", flush=True)
    return 0


if __name__ == "__main__":
    run(main)
