"""The hosts file: names and addresses that are known without asking anybody."""

from __future__ import annotations

from eventlet import _pristine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_socket = _pristine.c_socket

DEFAULT_PATH = "/etc/hosts"


class HostsFile:
    """What a hosts file says, read again when the file has changed.

    Invariant: the tables are those of the file of `_stamp`; a file that cannot be read is an empty one.
    """

    def __init__(
        self, path: str = DEFAULT_PATH, interval: float = 10.0, clock: Callable[[], float] = _pristine.time.monotonic
    ) -> None:
        """`interval` is how many seconds may pass before somebody looks whether the file has changed."""
        self.path = path
        self.interval = interval
        self._clock = clock
        self._look_again_at = clock()
        self._stamp: Any = None
        self._addresses: dict[str, list[str]] = {}
        self._names: dict[str, list[str]] = {}
        self._lines_of: dict[str, list[list[str]]] = {}

    def addresses(self, name: str) -> list[str]:
        """Return the addresses of `name`, IPv4 and IPv6, in the order of the file. Never switches."""
        self._refresh()
        return list(self._addresses.get(_normal(name), ()))

    def names(self, address: str) -> list[str]:
        """Return the names in the first line of `address`, the canonical one first. Never switches."""
        self._refresh()
        return list(self._names.get(_packed(address) or "", ()))

    def aliases(self, name: str) -> list[str]:
        """Return the other names in the lines of `name`. Never switches."""
        self._refresh()
        found = [other for line in self._lines_of.get(_normal(name), ()) for other in line]
        return list(dict.fromkeys(other for other in found if _normal(other) != _normal(name)))

    def canonical_name(self, name: str) -> str | None:
        """Return the first name in the first line of `name`, None if it is not there. Never switches."""
        self._refresh()
        for line in self._lines_of.get(_normal(name), ()):
            return line[0]
        return None

    def _refresh(self) -> None:
        now = self._clock()
        if self._stamp is not None and now < self._look_again_at:
            return
        self._look_again_at = now + self.interval
        try:
            status = _pristine.os.stat(self.path)
            stamp: Any = (status.st_mtime_ns, status.st_size, status.st_ino)
        except (OSError, ValueError):
            stamp = ()
        if stamp != self._stamp:
            self._stamp = stamp
            self._read()

    def _read(self) -> None:
        addresses: dict[str, list[str]] = {}
        names: dict[str, list[str]] = {}
        lines_of: dict[str, list[list[str]]] = {}
        for address, line in self._lines():
            for name in line:
                known = addresses.setdefault(_normal(name), [])
                if address not in known:
                    known.append(address)
                lines_of.setdefault(_normal(name), []).append(line)
            names.setdefault(_packed(address) or "", line)
        self._addresses, self._names, self._lines_of = addresses, names, lines_of

    def _lines(self) -> list[tuple[str, list[str]]]:
        try:
            with open(self.path, "rb") as file:
                text = file.read().decode("utf-8", "replace")
        except (OSError, ValueError):
            return []
        fields = [line.partition("#")[0].split() for line in text.splitlines()]
        # A line with something else in front is damaged, or of a kind that nobody knows: the others count.
        return [(words[0], words[1:]) for words in fields if len(words) > 1 and _packed(words[0])]


def _normal(name: str) -> str:
    return name.rstrip(".").lower()


def _packed(address: str) -> str | None:
    """Return `address` in its one normal form; None if it is no address."""
    for family in (_socket.AF_INET, _socket.AF_INET6):
        try:
            return _socket.inet_ntop(family, _socket.inet_pton(family, address.partition("%")[0]))
        except (OSError, ValueError):
            pass
    return None
