"""Starts real database servers on loopback, with their files in directories of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.programs import _servers


class Database(NamedTuple):
    """Where a server listens, and the user whom it lets in without a password."""

    port: int
    unix_socket: str
    user: str


@contextlib.contextmanager
def mariadb() -> Iterator[Database]:
    """Run a MariaDB, or skip the test that asks for it."""
    daemon = _servers.command_of("mariadbd", "mariadb-server")
    install = _servers.command_of("mariadb-install-db", "mariadb-server")
    with _directory() as directory:
        data, unix_socket = directory / "data", directory / "socket"
        common = ["--no-defaults", f"--datadir={data}", *(["--user=root"] if os.geteuid() == 0 else [])]
        _set_up([install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"], directory)
        options = ["--bind-address=127.0.0.1", f"--socket={unix_socket}", f"--pid-file={directory / 'pid'}"]
        options += ["--innodb-buffer-pool-size=8M", "--innodb-flush-log-at-trx-commit=0"]

        def command(port: int) -> list[str]:
            return [daemon, *common, *options, f"--port={port}"]

        with _servers.server(command, directory, lambda _port: _greets(unix_socket)) as port:
            yield Database(port, str(unix_socket), "root")


@contextlib.contextmanager
def postgresql() -> Iterator[Database]:
    """Run a PostgreSQL with a database `postgres`, or skip the test that asks for it."""
    places = "/usr/lib/postgresql/*/bin/{}"
    initdb, daemon, pg_isready = (
        _servers.command_of(name, "postgresql", places.format(name)) for name in ("initdb", "postgres", "pg_isready")
    )
    with _directory() as directory:
        prefix = []
        if os.geteuid() == 0:  # it refuses to run as root
            runuser = _servers.command_of("runuser", "util-linux")
            try:
                shutil.chown(directory, "postgres")
            except LookupError:
                pytest.skip("PostgreSQL does not run as root, and there is no user postgres (Debian: postgresql)")
            prefix = [runuser, "-u", "postgres", "--"]
        data = directory / "data"
        _set_up([*prefix, initdb, "-D", str(data), "-U", "tester", "-A", "trust", "-N"], directory)
        options = ["-D", str(data), "-c", "listen_addresses=127.0.0.1", "-k", str(directory), "-F"]

        def is_ready(port: int) -> bool:
            question = [pg_isready, "-h", "127.0.0.1", "-p", str(port)]
            return subprocess.run(question, capture_output=True, check=False).returncode == 0

        def stop(_process: object) -> None:
            # The process that we have started may be runuser; this one's number is in the first line.
            with contextlib.suppress(OSError):
                number = int((data / "postmaster.pid").read_text().splitlines()[0])
                os.kill(number, signal.SIGINT)  # "fast shutdown"

        def command(port: int) -> list[str]:
            return [*prefix, daemon, *options, "-p", str(port)]

        with _servers.server(command, directory, is_ready, stop) as port:
            yield Database(port, str(directory / f".s.PGSQL.{port}"), "tester")


def _greets(unix_socket: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
        client.settimeout(_servers.SECONDS_TO_START)
        client.connect(str(unix_socket))
        return bool(client.recv(1))
    return False


def _set_up(command: list[str], directory: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=directory, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    # pytest's own are too long for a Unix socket, and not open to other users.
    directory = tempfile.mkdtemp()
    try:
        yield Path(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
