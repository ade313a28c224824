"""Which of CPython's test modules are about what patching changes, or about what stands on that.

A Python that has not got one of them passes over it.
"""

from __future__ import annotations

import os
import re
from importlib.util import find_spec

AREAS = {
    "sockets": "socket timeout ssl select selectors epoll poll kqueue eintr",
    "threads": "threading thread threading_local threadedtempfile threadsignals queue sched context"
    " contextlib contextlib_async concurrent_futures asyncio functools",
    "processes": "subprocess os posix popen wait3 wait4 fork1 pty openpty multiprocessing_main_handling"
    " multiprocessing_fork multiprocessing_forkserver multiprocessing_spawn",
    "time": "time signal",
    "protocols": "ftplib smtplib poplib imaplib nntplib telnetlib smtpd asyncore asynchat socketserver xmlrpc docxmlrpc"
    " httplib httpservers http_cookies http_cookiejar urllib urllib2 urllib2_localnet urllib_response urlparse"
    " robotparser wsgiref",
    "files": "builtin fileio file bufio io tempfile mmap",
    "the rest": "logging weakref weakset gc finalization atexit faulthandler profile cprofile sys_settrace importlib",
}

#: What runs for many minutes: only when named, or with --all.
LONG = {"test_multiprocessing_fork", "test_multiprocessing_forkserver", "test_multiprocessing_spawn"}
#: What CI runs, the longest first, and how many tests of each must pass patched: some fewer than do on the Python that
#: has the fewest, but enough that a module which silently runs nothing, or half, is noticed.
QUICK = {
    "test_socket": 480,
    "test_threading": 120,
    "test_selectors": 60,
    "test_ssl": 120,
    "test_poll": 5,
    "test_queue": 35,
    "test_timeout": 10,
    "test_ftplib": 70,
    "test_threadsignals": 4,
    "test_wait3": 1,
    "test_fork1": 2,
    "test_asyncio.test_streams": 35,
    "test_asyncio.test_locks": 35,
    "test_httplib": 80,
    "test_smtplib": 60,
    "test_urllib2_localnet": 18,
    "test_select": 4,
    "test_thread": 18,
    "test_threading_local": 15,
    "test_socketserver": 20,
    "test_sched": 8,
    "test_popen": 2,
    "test_epoll": 7,
}


def modules(*, everything: bool = False) -> list[str]:
    """Return the names of the test modules that this Python has."""
    return [name for name in _named() if (everything or name not in LONG) and find_spec(f"test.{name}")]


def absent() -> list[str]:
    """Return the names of those that it has not got.

    Some went with what they test (asyncore, telnetlib), some came later; and some builds of Python leave tests out:
    the makefiles of 3.11.7 and 3.12.1 forget test_concurrent_futures and test_multiprocessing_*.
    """
    return [name for name in _named() if not find_spec(f"test.{name}")]


def _named() -> list[str]:
    return [f"test_{name}" for area in AREAS.values() for name in area.split()]


def parts(module: str) -> list[str]:
    """Return what is run in an interpreter of its own: `module`, or its modules, if it is a package."""
    spec = find_spec(f"test.{module}")
    if spec is None:
        raise SystemExit(f"this Python has no test.{module}")
    found = [
        f"{module}.{entry[:-3]}"
        for directory in spec.submodule_search_locations or ()
        for entry in os.listdir(directory)
        if re.fullmatch(r"test_\w+\.py", entry)
    ]
    return sorted(found) or [module]
