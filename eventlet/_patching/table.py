"""What monkey_patch changes, and what chooses it: data.

A green module says in `__patched__` which of its names go into the standard one; a missing one is an
error. `__patched_with__` has what goes there instead of what has the name: where green code that was patched is to
differ from the green module. What takes more than setting names, it does in `patch_in_place(module)`; what that changes
deeper than attributes of the module and its classes, it puts back in `undo_in_place(module)`.
"""

from __future__ import annotations

from typing import NamedTuple


class Patch(NamedTuple):
    """The standard `module` gets names from the module `green` if monkey_patch has `argument`."""

    module: str
    argument: str
    green: str


PATCHES = (
    Patch("os", "os", "eventlet.green.os"),
    Patch("signal", "os", "eventlet.green.signal"),
    Patch("select", "select", "eventlet.green.select"),
    Patch("selectors", "select", "eventlet.green.selectors"),
    Patch("socket", "socket", "eventlet.green.socket"),
    Patch("ssl", "socket", "eventlet.green.ssl"),
    Patch("_thread", "thread", "eventlet.green.thread"),
    Patch("threading", "thread", "eventlet._patching.threads"),
    Patch("queue", "thread", "eventlet.green.queue"),
    Patch("_multiprocessing", "thread", "eventlet.green._multiprocessing"),
    Patch("multiprocessing.connection", "os", "eventlet._patching.connection"),
    Patch("multiprocessing.popen_forkserver", "os", "eventlet._patching.popen"),
    Patch("multiprocessing.popen_spawn_posix", "os", "eventlet._patching.popen"),
    Patch("multiprocessing.resource_sharer", "thread", "eventlet._patching.resource_sharer"),
    Patch("multiprocessing.util", "thread", "eventlet.green._fork_aware"),
    Patch("time", "time", "eventlet.green.time"),
    Patch("subprocess", "subprocess", "eventlet.green.subprocess"),
    Patch("builtins", "builtins", "eventlet.green.builtin"),
)


class Copy(NamedTuple):
    """`module` has imported `original` from the standard module `source` under `name`."""

    module: str
    name: str
    source: str
    original: str


#: Standard modules that are in use before anybody can patch what they have imported by name.
COPIES = (
    Copy("functools", "RLock", "_thread", "RLock"),
    Copy("reprlib", "get_ident", "_thread", "get_ident"),
    Copy("tempfile", "_allocate_lock", "_thread", "allocate_lock"),
    Copy("_strptime", "_thread_allocate_lock", "_thread", "allocate_lock"),
)

#: Names of third-party modules and the functions, 'module:function', that make them cooperative
#: when they are imported: called with the module. An argument of monkey_patch's own applies them
#: too; for all of them there is `auto`.
AUTO = {
    "MySQLdb": "eventlet.support.mysqldb_patcher:make_mysqldb_green",
    "grpc": "eventlet.support.grpc_patcher:make_grpc_green",
    "psycopg2.extensions": "eventlet.support.psycopg2_patcher:make_psycopg_green",
    "psycopg.waiting": "eventlet.support.psycopg_patcher:make_psycopg3_green",
    "sqlite3": "eventlet.support.sqlite3_patcher:make_sqlite3_green",
    "zmq": "eventlet.support.zmq_patcher:make_zmq_green",
}
AUTO_ARGUMENTS = {"MySQLdb": "MySQLdb", "psycopg": "psycopg2.extensions"}

#: Arguments that are on unless others are chosen.
DEFAULT_ARGUMENTS = ("os", "select", "socket", "subprocess", "thread", "time", "psycopg")
#: Arguments that are on only when they are asked for.
OTHER_ARGUMENTS = ("builtins", "MySQLdb")
