"""Greenlets run one task after another, and nobody can tell."""

from __future__ import annotations

import contextvars
import gc
import itertools
import tracemalloc
import weakref

import greenlet
import pytest

from eventlet.corolocal import local
from eventlet.event import Event
from eventlet.greenpool import GreenPile, GreenPool
from eventlet.greenthread import getcurrent, kill, sleep, spawn, spawn_after, spawn_n
from eventlet.hubs import _carrier, available_hubs, get_hub
from tests.helpers import settle

uses = itertools.count()
uses_of_pools = itertools.count()
WARM_UP = 10_000  # more than the specialising interpreters of 3.11 and later need to rewrite a function

pytestmark = pytest.mark.skipif(not _carrier.CAN_RECYCLE, reason="no recycling on this build of Python")


@pytest.fixture
def warm(hub):
    """Interpreters specialise functions that run often, which may change what counts as a reference."""
    for _ in range(WARM_UP // 100 if next(uses) == 0 else 1):  # the rewritten code is all hubs'
        for _ in range(100):
            spawn(int)
        settle()
    return hub


def distinct(idents):
    return len(set(idents))


def test_carriers_are_used_again(warm):
    idents = []
    for _ in range(200):
        spawn_n(lambda: idents.append(id(getcurrent())))
        settle()
    assert distinct(idents) <= 5


def test_a_burst_of_pool_tasks_shares_few_carriers(warm):
    pool, idents = GreenPool(1000), []
    for _ in range(500):
        pool.spawn_n(lambda: idents.append(id(getcurrent())))
    pool.waitall()
    assert len(idents) == 500
    assert distinct(idents) <= 5


def test_green_threads_that_were_waited_for_and_dropped_are_used_again(warm):
    idents = []
    for _ in range(200):
        idents.append(spawn(lambda: id(getcurrent())).wait())
        settle()
    assert distinct(idents) <= 5


def test_a_pile_uses_carriers_again(warm):
    pile = GreenPile(10)
    for _ in range(100):
        pile.spawn(lambda: id(getcurrent()))
    assert distinct(pile) <= 10


HOLDS = {
    "a name": lambda thread, keep: keep.append(thread),
    "a weak reference": lambda thread, keep: keep.append(weakref.ref(thread)),
    "a proxy": lambda thread, keep: keep.append(weakref.proxy(thread)),
    "a weak key": lambda thread, keep: keep.append(weakref.WeakKeyDictionary({thread: 1})),
    "a bound method": lambda thread, keep: keep.append(thread.wait),
    "greenlet's bound method": lambda thread, keep: keep.append(thread.switch),
    "a closure": lambda thread, keep: keep.append(lambda: thread),
    "a container": lambda thread, keep: keep.append([[thread]]),
    "a finaliser": lambda thread, keep: keep.append(weakref.finalize(thread, int)),
    "an attribute of its own": lambda thread, keep: setattr(thread, "me", thread),
}


@pytest.mark.parametrize("hold", list(HOLDS))
@pytest.mark.parametrize("when", ["at spawn", "while it runs"])
def test_one_that_somebody_holds_is_never_used_again(warm, hold, when):
    keep = []

    def work():
        if when == "while it runs":
            HOLDS[hold](getcurrent(), keep)

    thread = spawn(work)
    if when == "at spawn":
        HOLDS[hold](thread, keep)
    ident = id(thread)
    watcher = keep[0] if keep else None
    del thread
    settle()
    if hold in ("a name", "a container", "a bound method", "a closure", "greenlet's bound method"):
        # It is alive, so nothing else may live at its place.
        later = []
        for _ in range(100):
            spawn(lambda: later.append(id(getcurrent())))
            settle()
        assert ident not in later
    elif hold == "a weak reference" and watcher is not None:
        for _ in range(100):
            spawn(lambda: watcher() is getcurrent() and pytest.fail("a weak reference sees the next task"))
            settle()
    elif hold == "a weak key" and watcher is not None:
        for _ in range(100):
            assert spawn(lambda: watcher.get(getcurrent())).wait() is None
            settle()
    elif hold == "a finaliser":
        for _ in range(10):
            settle()
        gc.collect()
        assert not keep[0].alive  # it was called: the greenlet is gone, and not in use for another task


@pytest.fixture
def warm_pool(warm):
    """A pool, with the path of a burst of its tasks specialised as well."""
    pool = GreenPool(1000)
    for _ in range(WARM_UP // 100 if next(uses_of_pools) == 0 else 1):
        for _ in range(100):
            pool.spawn_n(int)
        pool.waitall()
    return pool


def test_tasks_of_a_burst_follow_one_another_in_one_carrier(warm_pool):
    idents = []
    for _ in range(100):
        warm_pool.spawn_n(lambda: idents.append(id(getcurrent())))
    warm_pool.waitall()
    assert distinct(idents) == 1


@pytest.mark.parametrize("hold", list(HOLDS))
@pytest.mark.parametrize("leaves", ["never", "to the hub", "to another", "in a child"])
def test_in_a_burst_one_that_somebody_holds_runs_no_other_task(warm_pool, hold, leaves):
    keep, held, wrong = [], [], []

    def leave():
        if leaves == "to the hub":
            get_hub().call_later(0, getcurrent().switch)
            get_hub().switch()
        elif leaves == "to another":
            sleep(0)
        elif leaves == "in a child":
            child = greenlet.greenlet(lambda: sleep(0))  # when it ends control comes back, not by a call
            child.switch()

    def holder():
        leave()
        HOLDS[hold](getcurrent(), keep)
        held.append(id(getcurrent()))

    def other():
        if hold == "a weak reference":
            reused = any(reference() is getcurrent() for reference in keep)
        elif hold == "a weak key":
            reused = any(getcurrent() in mapping for mapping in keep)
        elif hold == "an attribute of its own":
            reused = hasattr(getcurrent(), "me")
        elif hold in ("a proxy", "a finaliser"):
            reused = False  # cannot be told from here: see below
        else:
            reused = id(getcurrent()) in held  # those live on, so that no other can have the id
        if reused:
            wrong.append(hold)

    for _ in range(20):
        warm_pool.spawn_n(holder)
        warm_pool.spawn_n(other)
    warm_pool.waitall()
    for _ in range(5):
        warm_pool.spawn_n(other)
        settle()
    assert len(held) == 20
    assert wrong == []
    gc.collect()
    if hold == "a proxy":
        for proxy in keep:
            with pytest.raises(ReferenceError):
                proxy.dead  # noqa: B018  it is gone, and not in use for another task
    elif hold == "a finaliser":
        assert not any(finalizer.alive for finalizer in keep)


def test_a_held_one_keeps_its_result(warm):
    held = [spawn(lambda number=number: number) for number in range(50)]
    for _ in range(20):
        spawn_n(int)
        settle()
    assert [thread.wait() for thread in held] == list(range(50))
    assert all(thread.dead for thread in held)
    assert all(thread.ready() for thread in held)


def test_one_held_only_by_its_waiter_keeps_its_result(warm):
    def outer():
        return spawn(lambda: (sleep(0), "inner")[1]).wait()

    for _ in range(50):
        assert spawn(outer).wait() == "inner"


def test_a_dead_one_stays_dead(warm):
    held = spawn(int)
    settle()
    for _ in range(10):
        spawn_n(sleep, 0)
        settle()
        assert held.dead
        assert not held


def test_links_do_not_pass_to_the_next(warm):
    calls = []
    for _ in range(50):
        spawn(int).link(lambda this: calls.append(1))
        settle()
        spawn(int)
        settle()
    assert len(calls) == 50


def test_attributes_locals_and_contexts_do_not_pass_to_the_next(warm):
    variable = contextvars.ContextVar("variable", default="unset")
    data, leaks, idents = local(), [], []

    def work():
        idents.append(id(getcurrent()))
        leaks.append((vars(getcurrent()).get("mark"), vars(data).copy(), variable.get()))
        getcurrent().mark = data.mark = "set"
        variable.set("set")

    pool = GreenPool(5)
    for _ in range(30):
        spawn(work)
        spawn_n(work)
        pool.spawn_n(work)
        pool.spawn(work)
        spawn_after(0, work)
        settle()
    assert leaks == [(None, {}, "unset")] * 150
    assert distinct(idents) < 100  # some were used again, or this shows nothing


def test_what_a_task_held_goes_with_it(warm):
    class Thing:
        pass

    dead = []

    def work(thing, *, keyword):
        dead.extend((weakref.ref(thing), weakref.ref(keyword)))

    for start in (spawn, spawn_n, GreenPool(1).spawn_n, GreenPool(1).spawn):
        start(work, Thing(), keyword=Thing())
    for _ in range(5):
        settle()
    gc.collect()
    assert [ref() for ref in dead] == [None] * 8


def test_a_killed_one_is_as_good_as_new(warm):
    for _ in range(50):
        thread = spawn(sleep, 1000)
        settle()
        kill(thread)
        del thread
        assert spawn(lambda: "fine").wait() == "fine"


def test_an_exception_does_not_pass_to_the_next(warm, reported):
    import sys

    for _ in range(50):
        spawn_n(lambda: 1 / 0)
        settle()
        assert spawn(lambda: (sys.exc_info(), sleep(0), sys.exc_info())).wait() == (
            (None, None, None),
            None,
            (None, None, None),
        )
    assert len(reported) == 50


def test_tracing_and_frames_of_idle_ones_do_not_bother(warm):
    # As oslo.reports and debuggers do: walk all greenlets and look at their frames.
    for candidate in gc.get_objects():
        if isinstance(candidate, greenlet.greenlet):
            frame = candidate.gr_frame
            while frame is not None:
                frame = frame.f_back
    assert spawn(lambda: "fine").wait() == "fine"


def test_while_somebody_looks_at_all_objects_nothing_goes_wrong(warm):
    held = []
    for _ in range(5):
        spawn_n(int)
        settle()
        held.append([o for o in gc.get_objects() if isinstance(o, greenlet.greenlet)])
        assert spawn(lambda: "fine").wait() == "fine"


def test_idle_carriers_are_bounded(hub):
    release = Event()
    for _ in range(_carrier.MAX_IDLE + 200):
        spawn_n(release.wait)
    settle()
    release.send()
    for _ in range(5):
        settle()
    assert len(hub.idle_carriers) <= _carrier.MAX_IDLE


def test_memory_is_flat_over_100_000_spawns_and_kills(hub):
    """Objects and bytes, after a warm-up, must not grow with the number of green threads that have been."""

    def some(count):
        for _ in range(count // 100):
            parked = [spawn(sleep, 1000) for _ in range(30)]
            unstarted = [spawn(int) for _ in range(20)]
            for thread in unstarted:
                thread.kill()
            for _ in range(30):
                spawn_n(int)
            for _ in range(20):
                spawn(int)
            sleep(0)
            for thread in parked:
                thread.kill()
        parked.clear()
        unstarted.clear()
        settle()
        settle()
        gc.collect()

    full = hub.name == available_hubs()[0]  # the hubs do not differ in this
    some(20_000 if full else 2000)
    objects = len(gc.get_objects())
    some(75_000 if full else 5000)
    assert len(gc.get_objects()) - objects < 2000
    if full:
        tracemalloc.start()  # which makes everything slow
        try:
            some(200)
            size = tracemalloc.get_traced_memory()[0]
            some(1800)
            assert tracemalloc.get_traced_memory()[0] - size < 200_000
        finally:
            tracemalloc.stop()
    assert hub.get_timers_count() == 0


def test_memory_is_flat_over_os_threads_with_hubs(backend):
    from eventlet.hubs import use_hub
    from tests.helpers import OSThread

    def work():
        use_hub(backend)
        for _ in range(3):
            spawn(sleep, 0).wait()

    def objects():
        gc.collect()
        return len(gc.get_objects())

    for _ in range(5):
        OSThread(work).join()
    before = objects()
    for _ in range(30):
        OSThread(work).join()
    assert objects() - before < 30 * 100


def test_counting_references_leaves_no_greenlet_behind():
    """One that is parked for ever can never be freed: for every hub that is made there would be another one."""

    def witnesses():
        return sum(type(thing) is _carrier._Witness for thing in gc.get_objects())

    gc.collect()
    before = witnesses()
    assert _carrier.count_entered_references() >= 0
    assert witnesses() == before
