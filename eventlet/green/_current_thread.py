"""threading.current_thread, for green threads that threading has not started."""

from __future__ import annotations

from itertools import count
from typing import Any

from greenlet import getcurrent

from eventlet.green._thread_handle import HANDLE_ATTRIBUTE, ThreadHandle
from eventlet.green._thread_ident import get_ident

_ATTRIBUTE = "_eventlet_thread"
#: The attribute of a greenlet that handles a signal, for the main thread, as Python's handlers are called in that.
HANDLES_SIGNAL = "_eventlet_handles_signal"


def current_thread_for(namespace: dict[str, Any]) -> Any:
    """Return the `current_thread` of the threading module with `namespace`."""
    active = namespace["_active"]
    make_green_thread = _green_thread_class(namespace)

    def current_thread():
        """Return the Thread that the caller runs in. Never switches.

        In a green thread that threading has not started it is a daemon thread that
        cannot be joined; `enumerate` lists it until the green thread ends. A signal's
        handler that is called in the hub runs in the main thread.
        """
        thread = active.get(get_ident())
        if thread is not None:
            return thread
        return namespace["main_thread"]() if HANDLES_SIGNAL in getcurrent().__dict__ else make_green_thread()

    return current_thread


def _green_thread_class(namespace):
    numbers, dummy_numbers = count(1), count(1)
    dummy_class: Any = namespace["_DummyThread"]

    class _GreenThread(dummy_class):
        """Stands for a green thread in the eyes of threading."""

        def __init__(self):
            is_os_thread = getcurrent().parent is None
            name = f"Dummy-{next(dummy_numbers)}" if is_os_thread else f"GreenThread-{next(numbers)}"
            namespace["Thread"].__init__(self, name=name, daemon=True)
            self._started.set()
            self._set_ident()
            if hasattr(self, "_set_native_id"):
                self._set_native_id()
            setattr(self, HANDLE_ATTRIBUTE, ThreadHandle.of_running(self._ident))
            namespace["_active"][self._ident] = self
            getcurrent().__dict__[_ATTRIBUTE] = _ForgetsThread(namespace["_active"], self)

        def is_alive(self):
            return not getattr(self, HANDLE_ATTRIBUTE).is_done()

        def join(self, timeout=None):
            """Raise RuntimeError: nobody knows how it ends."""
            raise RuntimeError("cannot join a green thread that threading has not started")

    _GreenThread.__name__ = _GreenThread.__qualname__ = "_DummyThread"  # what repr() says of such threads
    return _GreenThread


class _ForgetsThread:
    """Is an attribute of the greenlet, and so ends with its task."""

    __slots__ = ("_active", "_thread")

    def __init__(self, active, thread):
        self._active = active
        self._thread = thread

    def __del__(self):
        thread = self._thread
        getattr(thread, HANDLE_ATTRIBUTE)._set_done()
        if self._active.get(thread._ident) is thread:
            self._active.pop(thread._ident, None)
