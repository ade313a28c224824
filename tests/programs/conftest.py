"""Fixtures of the tests with real programs: `program` runs a script, the others are servers that it talks to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.programs import _programs, _servers
from tests.programs._meeting import HTTPMeeting

COUNT = 10  # how many wait at once


@pytest.fixture(params=list(_programs.ways()), ids=str)
def program(request: pytest.FixtureRequest, tmp_path) -> Callable[..., str]:
    """`program("name", *arguments)` runs scripts/name.py and returns what it prints; on each hub, patched in each way.

    The test is skipped if a library is missing that the script's docstring lists after `libraries:`, and fails if
    the script fails or writes to stderr. `auto=True` is that of `monkey_patch`.
    """

    def program(name: str, *arguments: object, auto: bool = False) -> str:
        _programs.skip_without(*_programs.libraries_of(name))
        return _programs.run(name, *map(str, arguments), way=request.param, auto=auto, directory=tmp_path)

    return program


@pytest.fixture
def meeting() -> Iterator[HTTPMeeting]:
    """An HTTP server that answers `meeting.count` requests at once, and none before."""
    with HTTPMeeting(COUNT) as meeting:
        yield meeting


@pytest.fixture
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Redis of the test's own, with nothing in it."""
    redis = _servers.command_of("redis-server", "redis-server")

    def command(port: int) -> list[str]:
        return [redis, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    with _servers.server(command, tmp_path_factory.mktemp("redis")) as port:
        yield port
