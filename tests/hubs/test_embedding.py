"""`embed`, with a host of a few lines: what every adaptor relies on. The real toolkits are in test_hosts.py."""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import time

import pytest

from eventlet import greenio
from eventlet.event import Event
from eventlet.greenthread import kill, sleep, spawn
from eventlet.hubs import HubError, embed, hosts
from eventlet.hubs.hub import BaseHub
from tests.helpers import SOME_SECONDS, OSThread


class Loop:
    """The smallest loop that has files and timers."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.timers = []
        self.order = itertools.count()
        self.running = False

    def call_later(self, seconds, call):
        timer = [time.monotonic() + seconds, next(self.order), call]
        heapq.heappush(self.timers, timer)
        return timer

    def run(self, until):
        self.running = True
        deadline = time.monotonic() + SOME_SECONDS
        try:
            while not until():
                assert time.monotonic() < deadline, "it never happened"
                seconds = max(0.0, self.timers[0][0] - time.monotonic()) if self.timers else 1.0
                for key, _ in self.selector.select(min(seconds, 1.0)):
                    key.data()
                now = time.monotonic()
                while self.timers and self.timers[0][0] <= now:
                    call = heapq.heappop(self.timers)[2]
                    if call is not None:
                        call()
        finally:
            self.running = False


class LoopHost(hosts.Host):
    """All that a new kind of host needs."""

    def __init__(self, loop):
        self.loop = loop
        self.fd = self.timer = None

    def watch(self, fd, call):
        self.loop.selector.register(fd, selectors.EVENT_READ, call)
        self.fd = fd

    def unwatch(self):
        if self.fd is not None:
            self.loop.selector.unregister(self.fd)
            self.fd = None

    def set_timer(self, seconds, call):
        self.cancel_timer()
        self.timer = self.loop.call_later(seconds, call)

    def cancel_timer(self):
        if self.timer is not None:
            self.timer[2] = None

    def is_running(self):
        return self.loop.running


@pytest.fixture
def loop(hub):
    if type(hub).fileno is BaseHub.fileno:
        pytest.skip(f"the {hub.name} hub has no fileno")
    loop = Loop()
    yield loop
    loop.selector.close()


@pytest.fixture
def embedding(hub, loop):
    with embed(LoopHost(loop)) as embedding:
        yield embedding


def test_green_threads_run_while_the_hosts_loop_does(loop, embedding):
    ticks = []

    def tick():
        ticks.append(None)
        loop.call_later(0.001, tick)

    def echo(left):
        left.sendall(left.recv(100).upper())

    left, right = greenio_pair()
    tick()
    spawn(echo, left)
    client = spawn(lambda: sleep(0.01) or right.sendall(b"hello") or right.recv(100))
    loop.run(lambda: client.dead)
    assert client.wait() == b"HELLO"
    assert len(ticks) > 1
    left.close()
    right.close()


def greenio_pair():
    from eventlet.green import socket

    left, right = socket.socketpair()
    assert isinstance(left, greenio.GreenSocket)
    return left, right


def test_the_host_goes_on_while_green_threads_never_wait(loop, embedding):
    turns = []
    stop = False

    def busy():
        while not stop:
            sleep(0)

    def tick():
        turns.append(None)
        loop.call_later(0, tick)

    spawn(busy)
    tick()
    loop.run(lambda: len(turns) > 20)
    stop = True
    loop.run(lambda: not embedding.hub._ready)


def test_host_and_green_threads_call_each_other(loop, embedding):
    asked, answers = Event(), []

    def green():
        question = asked.wait()
        embedding.call(answers.append, question + 1)
        with pytest.raises(ZeroDivisionError):
            embedding.call(lambda: 1 / 0)
        return embedding.call(loop.call_later, 0.001, lambda: answers.append("later"))

    spawn(green)
    loop.call_later(0.001, lambda: asked.send(1))
    loop.run(lambda: len(answers) == 2)
    assert answers == [2, "later"]
    assert embedding.call(lambda: "at once, in the host") == "at once, in the host"


def test_the_host_may_do_what_does_not_wait(loop, embedding):
    done, event = [], Event()
    waiter, victim = spawn(event.wait), spawn(Event().wait)

    def act():
        event.send("sent")
        kill(victim)
        done.append(victim.dead)

    loop.call_later(0.001, act)
    loop.run(lambda: waiter.dead and done)
    assert done == [True]
    assert waiter.wait() == "sent"


@pytest.mark.parametrize("seconds", [float("inf"), 1e300, 1e12])
def test_a_host_is_asked_for_no_timer_that_it_cannot_count_to(loop, embedding, monkeypatch, seconds):
    asked = []
    set_timer = embedding.host.set_timer
    monkeypatch.setattr(embedding.host, "set_timer", lambda s, call: asked.append(s) or set_timer(s, call))
    sleeper = spawn(sleep, seconds)
    thread = spawn(lambda: sleep(0.01) or 5)
    loop.run(lambda: thread.dead)
    loop.run(lambda: asked[-1] > 1)
    assert max(asked) <= 86400
    kill(sleeper)


@pytest.mark.parametrize("interrupt", [kill, lambda _: sleep(0), lambda _: Event().wait(0)])
def test_a_host_that_lets_others_run_for_a_moment_comes_back_to_the_hub(loop, embedding, interrupt):
    victim, event, done = spawn(Event().wait), Event(), []
    last = spawn(event.wait)
    loop.run(lambda: not embedding.hub._ready)

    def act():
        interrupt(victim)
        event.send("sent")
        done.append(victim.dead)

    loop.call_later(0.001, act)
    loop.run(lambda: done and last.dead)
    assert last.wait() == "sent"
    assert done == [interrupt is kill]
    victim.kill()


def test_waiting_in_the_host_is_an_error_there(loop, embedding):
    caught = []

    def act():
        for wait in (lambda: sleep(1), Event().wait):
            with pytest.raises(RuntimeError, match="would block the host's loop") as error:
                wait()
            caught.append(error)

    loop.call_later(0.001, act)
    loop.run(lambda: caught)
    thread = spawn(lambda: sleep(0.001) or 5)
    loop.run(lambda: thread.dead)
    assert thread.wait() == 5


def test_a_host_whose_loop_does_not_run_may_wait(loop, embedding):
    assert spawn(lambda: sleep(0.001) or 5).wait() == 5


def test_another_os_thread_wakes_the_host(loop, embedding):
    event = Event()
    thread = spawn(event.wait)
    loop.run(lambda: not embedding.hub._ready)
    other = OSThread(lambda: time.sleep(0.01) or event.send("sent"))
    loop.run(lambda: thread.dead)
    other.join()
    assert thread.wait() == "sent"


def test_a_loop_within_a_green_thread(loop, embedding):
    closed = Event()

    def dialog():
        loop.run(closed.ready)
        return "closed"

    opened = spawn(dialog)
    loop.call_later(0.005, closed.send)
    loop.run(lambda: opened.dead)
    assert opened.wait() == "closed"


def test_an_exception_for_the_program_comes_out_of_the_hosts_loop(loop, embedding):
    def interrupt():
        raise KeyboardInterrupt

    spawn(interrupt)
    with pytest.raises(KeyboardInterrupt):
        loop.run(lambda: False)
    thread = spawn(lambda: sleep(0.001) or 5)
    loop.run(lambda: thread.dead)


def test_after_closing_the_hub_is_on_its_own(hub, loop):
    embedding = embed(LoopHost(loop))
    thread = spawn(lambda: sleep(0.002) or 5)
    loop.run(lambda: not hub._ready)
    embedding.close()
    embedding.close()
    assert embedding.is_closed
    assert thread.wait() == 5
    assert not loop.selector.get_map()
    with pytest.raises(RuntimeError, match="closed"):
        embedding.call(print)
    if hub.name.startswith("asyncio"):
        with pytest.raises(HubError, match="embedded in a loop already"):
            embed(LoopHost(loop))  # by now in its own
        return
    with embed(LoopHost(loop)):
        thread = spawn(lambda: 6)
        loop.run(lambda: thread.dead)


def test_closing_the_hub_closes_the_embedding(hub, loop):
    embedding = embed(LoopHost(loop))
    hub.close()
    assert embedding.is_closed
    assert not loop.selector.get_map()


def test_one_host_at_a_time(loop, embedding):
    with pytest.raises(HubError, match="embedded in a loop already"):
        embed(LoopHost(loop))


@pytest.mark.parametrize("host", [None, 5, "tk", object()])
def test_what_is_no_host_is_refused(loop, host):
    with pytest.raises(TypeError, match="cannot embed a hub in"):
        embed(host)


def test_an_adaptor_says_what_it_lacks():
    host = hosts.Host()
    for call in (lambda: host.watch(0, print), host.unwatch, lambda: host.set_timer(0, print), host.cancel_timer):
        with pytest.raises(NotImplementedError, match="a host adaptor must have"):
            call()
    assert host.is_running()


def test_a_step_wakes_only_some_when_many_are_ready(loop, embedding):
    # The host has its turn in between, however many green threads there are.
    hub = embedding.hub
    if type(hub).report_at_most is BaseHub.report_at_most:
        pytest.skip(f"the {hub.name} hub reports all at once")
    embedding.host.budget = 0  # one poll in each step
    pairs = [greenio_pair() for _ in range(200)]
    woken = []
    readers = [spawn(lambda end=end: woken.append(end.recv(9))) for end, _ in pairs]
    loop.run(lambda: len(hub.get_readers()) == len(pairs))
    for _, peer in pairs:
        socket.socket.send(peer, b"x")  # not waiting, in the host
    counts = [0]

    def until():
        counts.append(len(woken))
        return len(woken) == len(pairs)

    loop.run(until)
    most = max(b - a for a, b in zip(counts, counts[1:]))
    assert 0 < most <= 2 * LoopHost.events_at_once  # of the host's loop: one step for the fd, one for the timer
    for thread in readers:
        thread.wait()
    for end in itertools.chain(*pairs):
        end.close()


def test_whoever_leaves_the_host_lifts_the_limit(loop, hub, monkeypatch):
    limits = []
    monkeypatch.setattr(type(hub), "report_at_most", lambda self, count: limits.append(count))
    with embed(LoopHost(loop)):
        assert limits == [LoopHost.events_at_once]
    assert limits == [LoopHost.events_at_once, 0]
