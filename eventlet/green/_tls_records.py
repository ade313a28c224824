"""Where TLS records end: RFC 8446, 5.1. Bytes in, numbers out; no I/O."""

from __future__ import annotations

HEADER = 5
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
        self.missing = HEADER

    def count(self, data: bytes) -> int:
        """Return how many records `data`, what comes next, ends. What is no TLS counts as one, for OpenSSL to see."""
        size = len(data)
        missing = self.missing
        if not self.held:
            if size >= HEADER and size == HEADER + (data[3] << 8 | data[4]):
                return 1  # just one record: small messages
        elif self.held >= HEADER and missing + HEADER <= size:
            # The rest of a record, and the beginning of one more: much data.
            rest = size - missing
            length = data[missing + 3] << 8 | data[missing + 4]
            if rest < HEADER + length <= HEADER + _MOST and data[missing] in _TYPES and data[missing + 1] == 3:
                self.held = rest
                self.missing = HEADER + length - rest
                return 1
        return self._count(data)

    def _count(self, data: bytes) -> int:
        size = len(data)
        records = position = 0
        while position < size:
            step = min(self.missing, size - position)
            if self.held < HEADER:
                self._header += data[position : position + step]
            position += step
            self.held += step
            self.missing -= step
            if self.missing:
                break
            if self.held == HEADER:
                kind, major, _, high, low = self._header
                self._header = b""
                self.missing = high << 8 | low
                if kind not in _TYPES or major != 3 or self.missing > _MOST:
                    self.missing = 0
            if not self.missing:
                records += 1
                self.held, self.missing = 0, HEADER
        return records
