"""Changes multiprocessing.connection in place: it has taken functions and classes out of their modules."""

from __future__ import annotations

from eventlet import _pristine
from eventlet.green import os as green_os
from eventlet.green import selectors as green_selectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

__patched__: tuple[str, ...] = ()


def patch_in_place(connection: ModuleType) -> None:
    """Let connections, also those that exist, read, write and wait in a green way."""
    namespace = vars(connection)
    if hasattr(connection.Connection, "_read"):  # absent on Windows
        functions = {"_read": green_os.read, "_write": green_os.write}
        for name, function in functions.items():
            setattr(connection.Connection, name, staticmethod(function))
        _set_default(connection.Connection._recv, green_os.read)
        _set_default(connection.Connection._send, green_os.write)
    if "_WaitSelector" in namespace:
        name = namespace["_WaitSelector"].__name__
        namespace["_WaitSelector"] = getattr(green_selectors, name)


def undo_in_place(connection: ModuleType) -> None:
    """Undo what attributes of the module and its classes do not tell of."""
    if hasattr(connection.Connection, "_read"):
        _set_default(connection.Connection._recv, _pristine.os.read)
        _set_default(connection.Connection._send, _pristine.os.write)


def _set_default(method: Any, function: Any) -> None:
    # Their last parameter, `read` or `write`, is the function to call.
    method.__defaults__ = (function,)
