"""paramiko, with a server of its own in a process that is not patched."""

from __future__ import annotations

import sys

import pytest

from tests.programs import _programs, _servers
from tests.programs.conftest import COUNT

pytestmark = pytest.mark.isolated


@pytest.fixture(scope="module")
def ssh_port(tmp_path_factory):
    _programs.skip_without("paramiko")
    script = str(_programs.SERVERS / "ssh_meeting.py")
    with _servers.server(
        lambda port: [sys.executable, script, str(port), str(COUNT)], tmp_path_factory.mktemp("ssh")
    ) as port:
        yield port


def test_paramiko(program, ssh_port):
    assert program("paramiko_client", ssh_port, COUNT) == "done\n"
