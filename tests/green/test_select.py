"""select, poll, epoll and selectors: what waits lets others run, and the answers are the standard ones."""

import os
import socket

import pytest

import eventlet
from eventlet.green import select, selectors
from eventlet.green import socket as green_socket
from tests.helpers import SOME_SECONDS, fill_send_buffer


@pytest.fixture
def pipe(hub):
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


class TestSelect:
    def test_what_is_ready_returns_at_once_in_the_caller_s_order(self, hub, pair):
        left, right = pair
        left.send(b"x")
        fd = right.fileno()

        assert select.select([right, left, fd, right], [right, left], [right]) == (
            [right, fd, right],
            [right, left],
            [],
        )

    def test_waits_for_the_first_event(self, hub, pair, spawn):
        left, right = pair
        spawn(left.send, b"x")

        assert select.select([left, right], [], []) == ([right], [], [])

    def test_waits_for_room(self, hub, pair, spawn):
        left, right = pair
        fill_send_buffer(left)
        assert select.select([], [left], [], 0) == ([], [], [])
        spawn(lambda: right.recv(1 << 22))

        assert select.select([], [left], []) == ([], [left], [])

    def test_hang_up_is_readable(self, hub, pair, spawn):
        left, right = pair
        spawn(left.shutdown, socket.SHUT_RDWR)

        assert select.select([right], [], []) == ([right], [], [])

    def test_timeout(self, autojump_hub, pair):
        assert select.select(pair, [], [], 5.5) == ([], [], [])
        assert autojump_hub.clock() == 5.5

    def test_without_fds_it_sleeps(self, autojump_hub):
        assert select.select([], [], [], 2) == ([], [], [])
        assert autojump_hub.clock() == 2

    def test_timeout_of_zero_lets_others_run(self, hub, pair, spawn):
        ran = []
        spawn(ran.append, 1)

        assert select.select(pair, [], [], 0) == ([], [], [])
        assert ran == [1]

    def test_urgent_data_is_exceptional(self, hub, spawn):
        with socket.create_server(("127.0.0.1", 0)) as server:
            with socket.create_connection(server.getsockname()) as client, server.accept()[0] as connection:
                spawn(client.send, b"!", socket.MSG_OOB)

                assert select.select([], [], [connection], 20) == ([], [], [connection])

    def test_several_may_wait_for_the_same(self, hub, pair, spawn):
        left, right = pair
        waiting = [spawn(select.select, [right], [], []) for _ in range(3)]
        eventlet.sleep(0)
        left.send(b"x")

        assert [thread.wait() for thread in waiting] == [([right], [], [])] * 3

    def test_killing_the_waiter_leaves_nothing_behind(self, hub, pair, spawn):
        thread = spawn(select.select, pair, pair[:1], pair)
        eventlet.sleep(0)
        fill_send_buffer(pair[0])
        thread.kill()

        assert thread.dead

    def test_a_regular_file_is_ready(self, hub, tmp_path):
        with open(tmp_path / "file", "w+") as file:
            assert select.select([file], [file], [file], 5)[:2] == ([file], [file])

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            (([-1], [], []), ValueError),
            ((["1"], [], []), TypeError),
            (([object()], [], []), TypeError),
            ((1, [], []), TypeError),
            (([], [], [], "1"), TypeError),
            (([], [], [], -1), ValueError),
        ],
    )
    def test_wrong_arguments_are_refused_as_by_the_standard_one(self, hub, arguments, error):
        import select as standard

        for module in (standard, select):
            with pytest.raises(error):
                module.select(*arguments)

    def test_a_closed_fd_is_an_error(self, hub):
        fd = os.dup(0)
        os.close(fd)
        with pytest.raises(OSError, match="Bad file descriptor"):
            select.select([fd], [], [])

    def test_a_close_that_the_hub_is_told_of_ends_the_wait_with_an_error(self, hub, spawn):
        left, right = socket.socketpair()
        with left:
            thread = spawn(select.select, [right], [], [])
            eventlet.sleep(0)
            eventlet.hubs.notify_close(right.fileno())
            right.close()
            with pytest.raises(OSError, match="Bad file descriptor"):
                thread.wait()

    def test_get_fileno(self):
        assert select.get_fileno(3) == 3
        with pytest.raises(TypeError):
            select.get_fileno("3")

    def test_others_run_although_something_is_always_ready(self, hub, spawn, pipe):
        os.write(pipe[1], b"x")
        ran = []
        spawn(ran.append, 1)
        while not ran:
            assert select.select([pipe[0]], [], []) == ([pipe[0]], [], [])

    def test_what_was_reported_can_be_received_again_and_again(self, hub, spawn):
        with green_socket.create_server(("127.0.0.1", 0)) as server:
            with green_socket.create_connection(server.getsockname()) as client, server.accept()[0] as connection:
                client.settimeout(SOME_SECONDS)
                for text in (b"one", b"two", b"three"):
                    thread = spawn(select.select, [client], [], [])
                    eventlet.sleep(0)
                    connection.sendall(text)
                    assert thread.wait() == ([client], [], [])
                    assert client.recv(50) == text  # a short read: the next recv() would wait at once


class TestPoll:
    def test_two_cannot_wait_with_one_object(self, hub, spawn, pipe):
        poll = select.poll()
        poll.register(pipe[0], select.POLLIN)
        waiting = spawn(poll.poll)
        eventlet.sleep(0)
        with pytest.raises(RuntimeError, match="concurrent"):
            poll.poll()
        os.write(pipe[1], b"x")
        assert waiting.wait() == [(pipe[0], select.POLLIN)]
        assert poll.poll() == [(pipe[0], select.POLLIN)]

    def test_a_timeout_beyond_a_c_int_is_refused(self, hub):
        with pytest.raises(OverflowError):
            select.poll().poll(2**31)

    def test_waits_for_events(self, hub, pair, spawn):
        left, right = pair
        poller = select.poll()
        poller.register(right, select.POLLIN)
        spawn(left.send, b"x")

        assert poller.poll() == [(right.fileno(), select.POLLIN)]

    def test_timeout_is_in_milliseconds(self, autojump_hub, pair):
        poller = select.poll()
        poller.register(pair[0].fileno(), select.POLLIN)

        assert poller.poll(1500) == []
        assert autojump_hub.clock() == 1.5

    def test_negative_timeout_waits(self, hub, pair, spawn):
        left, right = pair
        poller = select.poll()
        poller.register(right)
        poller.modify(right, select.POLLIN)
        spawn(left.send, b"x")

        assert poller.poll(-1) == [(right.fileno(), select.POLLIN)]

    def test_hang_up_is_seen_though_nothing_is_asked_for(self, hub, pair, spawn):
        left, right = pair
        left.send(b"data that does not matter")
        poller = select.poll()
        poller.register(right, 0)
        spawn(left.shutdown, socket.SHUT_RDWR)
        spawn(right.shutdown, socket.SHUT_WR)

        assert poller.poll(20000) == [(right.fileno(), select.POLLHUP)]

    def test_registration_errors(self, hub, pair):
        poller = select.poll()
        with pytest.raises(KeyError):
            poller.unregister(pair[0])
        with pytest.raises(FileNotFoundError):
            poller.modify(pair[0], select.POLLIN)
        with pytest.raises(TypeError):
            poller.register("fd")
        with pytest.raises(TypeError):
            poller.poll("1")


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="this system has no epoll")
class TestEpoll:
    def test_waits_for_events(self, hub, pair, spawn):
        left, right = pair
        with select.epoll() as poller:
            poller.register(right, select.EPOLLIN)
            spawn(left.send, b"x")

            assert poller.poll() == [(right.fileno(), select.EPOLLIN)]
            assert poller.poll(maxevents=1) == [(right.fileno(), select.EPOLLIN)]
        assert poller.closed

    def test_timeout(self, autojump_hub, pair):
        with select.epoll() as poller:
            poller.register(pair[0], select.EPOLLIN)

            assert poller.poll(1.5) == []
        assert autojump_hub.clock() == 1.5

    def test_fromfd(self, hub, pair, spawn):
        left, right = pair
        with select.epoll() as first:
            second = select.epoll.fromfd(os.dup(first.fileno()))
            second.register(right, select.EPOLLIN)
            spawn(left.send, b"x")
            assert first.poll() == [(right.fileno(), select.EPOLLIN)]
            second.close()


class TestSelectors:
    @pytest.fixture(params=["DefaultSelector", "SelectSelector", "PollSelector", "EpollSelector", "KqueueSelector"])
    def selector(self, request, hub):
        if not hasattr(selectors, request.param):
            pytest.skip(f"this system has no {request.param}")
        with getattr(selectors, request.param)() as selector:
            yield selector

    def test_waits_for_events(self, selector, pair, spawn):
        left, right = pair
        key = selector.register(right, selectors.EVENT_READ, "data")
        spawn(left.send, b"x")

        assert selector.select() == [(key, selectors.EVENT_READ)]

    def test_timeout(self, selector, pair, spawn):
        selector.register(pair[0], selectors.EVENT_READ)
        ran = []
        spawn(ran.append, 1)

        assert selector.select(0.05) == []
        assert ran == [1]

    def test_both_directions(self, selector, pair):
        left, right = pair
        left.send(b"x")
        key = selector.register(right, selectors.EVENT_READ | selectors.EVENT_WRITE)

        assert selector.select() == [(key, selectors.EVENT_READ | selectors.EVENT_WRITE)]

    def test_it_is_a_standard_selector(self, selector):
        import selectors as standard

        assert isinstance(selector, standard.BaseSelector)
