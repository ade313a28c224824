"""Where TLS records end: RFC 8446, 5.1. Bytes in, numbers out; no I/O."""

from __future__ import annotations

_HEADER = 5
#: No record adds less to its clear text: header, type, tag (the CCM_8 ciphers of TLS 1.3).
LEAST_OVERHEAD = 14
_TYPES = range(20, 25)
_MOST = 2**14 + 2048


class RecordCounter:
    """Counts the records in a stream of ciphertext, and knows what the last one lacks.

    `missing`: so many bytes can be read without reading beyond the record under way (or, while its
    header is not there, beyond that). `held`: so many of the record's bytes came already.
    """

    __slots__ = ("_header", "held", "missing")

    def __init__(self) -> None:
        self._header = b""
        self.held = 0
        self.missing = _HEADER

    def count(self, data: bytes) -> int:
        """Return how many records `data`, what comes next, ends. What is no TLS counts as one, for OpenSSL to see."""
        size = len(data)
        if not self.held and size >= _HEADER and size == _HEADER + (data[3] << 8 | data[4]):
            return 1
        records = position = 0
        while position < size:
            step = min(self.missing, size - position)
            if len(self._header) < _HEADER:
                self._header += data[position : position + step]
            position += step
            self.held += step
            self.missing -= step
            if self.missing:
                break
            if self.held == _HEADER:
                kind, major, _, high, low = self._header
                self.missing = high << 8 | low
                if kind not in _TYPES or major != 3 or self.missing > _MOST:
                    self.missing = 0
            if not self.missing:
                records += 1
                self._header = b""
                self.held, self.missing = 0, _HEADER
        return records
