"""Lock."""

from __future__ import annotations

import pytest

from eventlet.greenthread import kill, sleep, spawn
from eventlet.lock import Lock
from tests.helpers import settle


def test_one_holder_at_a_time(autojump_hub):
    lock, inside = Lock(), []

    def work():
        with lock:
            inside.append(1)
            assert len(inside) == 1
            sleep(1)
            inside.pop()

    threads = [spawn(work) for _ in range(5)]
    for thread in threads:
        thread.wait()
    assert autojump_hub.clock() == 5


def test_anybody_may_release_it(autojump_hub):
    lock = Lock()
    spawn(lock.acquire).wait()
    assert lock.locked()
    lock.release()
    assert not lock.locked()


def test_releasing_an_unlocked_one_is_an_error(autojump_hub):
    lock = Lock()
    with pytest.raises(RuntimeError, match="release unlocked lock"):
        lock.release()
    assert lock.acquire(blocking=False)


def test_it_is_handed_over_locked(autojump_hub):
    lock = Lock()
    lock.acquire()
    waiter = spawn(lock.acquire)
    settle()
    lock.release()
    assert lock.locked()
    assert lock.acquire(blocking=False) is False
    waiter.wait()
    lock.release()


def test_acquire_with_timeouts_as_threading_has_them(autojump_hub):
    lock = Lock()
    assert lock.acquire(True, -1)
    assert lock.acquire(True, 2) is False
    assert autojump_hub.clock() == 2
    with pytest.raises(ValueError, match="timeout"):
        lock.acquire(False, 2)
    with pytest.raises(ValueError, match="timeout"):
        lock.acquire(True, -5)


def test_killing_who_waits_for_it(autojump_hub):
    lock = Lock()
    lock.acquire()
    victim = spawn(lock.acquire)
    settle()
    lock.release()
    kill(victim)
    assert lock.acquire(blocking=False)


def test_the_standard_librarys_fork_hook(autojump_hub):
    lock = Lock()
    lock.acquire()
    lock._at_fork_reinit()
    assert not lock.locked()
    assert lock.acquire(blocking=False)
