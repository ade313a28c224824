"""metaphore."""

from __future__ import annotations

import pytest

from eventlet.coros import metaphore
from eventlet.greenthread import spawn
from tests.helpers import settle


def test_it_waits_for_zero(autojump_hub):
    counter = metaphore()
    counter.wait()
    counter.inc()
    counter.inc(2)
    waiters = [spawn(counter.wait) for _ in range(2)]
    settle()
    counter.dec(2)
    settle()
    assert not waiters[0].dead
    counter.dec()
    for waiter in waiters:
        waiter.wait()
    counter.wait()
    counter.inc()
    assert counter.counter == 1


@pytest.mark.parametrize("by", [0, -1])
def test_only_positive_numbers(autojump_hub, by):
    counter = metaphore()
    with pytest.raises(AssertionError):
        counter.inc(by)
    with pytest.raises(AssertionError):
        counter.dec(by)


def test_no_less_than_zero(autojump_hub):
    counter = metaphore()
    counter.inc()
    with pytest.raises(AssertionError):
        counter.dec(2)
    assert counter.counter == 1
