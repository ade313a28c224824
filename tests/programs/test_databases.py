"""Database drivers in patched programs, against real servers: N queries that wait are seen by the server at once."""

from __future__ import annotations

import pytest

from tests.programs import _programs
from tests.programs.conftest import COUNT

pytestmark = [pytest.mark.isolated, pytest.mark.slow]


def test_pymysql(program, mariadb):
    assert program("pymysql_waits", mariadb.port, mariadb.user, COUNT, auto=True) == "done\n"


def test_psycopg2(program, postgresql):
    assert program("psycopg2_waits", postgresql.port, postgresql.user, COUNT) == "done\n", "without auto=True"


def test_psycopg_3(program, postgresql):
    assert program("psycopg_waits", postgresql.port, postgresql.user, COUNT, auto=True) == "done\n"


def test_pg8000(program, postgresql):
    assert program("pg8000_waits", postgresql.port, postgresql.user, COUNT) == "done\n"


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg", "pg8000"])
def test_sqlalchemy_over_postgresql(program, postgresql, driver):
    _programs.skip_without(driver)
    url = f"postgresql+{driver}://{postgresql.user}@127.0.0.1:{postgresql.port}/postgres"
    assert program("sqlalchemy_waits", url, "PostgreSQL", COUNT, auto=True) == "done\n"


@pytest.mark.parametrize(("driver", "module"), [("pymysql", "pymysql"), ("mysqldb", "MySQLdb")])
def test_sqlalchemy_over_mysql(program, mariadb, driver, module):
    _programs.skip_without(module)
    url = f"mysql+{driver}://{mariadb.user}@127.0.0.1:{mariadb.port}/mysql"
    assert program("sqlalchemy_waits", url, "MySQL", COUNT, auto=True) == "done\n"
