"""pika, kombu, nameko and pyzmq: messages."""

from __future__ import annotations

import threading

import pytest

from tests.programs import _programs
from tests.programs._meeting import SECONDS_TO_WAIT
from tests.programs._rabbitmq import rabbitmq
from tests.programs.conftest import COUNT

pytestmark = pytest.mark.isolated


@pytest.fixture(scope="module")
def rabbitmq_port(tmp_path_factory):
    with rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as port:
        yield port


def test_pika(program, rabbitmq_port):
    assert program("pika_waits", rabbitmq_port, COUNT) == "done\n"


def test_kombu_with_rabbitmq(program, rabbitmq_port):
    assert program("kombu_waits", f"amqp://127.0.0.1:{rabbitmq_port}", COUNT) == "something\n"


def test_kombu_with_redis(program, redis_port):
    _programs.skip_without("redis")
    assert program("kombu_waits", f"redis://127.0.0.1:{redis_port}", COUNT) == "something\n"


def test_kombu_in_memory(program):
    assert program("kombu_waits", "memory://", COUNT) == "something\n"


@pytest.fixture
def zmq_url():
    """A socket, in an OS thread, that answers COUNT requests at once."""
    _programs.skip_without("zmq")
    import zmq

    context = zmq.Context()
    router = context.socket(zmq.ROUTER)
    router.linger = 0
    port = router.bind_to_random_port("tcp://127.0.0.1")

    def answer():
        with router:
            try:
                while True:
                    for message in [router.recv_multipart() for _ in range(COUNT)]:
                        router.send_multipart(message)
            except zmq.ContextTerminated:
                pass

    thread = threading.Thread(target=answer)
    thread.start()
    yield f"tcp://127.0.0.1:{port}"
    context.term()
    thread.join(SECONDS_TO_WAIT)


def test_pyzmq(program, zmq_url):
    assert program("zmq_waits", zmq_url, COUNT, auto=True) == "done\n"


def test_nameko(program, rabbitmq_port):
    assert program("nameko_service", rabbitmq_port, COUNT) == "done\n"
