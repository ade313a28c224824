"""RecordCounter: bytes in, numbers out."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlet.green._tls_records import RecordCounter


def record(size, kind=23):
    return bytes([kind, 3, 3, size >> 8, size & 255]) + b"x" * size


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 3000), max_size=6),
    st.lists(st.integers(1, 9) | st.integers(1, 5000), min_size=1, max_size=30),
)
def test_any_split_of_the_stream_has_the_same_records(sizes, steps):
    stream = b"".join(map(record, sizes))
    ends = [sum(size + 5 for size in sizes[: n + 1]) for n in range(len(sizes))]
    counter = RecordCounter()
    position = seen = 0
    for step in itertools.cycle(steps):
        if position >= len(stream):
            break
        step = min(step, len(stream) - position)
        seen += counter.count(stream[position : position + step])
        position += step
        assert seen == sum(end <= position for end in ends)
        begin = max([0, *(end for end in ends if end <= position)])
        assert counter.held == position - begin
        in_header = counter.held < 5
        assert counter.missing == (5 - counter.held if in_header else min(e for e in ends if e > position) - position)


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.0\r\n\r\n", b"\x17\x03\x03\xff\xff", b"\x17\x02\x03\x00\x01"])
def test_garbage_is_something_for_openssl_to_see(garbage):
    counter = RecordCounter()
    assert sum(counter.count(bytes([byte])) for byte in garbage) >= 1
    assert counter.missing > 0


def test_reading_what_is_missing_never_goes_beyond_a_record():
    stream = record(7) + record(0) + record(300, kind=22)
    counter = RecordCounter()
    records = 0
    while stream:
        before = records
        size = counter.missing
        records += counter.count(stream[:size])
        assert records <= before + 1
        assert (counter.held == 0) == (records > before)
        stream = stream[size:]
    assert records == 3
