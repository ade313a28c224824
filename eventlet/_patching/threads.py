"""Makes the standard threading module start green threads."""

from __future__ import annotations

from eventlet import _pristine
from eventlet.green import thread
from eventlet.green._current_thread import current_thread_for
from eventlet.green._thread_handle import HANDLE_ATTRIBUTE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

__patched__: list[str] = []

#: Name in threading → name in green.thread. Each Python has some of them.
_NAMES = {
    "Lock": "LockType",
    "_CRLock": "RLock",
    "_LockType": "LockType",
    "_ThreadHandle": "_ThreadHandle",
    "_allocate_lock": "allocate_lock",
    "_get_main_thread_ident": "_get_main_thread_ident",
    "_make_thread_handle": "_make_thread_handle",
    "_set_name": "set_name",
    "_set_sentinel": "_set_sentinel",
    "_start_joinable_thread": "start_joinable_thread",
    "_start_new_thread": "start_new_thread",
    "_thread_shutdown": "_shutdown",
    "get_ident": "get_ident",
    "local": "_local",
}


def patch_in_place(threading: ModuleType) -> None:
    """Green `threading`. Threads that run already stay OS threads, and keep their identifiers."""
    namespace = vars(threading)
    for name, green_name in _NAMES.items():
        if name in namespace:
            namespace[name] = getattr(thread, green_name)
    standard = threading.current_thread
    namespace["current_thread"] = current_thread_for(namespace)
    if threading.currentThread is standard:  # until 3.9 is dropped
        namespace["currentThread"] = namespace["current_thread"]
    _renew_handles(threading, thread._ThreadHandle)


def undo_in_place(threading: ModuleType) -> None:
    """Let threads that are made, but not started, be OS threads."""
    _renew_handles(threading, getattr(_pristine.thread, "_ThreadHandle", None))


def _renew_handles(threading: ModuleType, make_handle: Any) -> None:
    for made_before in list(threading._dangling):
        has_handle = hasattr(made_before, HANDLE_ATTRIBUTE)
        if has_handle and not made_before.ident and made_before not in threading._limbo:
            setattr(made_before, HANDLE_ATTRIBUTE, make_handle())  # it was not started
