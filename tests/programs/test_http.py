"""Clients of HTTP and WebSockets."""

from __future__ import annotations

import threading

import pytest

from tests.programs import _programs
from tests.programs._meeting import SECONDS_TO_WAIT, Meeting
from tests.programs.conftest import COUNT

pytestmark = pytest.mark.isolated


@pytest.mark.parametrize("script", ["requests_get", "urllib3_pool", "httpx_get"])
def test_http_client(program, meeting, script):
    assert program(script, meeting.url, meeting.count) == "done\n"


@pytest.fixture
def websocket_url():
    """A server, in OS threads, that answers a message when COUNT have come."""
    _programs.skip_without("websockets")
    from websockets.sync.server import serve

    meeting = Meeting(COUNT)

    def answer(connection):
        for message in connection:
            if not meeting.arrive():
                return
            connection.send(message)

    with serve(answer, "127.0.0.1", 0, open_timeout=SECONDS_TO_WAIT) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def test_websockets_client(program, websocket_url):
    assert program("websockets_client", websocket_url, COUNT) == "done\n"


def test_websockets_server(program):
    assert program("websockets_server", COUNT) == "done\n"
