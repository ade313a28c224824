"""Uses the hubs libuv and libev of an installed wheel, by each of the providers that it should have, and says so.

Fails if one does not work, or if a libuv or libev is loaded that is not the wheel's own. With LIBRARIES_ARE_HIDDEN in
the environment it also fails if the system's libraries can be loaded. cibuildwheel runs this, and so does
tools/wheel/try.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from pathlib import Path

import eventlet
from eventlet import hubs

HOME = Path(eventlet.__file__).resolve().parent.parent
CONNECTIONS = 20


def use(hub: str) -> str:
    """Have some clients talk to an echo server on `hub`; return the version of its library."""
    hubs.use_hub(hub)
    current = hubs.get_hub()
    assert current.provider == hub.partition(":")[2], current.provider

    def serve(connection):
        with connection:
            while data := connection.recv(100):
                connection.sendall(data)

    def ask(number):
        with eventlet.connect(listener.getsockname()) as connection:
            for _ in range(3):
                connection.sendall(b"%d" % number)
                assert connection.recv(100) == b"%d" % number
                eventlet.sleep(0.001)
        return number

    with eventlet.listen(("127.0.0.1", 0)) as listener:
        server = eventlet.spawn(eventlet.serve, listener, lambda connection, _: serve(connection))
        pool = eventlet.GreenPool()
        with eventlet.Timeout(30):
            assert list(pool.imap(ask, range(CONNECTIONS))) == list(range(CONNECTIONS))
        server.kill()
    return current.version


def loaded() -> list[str]:
    """Return the files of every libuv and libev in this process, where the system tells."""
    try:
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return []
    return sorted(set(re.findall(r"/\S*/lib(?:uv|ev)[-.]\S*", maps)))


def main() -> None:
    if os.environ.get("LIBRARIES_ARE_HIDDEN"):
        for name in "libuv.so.1", "libev.so.4":
            try:
                ctypes.CDLL(name)
            except OSError:
                continue
            sys.exit(f"{name} should not be here")
    versions = {hub: use(hub) for hub in ("libuv:c", "libev:c", "libuv:ctypes", "libev:ctypes")}
    for file in loaded():
        assert HOME in Path(file).parents, f"{file} is not the wheel's"
    if sys.platform == "linux":
        assert len(loaded()) == 2, loaded()
    where = "the system has none" if os.environ.get("LIBRARIES_ARE_HIDDEN") else "whatever the system has"
    used = ", ".join(f"{hub} {version}" for hub, version in versions.items())
    print(f"Python {platform.python_version()}: {used} ({where})")


if __name__ == "__main__":
    main()
