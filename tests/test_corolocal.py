"""local."""

from __future__ import annotations

import gc
import weakref

import pytest

from eventlet import corolocal
from eventlet.corolocal import local
from eventlet.greenthread import getcurrent, kill, sleep, spawn
from tests.helpers import OSThread, settle


class Thing:
    pass


def some_turns():
    """Enough for a greenlet to be re-used or let go of."""
    for _ in range(5):
        settle()
    gc.collect()


def test_each_green_thread_has_its_own_attributes(autojump_hub):
    data = local()
    data.name = "main"

    def work(name):
        assert not hasattr(data, "name")
        data.name = name
        sleep(1)
        return data.name

    threads = [spawn(work, name) for name in "abc"]
    assert [thread.wait() for thread in threads] == ["a", "b", "c"]
    assert data.name == "main"


def test_attributes_do_not_pass_to_the_next_green_thread(autojump_hub):
    data = local()

    def work():
        seen = vars(data).copy()
        data.secret = 1
        return seen

    for _ in range(50):
        assert spawn(work).wait() == {}


def test_what_it_looks_like(autojump_hub):
    data = local()
    data.x = 1
    assert data.__dict__ == {"x": 1}
    del data.x
    with pytest.raises(AttributeError):
        data.x  # noqa: B018
    with pytest.raises(AttributeError):
        del data.x
    with pytest.raises(AttributeError, match="read-only"):
        data.__dict__ = {}
    with pytest.raises(AttributeError, match="read-only"):
        del data.__dict__
    with pytest.raises(TypeError):
        local(1)


def test_a_subclass_is_initialised_in_each_green_thread(autojump_hub):
    calls = []

    class Settings(local):
        default = "class"

        def __init__(self, *args, **kw):
            calls.append(getcurrent())
            self.args = args
            self.__dict__.update(kw)

        @property
        def double(self):
            return self.value * 2

        @double.setter
        def double(self, value):
            self.value = value // 2

    settings = Settings(1, 2, value=3)

    def work():
        assert (settings.args, settings.value, settings.default, settings.double) == ((1, 2), 3, "class", 6)
        settings.double = 20
        return settings.value

    assert spawn(work).wait() == 10
    assert settings.value == 3
    assert len(calls) == 2


def test_values_go_when_their_green_thread_ends(autojump_hub):
    data, dead = local(), []

    def work():
        data.thing = Thing()
        dead.append(weakref.ref(data.thing))

    spawn(work)
    some_turns()
    assert dead[0]() is None


def test_values_go_when_their_green_thread_is_killed(autojump_hub):
    data, dead = local(), []

    def work():
        data.thing = Thing()
        dead.append(weakref.ref(data.thing))
        sleep(1000)

    thread = spawn(work)
    settle()
    kill(thread)
    del thread
    some_turns()
    assert dead[0]() is None


def test_values_go_with_the_local(autojump_hub):
    data = local()
    data.thing = Thing()
    dead = weakref.ref(data.thing)
    del data
    gc.collect()
    assert dead() is None


def test_a_new_local_starts_empty_even_at_an_old_ones_place(autojump_hub):
    for _ in range(100):
        data = local()
        assert vars(data) == {}
        data.x = 1
        del data


def test_os_threads_have_their_own_too(hub):
    data = local()
    data.x = "main"
    assert OSThread(lambda: hasattr(data, "x")).join() is False
    assert data.x == "main"


def test_get_ident(autojump_hub):
    assert corolocal.get_ident() == id(getcurrent())
    first, second = spawn(lambda: (corolocal.get_ident(), sleep(1))[0]), spawn(corolocal.get_ident)
    assert first.wait() != second.wait()


def test_two_locals_do_not_mix(autojump_hub):
    one, two = local(), local()
    one.x, two.x = 1, 2
    assert (one.x, two.x) == (1, 2)


def test_a_cycle_of_a_local_and_a_value_in_it_is_garbage(autojump_hub):
    thing = Thing()
    thing.data = local()
    thing.data.thing = thing
    dead = weakref.ref(thing)
    del thing
    gc.collect()
    assert dead() is None


def test_a_new_local_starts_empty_even_at_the_place_of_one_that_was_in_a_cycle(autojump_hub):
    for _ in range(20):
        data = local()
        assert vars(data) == {}
        data.myself = data
        del data
        gc.collect()


def test_values_go_at_once_when_told_to(autojump_hub):
    data = local()
    data.thing = Thing()
    dead = weakref.ref(data.thing)
    corolocal.forget_current()
    assert dead() is None
    assert vars(data) == {}
