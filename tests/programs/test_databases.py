"""Database drivers in patched programs, against real servers: N queries that wait are seen by the server at once."""

from __future__ import annotations

import pytest

from tests.programs.conftest import COUNT

pytestmark = [pytest.mark.isolated, pytest.mark.slow]


def test_pymysql(program, mariadb):
    assert program("pymysql_waits", mariadb.port, mariadb.user, COUNT, auto=True) == "done\n"
