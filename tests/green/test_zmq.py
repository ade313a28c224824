"""eventlet.green.zmq over real ØMQ sockets on loopback."""

from __future__ import annotations

import socket
import sys

import pytest

import eventlet
from eventlet.hubs import available_hubs
from tests.helpers import SOME_SECONDS, OSThread, check_python, settle

zmq = pytest.importorskip("eventlet.green.zmq", reason="pyzmq is not installed (the extra eventlet[zmq])")

#: Milliseconds that a wait which should end by itself may take.
LIMIT = int(SOME_SECONDS * 1000)


class KeepingContext(zmq.Context):
    """Closes its sockets by itself, but keeps them until then: a forgotten socket warns."""

    _kept: list = []

    def socket(self, *args, **kwargs):
        sock = super().socket(*args, **kwargs)
        self._kept = [*self._kept, sock]
        return sock


@pytest.fixture
def context(hub):
    context = KeepingContext()
    context.setsockopt(zmq.RCVTIMEO, LIMIT)
    context.setsockopt(zmq.SNDTIMEO, LIMIT)
    yield context
    context.destroy(linger=0)


@pytest.fixture
def connected(context):
    """Make pairs of sockets of two types, the first one bound."""

    def connect(bound_type, connected_type, **options):
        bound, other = context.socket(bound_type), context.socket(connected_type)
        for name, value in options.items():
            bound.setsockopt(getattr(zmq, name), value)
            other.setsockopt(getattr(zmq, name), value)
        port = bound.bind_to_random_port("tcp://127.0.0.1")
        other.connect(f"tcp://127.0.0.1:{port}")
        return bound, other

    return connect


def wait_for(condition):
    with eventlet.Timeout(SOME_SECONDS):
        while not condition():
            eventlet.sleep(0.001)


def test_request_and_reply(connected, spawn):
    server, client = connected(zmq.REP, zmq.REQ)

    def serve():
        while True:
            server.send_multipart([*server.recv_multipart(), b"reply"])

    spawn(serve)
    for number in range(50):
        client.send_multipart([b"request", b"%d" % number])
        assert client.recv_multipart() == [b"request", b"%d" % number, b"reply"]


def test_publish_and_subscribe(connected, spawn):
    publisher, subscriber = connected(zmq.XPUB, zmq.SUB)
    subscriber.setsockopt(zmq.SUBSCRIBE, b"a")
    assert publisher.recv() == b"\x01a"  # now it is known
    got = spawn(lambda: [subscriber.recv_string() for _ in range(2)])
    for text in ("a1", "b1", "a2"):
        publisher.send_string(text)
        eventlet.sleep(0)
    assert got.wait() == ["a1", "a2"]


def test_a_subscription_set_while_somebody_waits(connected, spawn):
    publisher, subscriber = connected(zmq.XPUB, zmq.SUB)
    got = spawn(subscriber.recv)
    eventlet.sleep(0)
    subscriber.subscribe(b"")
    assert publisher.recv() == b"\x01"
    publisher.send(b"news")
    assert got.wait() == b"news"


def test_push_waits_for_room_and_others_run(connected, spawn):
    puller, pusher = connected(zmq.PULL, zmq.PUSH, SNDHWM=2, RCVHWM=2, SNDBUF=4096, RCVBUF=4096)
    sent = []

    def send():
        for number in range(200):
            pusher.send(b"%04d" % number + b"x" * 20000)
            sent.append(number)

    sender = spawn(send)
    wait_for(lambda: sent)
    settle()
    assert len(sent) < 200
    assert [int(puller.recv()[:4]) for _ in range(200)] == list(range(200))
    sender.wait()


def test_one_receives_and_one_sends_on_the_same_socket(connected, spawn):
    left, right = connected(zmq.PAIR, zmq.PAIR, SNDHWM=2, RCVHWM=2)

    def send(sock):
        for number in range(300):
            sock.send(b"%d" % number + b" " * 9000)

    def receive(sock):
        return [int(sock.recv()) for _ in range(300)]

    senders = [spawn(send, sock) for sock in (left, right)]
    receivers = [spawn(receive, sock) for sock in (left, right)]
    assert [receiver.wait() for receiver in receivers] == [list(range(300))] * 2
    for sender in senders:
        sender.wait()


def test_two_receivers_of_one_socket_get_whole_messages(connected, spawn):
    router, dealer = connected(zmq.DEALER, zmq.DEALER)
    receivers = [spawn(lambda: [dealer.recv_multipart() for _ in range(50)]) for _ in range(2)]
    eventlet.sleep(0)
    senders = [
        spawn(lambda name=name: [router.send_multipart([name, b"%d" % number]) for number in range(50)])
        for name in (b"a", b"b")
    ]
    got = [message for receiver in receivers for message in receiver.wait()]
    assert sorted(got) == sorted([name, b"%d" % number] for name in (b"a", b"b") for number in range(50))
    for sender in senders:
        sender.wait()


def test_reading_EVENTS_takes_nothing_from_who_waits(connected, spawn):
    puller, pusher = connected(zmq.PULL, zmq.PUSH)
    got = spawn(puller.recv)
    eventlet.sleep(0)
    pusher.send(b"one")
    # Without the loop of the hub in between: this is what makes the descriptor unreadable.
    while not puller.getsockopt(zmq.EVENTS) & zmq.POLLIN:
        pass
    assert got.wait() == b"one"


@pytest.mark.parametrize("milliseconds", [0, 20])
def test_timeouts(connected, milliseconds):
    server, client = connected(zmq.DEALER, zmq.DEALER)
    server.RCVTIMEO = milliseconds
    with pytest.raises(zmq.Again):
        server.recv()
    lonely = server.context.socket(zmq.PUSH)
    lonely.SNDTIMEO = milliseconds
    with pytest.raises(zmq.Again):
        lonely.send(b"nobody is there")
    with pytest.raises(zmq.Again):
        lonely.send(b"nobody is there", zmq.NOBLOCK)
    client.send(b"late")
    server.RCVTIMEO = LIMIT
    assert server.recv() == b"late"


def test_a_timeout_or_kill_loses_no_message(connected, spawn):
    puller, pusher = connected(zmq.PULL, zmq.PUSH)
    for _ in range(3):
        with pytest.raises(eventlet.Timeout), eventlet.Timeout(0.001):
            puller.recv()
        victim = spawn(puller.recv)
        eventlet.sleep(0)
        victim.kill()
    pusher.send(b"kept")
    assert puller.recv() == b"kept"


def test_who_is_killed_after_it_was_woken_leaves_the_message_to_the_next(connected, spawn):
    puller, pusher = connected(zmq.PULL, zmq.PUSH)
    victim, other = spawn(puller.recv), spawn(puller.recv)
    eventlet.sleep(0)
    pusher.send(b"kept")
    while not puller.getsockopt(zmq.EVENTS):
        pass  # the last look has woken the first one
    victim.kill()
    assert other.wait() == b"kept"


@pytest.mark.parametrize("wait", ["recv", "poll", "send"])
def test_closing_wakes_who_waits(context, spawn, wait):
    sock = context.socket(zmq.DEALER)
    sock.bind_to_random_port("tcp://127.0.0.1")
    waits = {"recv": sock.recv, "send": lambda: sock.send(b""), "poll": lambda: sock.poll(None)}
    waiting = spawn(waits[wait])
    eventlet.sleep(0)
    sock.close()
    with pytest.raises(zmq.ZMQError) as caught:
        waiting.wait()
    assert caught.value.errno == zmq.ENOTSOCK
    with pytest.raises(zmq.ZMQError):
        sock.recv()


def test_ending_the_context_wakes_who_waits_and_waits_for_them(hub, spawn):
    context = zmq.Context()
    sock = context.socket(zmq.PULL)

    def receive():
        try:
            sock.recv()
        except zmq.ContextTerminated:
            eventlet.sleep(0.01)
            sock.close()
            return "ended"

    receiver = spawn(receive)
    eventlet.sleep(0)
    enders = [spawn(context.term) for _ in range(2)]
    assert receiver.wait() == "ended"
    for ender in enders:
        ender.wait()
    assert context.closed
    context.term()  # nothing to do


def test_killing_who_ends_the_context_ends_it_all_the_same(hub, spawn):
    context = zmq.Context()
    sock = context.socket(zmq.PULL)
    ender = spawn(context.term)
    settle()
    ender.kill()
    assert not context.closed
    sock.close()
    wait_for(lambda: context.closed)


def test_a_router_that_is_writable_but_for_one_peer(connected, spawn):
    router, dealer = connected(zmq.ROUTER, zmq.DEALER, SNDHWM=1, RCVHWM=1, SNDBUF=4096, RCVBUF=4096)
    router.ROUTER_MANDATORY = 1
    other = router.context.socket(zmq.DEALER)
    other.connect(router.getsockopt_string(zmq.LAST_ENDPOINT))
    other.send(b"here")
    router.recv_multipart()
    dealer.send(b"here")
    name, _ = router.recv_multipart()

    def send(letter):
        for number in range(60):
            router.send_multipart([name, letter + b"%02d" % number + b"x" * 50000])

    senders = [spawn(send, letter) for letter in (b"a", b"b")]
    settle()
    assert not any(sender.dead for sender in senders)
    assert router.getsockopt(zmq.EVENTS) & zmq.POLLOUT  # as it says
    got = [dealer.recv()[:3] for _ in range(120)]
    for letter in (b"a", b"b"):
        assert [name for name in got if name[:1] == letter] == [letter + b"%02d" % number for number in range(60)]
    for sender in senders:
        sender.wait()


def test_poller_over_sockets_of_both_kinds(connected, spawn):
    puller, pusher = connected(zmq.PULL, zmq.PUSH)
    left, right = socket.socketpair()
    with left, right:
        poller = zmq.Poller()
        poller.register(puller, zmq.POLLIN)
        poller.register(left, zmq.POLLIN)
        assert poller.poll(0) == []
        assert poller.poll(5) == []
        spawn(pusher.send, b"message")
        assert poller.poll(LIMIT) == [(puller, zmq.POLLIN)]
        assert puller.recv() == b"message"
        spawn(right.send, b"bytes")
        assert dict(poller.poll()) == {left.fileno(): zmq.POLLIN}
        assert zmq.select([puller, left], [left], [], SOME_SECONDS) == ([left.fileno()], [left.fileno()], [])
        poller.modify(left, zmq.POLLOUT)
        assert poller.poll(LIMIT) == [(left.fileno(), zmq.POLLOUT)]


def test_one_polls_and_one_receives_on_the_same_socket(connected, spawn):
    left, right = connected(zmq.PAIR, zmq.PAIR)
    polls = [spawn(left.poll, None, zmq.POLLIN) for _ in range(2)]
    eventlet.sleep(0)
    receiver = spawn(left.recv)
    eventlet.sleep(0)
    right.send(b"1")
    right.send(b"2")
    assert receiver.wait() == b"1"
    assert [poll.wait() for poll in polls] == [zmq.POLLIN, zmq.POLLIN]
    assert left.recv() == b"2"


def test_frames_trackers_and_objects(connected):
    left, right = connected(zmq.PAIR, zmq.PAIR)
    tracker = left.send(b"z" * 1000, copy=False, track=True)
    frame = right.recv(copy=False)
    assert frame.bytes == b"z" * 1000
    tracker.wait(SOME_SECONDS)
    left.send_json({"a": [1]})
    assert right.recv_json() == {"a": [1]}
    left.send_pyobj({1, 2})
    assert right.recv_pyobj() == {1, 2}
    left.send(b"12345")
    if hasattr(zmq.Socket, "recv_into"):  # pyzmq 26.4
        buffer = bytearray(10)
        assert right.recv_into(buffer) == 5
        assert buffer[:5] == b"12345"


def test_a_proxy_passes_on_in_both_directions_until_the_context_ends(hub, spawn):
    context = zmq.Context()
    front, back = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
    ports = [sock.bind_to_random_port("tcp://127.0.0.1") for sock in (front, back)]
    client, server, tap, capture = (context.socket(kind) for kind in (zmq.REQ, zmq.REP, zmq.PULL, zmq.PUSH))
    tap.bind("inproc://tap")
    capture.connect("inproc://tap")
    client.connect(f"tcp://127.0.0.1:{ports[0]}")
    server.connect(f"tcp://127.0.0.1:{ports[1]}")
    passing = spawn(zmq.proxy, front, back, capture)
    for number in range(5):
        client.send(b"%d" % number)
        assert server.recv() == b"%d" % number
        server.send(b"reply")
        assert client.recv() == b"reply"
        assert tap.recv_multipart()[-1] == b"%d" % number
        assert tap.recv_multipart()[-1] == b"reply"
    for sock in (client, server, tap):
        sock.close(0)
    ending = spawn(context.term)
    with pytest.raises(zmq.ContextTerminated):
        passing.wait()
    for sock in (front, back, capture):
        sock.close(0)
    ending.wait()


def test_a_steerable_proxy_obeys(context, spawn):
    sockets = [context.socket(kind) for kind in (zmq.ROUTER, zmq.DEALER, zmq.REP)]
    for name, sock in zip(("front", "back", "control"), sockets):
        sock.bind(f"inproc://{name}")
    passing = spawn(zmq.proxy_steerable, sockets[0], sockets[1], None, sockets[2])
    client, server, control = (context.socket(kind) for kind in (zmq.REQ, zmq.REP, zmq.REQ))
    client.identity = b"client"
    for name, sock in (("front", client), ("back", server), ("control", control)):
        sock.connect(f"inproc://{name}")

    def command(text):
        control.send(text)
        return control.recv_multipart()

    client.send(b"question")
    assert server.recv() == b"question"
    assert command(b"PAUSE") == command(b"PAUSE") == [b""]
    server.send(b"reply")
    settle()
    assert not client.poll(0)
    assert command(b"no such command") == [b""]
    assert command(b"RESUME") == command(b"RESUME") == [b""]
    assert client.recv() == b"reply"
    numbers = [int.from_bytes(part, sys.byteorder) for part in command(b"STATISTICS")]
    there, back = [3, len(b"client") + len(b"question")], [3, len(b"client") + len(b"reply")]
    assert numbers == there + back + back + there
    assert command(b"TERMINATE") == [b""]
    assert passing.wait() == 0


def test_a_socket_and_a_context_of_the_class_are_what_they_should_be(context):
    import zmq as standard

    sock = context.socket(zmq.PUSH)
    assert isinstance(sock, standard.Socket)
    assert isinstance(context, standard.Context)
    assert type(zmq.Context.instance()) is zmq.Context
    zmq.Context.instance().term()
    assert "POLLIN" in dir(zmq)
    assert zmq.NOBLOCK == standard.NOBLOCK
    assert "Socket(zmq.PUSH)" in repr(sock)


def test_sockets_in_another_os_thread(connected):
    puller, pusher = connected(zmq.PULL, zmq.PUSH)

    def answer():
        from eventlet.hubs import get_hub

        try:
            return puller.recv()
        finally:
            get_hub().close()

    thread = OSThread(answer)
    eventlet.sleep(0.01)
    pusher.send(b"across")
    assert thread.join_green() == b"across"


PATCHED = """
    import eventlet
    {patch}
    from {zmq} import Context, Poller
    import {zmq} as zmq

    with Context() as context:
        with context.socket(zmq.REP) as server, context.socket(zmq.REQ) as client:
            port = server.bind_to_random_port("tcp://127.0.0.1")
            client.connect(f"tcp://127.0.0.1:{port}")

            def ask():
                client.send(b"question")
                return client.recv()

            asking = eventlet.spawn(ask)
            waiting = Poller()
            waiting.register(server)
            assert waiting.poll(30000)
            assert server.recv() == b"question"
            # The thread that collects what was sent without copying must not stop us.
            tracker = server.send(b"answer" * 100000, copy=False, track=True)
            assert asking.wait() == b"answer" * 100000
            tracker.wait(30)
    print("done")
"""

WAYS = {
    "auto": ("eventlet.monkey_patch(auto=True)", "zmq"),
    "twin": ("eventlet.monkey_patch()", "eventlet.green.zmq"),
    "auto and twin": ("eventlet.monkey_patch(auto=True)", "eventlet.green.zmq"),
    "twin alone": ("", "eventlet.green.zmq"),
}


@pytest.mark.slow
@pytest.mark.parametrize("hub_name", available_hubs())
@pytest.mark.parametrize("way", WAYS)
def test_in_a_process_of_its_own(way, hub_name):
    patch, module = WAYS[way]
    script = PATCHED.replace("{patch}", patch).replace("{zmq}", module)
    assert check_python(script, environment={"EVENTLET_HUB": hub_name}) == "done\n"


def test_without_pyzmq_the_error_names_the_extra():
    script = """
        import sys
        sys.modules["zmq"] = None
        try:
            import eventlet.green.zmq
        except ModuleNotFoundError as error:
            print(error.name, error)
    """
    assert check_python(script) == "zmq eventlet.green.zmq needs pyzmq: pip install 'eventlet[zmq]'\n"
