"""redis-py with a server of Redis."""

from __future__ import annotations

import pytest

from tests.programs.conftest import COUNT

pytestmark = pytest.mark.isolated


def test_redis(program, redis_port):
    assert program("redis_waits", redis_port, COUNT) == "done\n"
