"""The kqueue hub on an imitation of kqueue(2), where the system has none; on the real one, the other tests run it.

The imitation has the kernel's rules that the hub relies on, as far as its author knows them (none was at hand):
changes to what is not there are errors, EV_CLEAR is settled when an event is made, a close deletes events, regular
files are readable only before their end. Readiness itself is real: two epoll sets, one for each filter.
"""

from __future__ import annotations

import errno
import os
import select as real_select
import socket
import stat
import types

import pytest

from eventlet import hubs
from eventlet.greenthread import sleep, spawn
from eventlet.hubs import kqueue
from eventlet.hubs._readiness import READABLE, WRITABLE, file_identity
from eventlet.testing import hub_contract
from tests.helpers import OSThread

pytestmark = pytest.mark.skipif(not hasattr(real_select, "epoll"), reason="no epoll to imitate kqueue with")

READ, WRITE = -1, -2
ADD, DELETE, ENABLE, CLEAR, ERROR, EOF = 0x1, 0x2, 0x4, 0x20, 0x4000, 0x8000


class Event:
    def __init__(self, ident, filter=READ, flags=ADD):
        self.ident, self.filter, self.flags = ident, filter, flags


class Queue:
    """An imitation of select.kqueue, with what the hub uses of it."""

    def __init__(self):
        self._sets = {READ: real_select.epoll(), WRITE: real_select.epoll()}
        self._both = real_select.epoll()  # stands for all, as the one fd of a kqueue does
        for one in self._sets.values():
            self._both.register(one, real_select.EPOLLIN)
        self._events = {}  # (fd, filter) → (flags, identity)
        self._pid = os.getpid()
        self.closed = False

    def fileno(self):
        return self._both.fileno()

    def close(self):
        if not self.closed:
            self.closed = True
            for one in (self._both, *self._sets.values()):
                one.close()

    def control(self, changes, max_events, timeout=None):
        if os.getpid() != self._pid:
            raise OSError(errno.EBADF, "a kqueue is not inherited")
        self._forget_closed()
        for change in changes or ():
            self._change(change)
        if not max_events:
            return []
        self._both.poll(-1 if timeout is None else timeout)
        self._forget_closed()
        found = []
        for kernel_filter, one in self._sets.items():
            for fd, mask in one.poll(0, max_events - len(found)) if len(found) < max_events else ():
                if (fd, kernel_filter) in self._events:
                    gone = real_select.EPOLLHUP | real_select.EPOLLERR
                    gone |= real_select.EPOLLRDHUP if kernel_filter == READ else 0
                    found.append(Event(fd, kernel_filter, EOF if mask & gone else 0))
        return found

    def _change(self, change):
        key = fd, kernel_filter = change.ident, change.filter
        one, known = self._sets[kernel_filter], key in self._events
        identity = file_identity(fd)
        if identity is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if change.flags & DELETE:
            if not known:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            del self._events[key]
            one.unregister(fd)
            return
        if not change.flags & ADD and not known:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if stat.S_ISREG(os.fstat(fd).st_mode):
            return  # never at its end, in these tests: never ready
        flags = self._events[key][0] if known else change.flags & CLEAR
        mask = (real_select.EPOLLIN | real_select.EPOLLRDHUP) if kernel_filter == READ else real_select.EPOLLOUT
        mask |= real_select.EPOLLET if flags else 0
        try:
            one.modify(fd, mask) if known else one.register(fd, mask)
        except FileExistsError:
            one.modify(fd, mask)
        self._events[key] = (flags, identity)

    def _forget_closed(self):
        for key, (_, identity) in list(self._events.items()):
            if file_identity(key[0]) != identity:
                del self._events[key]
                try:
                    self._sets[key[1]].unregister(key[0])
                except OSError:
                    self._start_over(key[1])

    def _start_over(self, kernel_filter):
        """Let go of a file that is open elsewhere: kqueue does that, epoll does not."""
        self._sets[kernel_filter].close()
        self._sets[kernel_filter] = real_select.epoll()
        self._both.register(self._sets[kernel_filter], real_select.EPOLLIN)
        for (fd, its_filter), (flags, identity) in list(self._events.items()):
            if its_filter == kernel_filter and file_identity(fd) == identity:
                del self._events[fd, its_filter]
                self._change(Event(fd, its_filter, ADD | flags))


@pytest.fixture(autouse=True)
def imitation(monkeypatch):
    kernel = types.SimpleNamespace(
        kqueue=Queue,
        kevent=Event,
        KQ_FILTER_READ=READ,
        KQ_FILTER_WRITE=WRITE,
        KQ_EV_ADD=ADD,
        KQ_EV_DELETE=DELETE,
        KQ_EV_ENABLE=ENABLE,
        KQ_EV_CLEAR=CLEAR,
        KQ_EV_EOF=EOF,
        KQ_EV_ERROR=ERROR,
    )
    monkeypatch.setattr(kqueue, "_kernel", kernel)
    return kernel


@pytest.fixture
def ends():
    left, right = socket.socketpair()
    with left, right:
        left.setblocking(False)
        right.setblocking(False)
        yield left, right


@pytest.fixture
def hub():
    hub = kqueue.Hub()
    yield hub
    hub.close()


@pytest.mark.parametrize("check", hub_contract.CHECKS)
def test_contract(check):
    check(kqueue.Hub)


def test_a_socket_is_registered_once_for_its_life(hub, ends, monkeypatch):
    changes = []
    monkeypatch.setattr(Queue, "_change", lambda self, change: changes.append(change))
    hub.set_lasting_interest(ends[0].fileno())
    assert [(change.filter, change.flags) for change in changes] == [(READ, ADD | CLEAR), (WRITE, ADD | CLEAR)]


def test_lasting_and_other_interest_do_not_mix(hub, ends):
    # EV_ADD would not change an event's kind.
    left, right = ends
    fd = left.fileno()
    hub.set_interest(fd, READABLE)
    hub.set_lasting_interest(fd)
    right.send(b"x")
    assert hub.do_poll(20)
    assert hub.do_poll(0) == []
    hub.set_interest(fd, 0)
    hub.set_interest(fd, READABLE)
    for _ in range(2):
        assert hub.do_poll(20) == [(fd, READABLE)]


def test_lasting_interest_ends_when_the_fd_is_watched_for_a_time(hub, ends):
    left, right = ends
    hub.set_lasting_interest(left.fileno())
    hub.set_interest(left.fileno(), READABLE)
    right.send(b"x")
    for _ in range(2):
        assert hub.do_poll(20) == [(left.fileno(), READABLE)]


def test_both_filters_of_an_fd_are_one_event(hub, ends):
    left, right = ends
    right.send(b"x")
    hub.set_interest(left.fileno(), READABLE | WRITABLE)
    assert hub.do_poll(20) == [(left.fileno(), READABLE | WRITABLE)]


def test_the_end_of_the_stream_is_told(hub, ends):
    left, right = ends
    hub.set_lasting_interest(left.fileno())
    hub.do_poll(0)
    right.shutdown(socket.SHUT_WR)
    ((fd, events),) = hub.do_poll(20)
    assert fd == left.fileno()
    assert events & kqueue.HUNG_UP


def test_a_pipe_that_nobody_reads_is_ready_for_writing(hub, ends, monkeypatch):
    # FreeBSD answers EPIPE to the change itself.
    def broken(self, change):
        if change.filter == WRITE:
            raise BrokenPipeError(errno.EPIPE, "broken")

    monkeypatch.setattr(Queue, "_change", broken)
    hub.set_interest(ends[0].fileno(), WRITABLE)
    assert hub.do_poll(None) == [(ends[0].fileno(), WRITABLE | kqueue.HUNG_UP)]
    assert hub.do_poll(0) == []


def test_an_error_among_the_events_wakes_both_directions(hub, ends, monkeypatch):
    fd = ends[0].fileno()
    monkeypatch.setattr(Queue, "control", lambda self, changes, size, timeout: [Event(fd, READ, ERROR)])
    assert hub.do_poll(0) == [(fd, READABLE | kqueue.HUNG_UP)]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENODEV, errno.ENOTSUP])
def test_what_kqueue_cannot_watch_is_an_error_at_the_call(hub, ends, monkeypatch, number):
    def refuse(self, change):
        raise OSError(errno.ENOENT if change.flags & DELETE else number, "no")

    monkeypatch.setattr(Queue, "_change", refuse)
    with pytest.raises(ValueError, match=r"kqueue cannot watch fd \d+ \(no\); EVENTLET_HUB=poll may"):
        hub.set_interest(ends[0].fileno(), READABLE)


def test_a_childs_number_that_means_something_else_by_now_is_not_closed(hub):
    number = hub._queue.fileno()
    hub.after_fork()  # in the imitation the number is still open, as if it had been taken
    os.fstat(number)
    assert [queue.fileno() for queue in hub._not_ours] == [number]
    hub._not_ours.pop().close()


def test_a_host_is_told_that_a_child_has_another_queue(hub):
    before = hub.fileno_changes
    hub.after_fork()
    assert hub.fileno_changes > before
    hub._not_ours.pop().close()


def test_upstreams_names(hub, ends):
    assert kqueue.Hub.MAX_EVENTS > 1
    listener = hub.add(evtype=hub.READ, fileno=ends[0].fileno(), cb=print, tb=print, mac=None)
    hub.remove(listener)


def test_no_more_events_at_once_than_there_is_room_for(hub, monkeypatch):
    monkeypatch.setattr(kqueue.Hub, "MAX_EVENTS", 2)
    pairs = [socket.socketpair() for _ in range(5)]
    for left, right in pairs:
        right.send(b"x")
        hub.set_lasting_interest(left.fileno())
    found = {}
    while batch := hub.do_poll(0):
        assert len(batch) <= 2
        for fd, events in batch:
            found[fd] = found.get(fd, 0) | events
    assert found == {left.fileno(): READABLE | WRITABLE for left, _ in pairs}
    for end in sum(pairs, ()):
        end.close()


def test_green_sockets_on_it():
    from eventlet import connect, listen, serve

    def main():
        hubs.use_hub(kqueue.Hub)
        server = listen(("127.0.0.1", 0))

        ended = []

        def echo(client, _):
            while data := client.recv(1000):
                client.sendall(data)
            ended.append(client)

        acceptor = spawn(serve, server, echo)
        clients = [connect(server.getsockname()) for _ in range(20)]
        for number in range(50):
            for client in clients:
                client.sendall(b"%d" % number)
            assert {client.recv(100) for client in clients} == {b"%d" % number}
        big = bytes(3_000_000)
        sender = spawn(clients[0].sendall, big)
        got = 0
        while got < len(big):
            got += len(clients[0].recv(65536))
        sender.wait()
        for client in clients:
            client.close()
        while len(ended) < 20:
            sleep(0.001)
        sleep(0)  # `serve` closes the last one
        acceptor.kill()
        server.close()
        hubs.get_hub().close()

    OSThread(main).join()
