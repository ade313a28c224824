"""Starts a RabbitMQ of the test's own, with all its files in one directory and all its ports on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.programs import _servers

#: Debian's commands in PATH switch to another user, and use its directories.
PATTERN = "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server"


@contextlib.contextmanager
def rabbitmq(directory: Path) -> Iterator[int]:
    """Run a server until the end of the block; the value is its port for AMQP. Skips the test without RabbitMQ."""
    command = _servers.command_of("", "rabbitmq-server", PATTERN)
    epmd = _servers.command_of("epmd", "erlang-base")
    # The server's nodes find one another by this; it would start one that stays.
    with _servers.server(lambda port: [epmd, "-port", str(port), "-address", "127.0.0.1"], directory) as epmd_port:
        (directory / "plugins").write_text("[].")
        variables = {
            "HOME": str(directory),
            "ERL_EPMD_PORT": str(epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_CONFIG_FILE": str(directory / "none"),
            "RABBITMQ_CONF_ENV_FILE": str(directory / "none"),
            "RABBITMQ_DIST_PORT": str(_servers.free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(directory),
            "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_NODENAME": "tests@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        with _servers.server(
            lambda port: ["env", f"RABBITMQ_NODE_PORT={port}", command], directory, variables=variables
        ) as port:
            yield port
