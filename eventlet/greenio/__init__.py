"""Green sockets and pipes."""

from eventlet.greenio.base import (
    CONNECT_ERR as CONNECT_ERR,
)
from eventlet.greenio.base import (
    CONNECT_SUCCESS as CONNECT_SUCCESS,
)
from eventlet.greenio.base import (
    SOCKET_BLOCKING as SOCKET_BLOCKING,
)
from eventlet.greenio.base import (
    SOCKET_CLOSED as SOCKET_CLOSED,
)
from eventlet.greenio.base import (
    GreenSocket as GreenSocket,
)
from eventlet.greenio.base import (
    set_nonblocking as set_nonblocking,
)
from eventlet.greenio.base import (
    shutdown_safe as shutdown_safe,
)
from eventlet.greenio.base import (
    socket_timeout as socket_timeout,
)
from eventlet.greenio.pipe import GreenFileIO as GreenFileIO
from eventlet.greenio.pipe import GreenPipe as GreenPipe

__all__ = ["GreenFileIO", "GreenPipe", "GreenSocket", "set_nonblocking", "shutdown_safe"]
