"""boto3, with moto's server."""

from __future__ import annotations

import sys

import pytest

from tests.programs import _programs, _servers
from tests.programs.conftest import COUNT

pytestmark = pytest.mark.isolated


@pytest.fixture
def aws_port(tmp_path_factory):
    _programs.skip_without("boto3", "moto", "flask")
    script = str(_programs.SERVERS / "moto_meeting.py")
    with _servers.server(
        lambda port: [sys.executable, script, str(port), str(COUNT)], tmp_path_factory.mktemp("moto")
    ) as port:
        yield port


def test_boto3(program, aws_port):
    assert program("boto3_client", aws_port, COUNT) == "done\n"
