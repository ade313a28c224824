"""An HTTP server, in OS threads of this process, that answers nobody before everybody has asked."""

from __future__ import annotations

import http.server
import socketserver
import threading
from typing import Any

SECONDS_TO_WAIT = 45.0  # longer than any busy machine needs, and shorter than programs have


class Meeting:
    """`arrive()` returns True when `count` callers are in it, and False if they do not come. For OS threads.

    The next `count` callers meet again. Once some did not come, it is over, and nobody waits.
    """

    def __init__(self, count: int, seconds: float = SECONDS_TO_WAIT) -> None:
        self.count = count
        self._barrier = threading.Barrier(count, timeout=seconds)

    def arrive(self) -> bool:
        try:
            self._barrier.wait()
        except threading.BrokenBarrierError:
            return False
        return True


class HTTPMeeting:
    """A server at `url`: any request gets the answer `hello` when `count` are there; 503 if they do not come.

    What follows /echo/ in the path is the answer instead of `hello`.
    """

    def __init__(self, count: int, seconds: float = SECONDS_TO_WAIT, context: Any = None) -> None:
        self.meeting = Meeting(count, seconds)
        self.count = count
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.meeting = self.meeting
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port: int = self._server.server_address[1]
        self.url = f"{'http' if context is None else 'https'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> HTTPMeeting:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False  # clients may keep their connections
    meeting: Meeting

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients come and go


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        status = 200 if self.server.meeting.arrive() else 503
        _, echo, text = self.path.partition("/echo/")
        body = (text if echo else "hello").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = 200 if self.server.meeting.arrive() else 503
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass
