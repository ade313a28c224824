"""The green world: modules executed anew over the green ones."""

from __future__ import annotations

import warnings

from eventlet._pristine._world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

#: Submodules of multiprocessing: it has names of its own, in which pickles are found, also by other processes.
_MULTIPROCESSING = (
    "connection",
    "context",
    "dummy",
    "dummy.connection",
    "forkserver",
    "heap",
    "managers",
    "pool",
    "popen_fork",
    "popen_forkserver",
    "popen_spawn_posix",
    "process",
    "queues",
    "reduction",
    "resource_sharer",
    "resource_tracker",
    "shared_memory",
    "sharedctypes",
    "spawn",
    "synchronize",
    "util",
)

#: Name of a standard module → the green one that its users get.
GREEN_TWINS = {
    "_multiprocessing": "eventlet.green._multiprocessing",
    "_thread": "eventlet.green.thread",
    "asynchat": "eventlet.green.asynchat",  # until 3.11 is dropped
    "asyncore": "eventlet.green.asyncore",  # until 3.11 is dropped
    "concurrent.futures.process": "eventlet.green.concurrent.futures.process",
    "ftplib": "eventlet.green.ftplib",
    "http": "eventlet.green.http",
    "http.client": "eventlet.green.http.client",
    "http.cookiejar": "eventlet.green.http.cookiejar",
    "http.cookies": "eventlet.green.http.cookies",
    "http.server": "eventlet.green.http.server",
    "imaplib": "eventlet.green.imaplib",
    "multiprocessing": "eventlet.green.multiprocessing",
    **{f"multiprocessing.{name}": f"eventlet.green.multiprocessing.{name}" for name in _MULTIPROCESSING},
    "nntplib": "eventlet.green.nntplib",  # until 3.12 is dropped
    "os": "eventlet.green.os",
    "poplib": "eventlet.green.poplib",
    "queue": "eventlet.green.queue",
    "sched": "eventlet.green.sched",
    "select": "eventlet.green.select",
    "selectors": "eventlet.green.selectors",
    "signal": "eventlet.green.signal",
    "smtpd": "eventlet.green.smtpd",  # until 3.11 is dropped
    "smtplib": "eventlet.green.smtplib",
    "socket": "eventlet.green.socket",
    "socketserver": "eventlet.green.socketserver",
    "ssl": "eventlet.green.ssl",
    "subprocess": "eventlet.green.subprocess",
    "telnetlib": "eventlet.green.telnetlib",  # until 3.12 is dropped
    "threading": "eventlet.green.threading",
    "time": "eventlet.green.time",
    "urllib": "eventlet.green.urllib",
    "urllib.error": "eventlet.green.urllib.error",
    "urllib.parse": "eventlet.green.urllib.parse",
    "urllib.request": "eventlet.green.urllib.request",
    "urllib.response": "eventlet.green.urllib.response",
    "urllib.robotparser": "eventlet.green.urllib.robotparser",
    "xmlrpc.client": "eventlet.green.xmlrpc.client",
    "xmlrpc.server": "eventlet.green.xmlrpc.server",
}

#: Packages that are executed anew as a whole.
_PACKAGES = ("asyncio", "concurrent")
#: asyncio's parts in C know of one running loop for each OS thread. Without them it does with threading.local.
_ABSENT = ("_asyncio",)

green_world = World(lambda: GREEN_TWINS, _PACKAGES, _ABSENT)


def green_modules() -> dict[str, ModuleType]:
    """Return the green modules under the names of their standard twins, as far as this Python has those."""
    found = {}
    for name in GREEN_TWINS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # nobody has asked for those yet
            try:
                found[name] = green_world.load(name)
            except ImportError as error:
                if (error.name or "").startswith("eventlet"):
                    raise
    return found
