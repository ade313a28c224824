"""Green sockets and pipes."""

from eventlet.greenio.base import (
    CONNECT_ERR as CONNECT_ERR,
    CONNECT_SUCCESS as CONNECT_SUCCESS,
    SOCKET_BLOCKING as SOCKET_BLOCKING,
    SOCKET_CLOSED as SOCKET_CLOSED,
    GreenSocket as GreenSocket,
    set_nonblocking as set_nonblocking,
    shutdown_safe as shutdown_safe,
    socket_timeout as socket_timeout,
)
from eventlet.greenio.pipe import GreenFileIO as GreenFileIO, GreenPipe as GreenPipe

__all__ = ["GreenFileIO", "GreenPipe", "GreenSocket", "set_nonblocking", "shutdown_safe"]
