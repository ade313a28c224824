"""The functions over the default pool, and `Proxy`."""

from __future__ import annotations

import copy

import pytest

import eventlet
from eventlet import _pristine, tpool
from eventlet.tpool import Proxy
from tests.helpers import OSThread, check_python, run_python

get_ident = _pristine.thread.get_ident


@pytest.fixture(autouse=True)
def _default_pool(request, monkeypatch):
    """A default pool of the test's own, which ends with it."""
    if "hub" in request.fixturenames:
        request.getfixturevalue("hub")
        monkeypatch.setattr(tpool, "_default", tpool._DefaultPool())
        yield
        tpool.killall()
    else:
        yield


def test_all_keywords_are_the_functions(hub):
    assert tpool.execute(dict, timeout=1, meth=2, self=3, nonblocking=4) == {
        "timeout": 1,
        "meth": 2,
        "self": 3,
        "nonblocking": 4,
    }


def test_set_num_threads(hub):
    tpool.set_num_threads(0)
    assert tpool.execute(get_ident) == get_ident()
    tpool.set_num_threads(3)
    assert tpool.execute(get_ident) != get_ident()
    assert tpool._default.pool.size == 3
    with pytest.raises(ValueError, match="negative"):
        tpool.set_num_threads(-1)


def test_killall_before_anything_else_does_nothing(hub):
    tpool.killall()
    assert tpool._default.pool is None


def test_tworker_lends_the_pool_a_thread(hub, spawn):
    tpool.set_num_threads(1)
    idents = []
    lent = OSThread(lambda: [idents.append(get_ident()), tpool.tworker()])
    while not tpool._default.pool.threads():
        eventlet.sleep(0.001)  # it is on its way
    assert tpool.execute(get_ident) == idents[0]
    ended = spawn(tpool.tpool_trampoline)
    eventlet.sleep(0)
    assert not ended.dead
    with pytest.raises(RuntimeError, match="already"):
        tpool.execute(tpool.tworker)
    tpool.killall()
    lent.join_green()
    ended.wait()
    tpool.tpool_trampoline()  # there are no threads


def test_tworker_leaves_when_there_are_too_many(hub):
    tpool.set_num_threads(1)
    tpool.execute(get_ident)
    OSThread(tpool.tworker).join()
    assert tpool._default.pool.threads() == 1
    tpool.set_num_threads(0)
    OSThread(tpool.tworker).join()


@pytest.mark.parametrize(("given", "size"), [("7", 7), ("0", 0), ("", 20), (None, 20)])
def test_the_environment_says_how_many_threads(given, size):
    script = """
        import os, eventlet
        from eventlet import tpool
        os.environ.update(EVENTLET_THREADPOOL_SIZE=os.environ.pop("LATER", "")) # read when it is first needed
        tpool.setup()
        print(tpool._default.pool.size)
    """
    assert check_python(script, environment={} if given is None else {"LATER": given}) == f"{size}\n"


def test_a_size_that_is_no_number_is_an_error():
    done = run_python(
        "from eventlet import tpool; tpool.execute(int)", environment={"EVENTLET_THREADPOOL_SIZE": "many"}
    )
    assert done.stderr.endswith("ValueError: EVENTLET_THREADPOOL_SIZE should be a number of threads, not 'many'\n")


class Part:
    def __init__(self, name):
        self.name = name

    def ident(self):
        return get_ident()


class Thing:
    """The documentation."""

    def __init__(self):
        self.items = {"a": 1}
        self.part = Part("attribute")
        self.idents = []
        self.value = 3

    def ident(self):
        """Return who calls."""
        return get_ident()

    def make_part(self):
        return Part("result")

    def itself(self):
        return self

    def fail(self):
        raise LookupError("no")

    def keywords(self, **kwargs):
        return kwargs

    def __call__(self, *args, **kwargs):
        return get_ident(), args, kwargs

    def __getitem__(self, key):
        self.idents.append(get_ident())
        return self.items[key]

    def __setitem__(self, key, value):
        self.idents.append(get_ident())
        self.items[key] = value

    def __delitem__(self, key):
        self.idents.append(get_ident())
        del self.items[key]

    def __contains__(self, key):
        self.idents.append(get_ident())
        return key in self.items

    def __len__(self):
        self.idents.append(get_ident())
        return len(self.items)

    def __str__(self):
        self.idents.append(get_ident())
        return "a thing"

    def __repr__(self):
        self.idents.append(get_ident())
        return "Thing()"

    def __eq__(self, other):
        self.idents.append(get_ident())
        return isinstance(other, Thing) and self.items == other.items

    def __hash__(self):
        self.idents.append(get_ident())
        return 7

    def __enter__(self):
        self.idents.append(get_ident())
        return self

    def __exit__(self, kind, error, traceback):
        self.idents.append(get_ident())
        return kind is KeyError


@pytest.fixture
def thing(hub):
    return Thing()


def _all_elsewhere(thing):
    return thing.idents and get_ident() not in thing.idents


class TestProxy:
    def test_methods_run_in_a_thread(self, thing):
        proxy = Proxy(thing)
        assert proxy.ident() != get_ident()
        assert proxy.ident(nonblocking=True) == get_ident()
        assert proxy.keywords(a=1) == {"a": 1}
        assert proxy.ident.__name__ == "ident"
        assert proxy.ident.__doc__ == "Return who calls."
        with pytest.raises(LookupError, match="no"):
            proxy.fail()
        with pytest.raises(AttributeError):
            proxy.missing  # noqa: B018

    def test_calling(self, thing):
        ident, args, kwargs = Proxy(thing)(1, a=2)
        assert ident != get_ident()
        assert (args, kwargs) == ((1,), {"a": 2})

    def test_a_module_or_class_may_be_behind_it(self, hub):
        import math

        assert Proxy(math).sqrt(4) == 2
        assert Proxy(math).pi == math.pi
        assert Proxy(int)("3") == 3

    def test_attributes(self, thing):
        proxy = Proxy(thing)
        assert proxy.value == 3
        proxy.value = 4
        assert thing.value == 4
        del proxy.value
        assert not hasattr(thing, "value")
        assert not hasattr(proxy, "value")
        assert set(dir(thing)) <= set(dir(proxy))

    def test_items(self, thing):
        proxy = Proxy(thing)
        proxy["b"] = 2
        assert proxy["b"] == 2
        assert "b" in proxy
        assert len(proxy) == 2
        assert bool(proxy)
        del proxy["b"]
        assert "b" not in proxy
        assert thing.items == {"a": 1}
        with pytest.raises(KeyError):
            proxy["b"]
        assert _all_elsewhere(thing)

    def test_text_and_comparison(self, thing):
        proxy = Proxy(thing)
        assert str(proxy) == "a thing"
        assert repr(proxy) == "Thing()"
        assert proxy == thing
        assert proxy == Proxy(thing)
        assert proxy != 3
        assert proxy != Proxy(3)
        assert hash(proxy) == 7
        assert {proxy: 1}[proxy] == 1
        assert _all_elsewhere(thing)

    def test_iteration(self, hub):
        idents = []

        def generate():
            for number in range(3):
                idents.append(get_ident())
                yield number

        proxy = Proxy(generate())
        assert iter(proxy) is proxy
        assert next(proxy) == 0
        assert proxy.next() == 1
        assert list(proxy) == [2]
        with pytest.raises(StopIteration):
            next(proxy)
        assert get_ident() not in idents
        assert list(Proxy([1, 2])) == [1, 2]
        with pytest.raises(TypeError):
            iter(Proxy(3))

    def test_the_elements_are_wrapped_too(self, hub):
        (part,) = Proxy([Part("element")], autowrap=(Part,))
        assert type(part) is Proxy

    def test_with(self, thing):
        proxy = Proxy(thing)
        with proxy as entered:
            assert entered is proxy
            raise KeyError
        with pytest.raises(ValueError), proxy:  # noqa: PT011
            raise ValueError
        assert _all_elsewhere(thing)

    def test_copies(self, thing):
        proxy = Proxy(thing, autowrap_names=("part",))
        shallow, deep = copy.copy(proxy), copy.deepcopy(proxy)
        assert type(shallow) is type(deep) is Proxy
        assert shallow.items is thing.items
        assert deep.items == thing.items
        assert deep.items is not thing.items
        assert type(deep.part) is Proxy

    @pytest.mark.parametrize("how", [{"autowrap": (Part,)}, {"autowrap": Part}])
    def test_autowrap(self, thing, how):
        proxy = Proxy(thing, **how)
        assert type(proxy.make_part()) is Proxy
        assert proxy.make_part().ident() != get_ident()
        assert type(proxy.part) is Proxy
        assert type(proxy.value) is int

    def test_autowrap_names(self, thing):
        proxy = Proxy(thing, autowrap_names=("make_part", "part", "__call__"))
        assert type(proxy.make_part()) is Proxy
        assert type(proxy.part) is Proxy
        assert type(proxy()) is Proxy
        assert type(proxy.ident()) is int

    def test_what_returns_itself_stays_behind_the_proxy(self, thing):
        proxy = Proxy(thing)
        assert proxy.itself() is proxy
        assert Proxy(thing, autowrap=(Thing,)).itself().ident() != get_ident()

    def test_autowrap_must_be_classes(self):
        with pytest.raises(TypeError):
            Proxy(1, autowrap=("Part",))

    def test_others_run_during_a_call(self, hub, spawn):
        gate = _pristine.original("threading").Event()
        spawn(gate.set)
        assert Proxy(gate).wait(20) is True


def test_importing_it_reads_nothing_and_starts_nothing():
    script = """
        import eventlet, threading
        from eventlet import tpool
        print(tpool._default.pool, threading.active_count())
    """
    assert check_python(script, environment={"EVENTLET_THREADPOOL_SIZE": "many"}) == "None 1\n"
    assert eventlet.tpool is tpool
