"""Keys that change while both sides send: against the openssl command."""

import contextlib
import fcntl
import shutil
import subprocess
import sys
import termios

import pytest

import eventlet
from eventlet.green import socket
from tests.helpers import SOME_SECONDS, OSThread
from tests.helpers.tls import CERT, KEY, TLS_1_2, TLS_1_3, client_context, server_context

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not installed")


@contextlib.contextmanager
def openssl(*arguments):
    process = subprocess.Popen(
        ["openssl", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@needs_openssl
@pytest.mark.parametrize("command", [b"k\n", b"K\n"])
def test_keys_are_updated_while_both_sides_send(hub, spawn, command):
    context = server_context()
    context.minimum_version = TLS_1_3
    with context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True) as listener:
        port = listener.getsockname()[1]
        with openssl("s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", CERT) as client:
            reading = OSThread(read_until, client.stdout, b"(the end)")
            connection = listener.accept()[0]
            with connection:
                connection.do_handshake()
                lines = connection.makefile("rb")
                writer = spawn(connection.sendall, b"x" * 3_000_000 + b"(the end)")
                for number in range(3):
                    type_in(client, command)
                    client.stdin.write(b"line %d\n" % number)
                    assert lines.readline() == b"line %d\n" % number
                lines.close()
                writer.wait()
                assert reading.join_green().count(b"x" * 1000) >= 2000


@needs_openssl
def test_a_renegotiation_while_both_sides_send(hub, spawn):
    context = client_context()
    context.maximum_version = TLS_1_2
    arguments = ("s_server", "-accept", "127.0.0.1:0", "-cert", CERT, "-key", KEY, "-tls1_2")
    with openssl(*arguments) as server:
        greeting = read_until(server.stdout, b"ACCEPT 127.0.0.1:", b"\n")
        port = int(greeting.split(b"ACCEPT 127.0.0.1:")[1].split()[0])
        reading = OSThread(read_until, server.stdout, b"(the end)")
        raw = socket.create_connection(("127.0.0.1", port))
        with context.wrap_socket(raw, server_hostname="localhost") as connection:
            writers = [spawn(connection.sendall, letter * 200_000) for letter in (b"x", b"y", b"z")]
            type_in(server, b"r\n")
            server.stdin.write(b"line\n")
            assert connection.recv(100) == b"line\n"
            for writer in writers:
                writer.wait()
            connection.sendall(b"(the end)\n")
            assert reading.join_green().count(b"z") >= 200_000


def type_in(process, command):
    """Give openssl a command, and wait until it was read: what it reads together with it is dropped."""
    process.stdin.write(command)
    with eventlet.Timeout(SOME_SECONDS):
        while int.from_bytes(fcntl.ioctl(process.stdin, termios.FIONREAD, b"1234"), sys.byteorder):
            eventlet.sleep(0.001)


def read_until(stream, *marks):
    got = b""
    position = 0
    for mark in marks:
        while mark not in got[position:]:
            piece = stream.read(65536)
            assert piece, got[-1000:]
            got += piece
        position = got.index(mark, position) + len(mark)
    return got
