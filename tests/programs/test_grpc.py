"""gRPC in a patched program, client and server."""

from __future__ import annotations

import pytest

COUNT = 30  # more than tpool has threads

pytestmark = pytest.mark.isolated


def test_grpc(program):
    assert program("grpc_calls", COUNT, auto=True) == "done\n"
