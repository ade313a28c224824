"""nameko: a service with remote calls, events, a timer and its clients, in one process. arguments: port, count

libraries: nameko
"""

import logging
import sys
import threading
import uuid

from _together import together
from nameko.containers import ServiceContainer
from nameko.events import EventDispatcher, event_handler
from nameko.exceptions import RemoteError
from nameko.rpc import RpcProxy, rpc
from nameko.standalone.rpc import ClusterRpcProxy
from nameko.timer import timer

import eventlet

logging.disable()  # what fails on purpose
port, count = int(sys.argv[1]), int(sys.argv[2])
config = {"AMQP_URI": f"pyamqp://guest:guest@127.0.0.1:{port}/", "max_workers": 3 * count}
everybody = threading.Barrier(count, timeout=50)
ticked, heard, ended = threading.Event(), eventlet.Queue(), []
NAME = f"service-{uuid.uuid4()}"  # as what nobody has answered stays in the broker


class Service:
    name = NAME
    myself = RpcProxy(NAME)
    dispatch = EventDispatcher()

    @rpc
    def meet(self, number):
        everybody.wait()
        return number

    @rpc
    def meet_through_others(self, number):
        self.dispatch("met", number)
        return self.myself.meet(number)

    @rpc
    def fail(self):
        raise KeyError("failed")

    @rpc
    def hang(self):
        hanging.set()
        try:
            eventlet.sleep(1000)
        finally:
            ended.append("hang")

    @event_handler(NAME, "met")
    def hear(self, number):
        heard.put(number)

    @timer(interval=0.01)
    def tick(self):
        ticked.set()


hanging = threading.Event()
container = ServiceContainer(Service, config)
container.start()


def call(number):
    with ClusterRpcProxy(config, timeout=50) as cluster:
        return cluster[NAME].meet(number), cluster[NAME].meet_through_others(number)


assert together(call, count) == [(number, number) for number in range(count)]
assert sorted(heard.get(timeout=50) for _ in range(count)) == list(range(count))
assert ticked.wait(50)
with ClusterRpcProxy(config, timeout=50) as cluster:
    try:
        cluster[NAME].fail()
    except RemoteError as error:
        assert error.exc_type == "KeyError"
    asked = cluster[NAME].meet.call_async(0)
    others = [cluster[NAME].meet.call_async(number) for number in range(1, count)]
    assert [reply.result() for reply in [asked, *others]] == list(range(count))
container.stop()
container.wait()

# Killed, while a worker runs.
container = ServiceContainer(Service, config)
container.start()
with ClusterRpcProxy(config, timeout=50) as cluster:
    cluster[NAME].hang.call_async()
    assert hanging.wait(50)
container.kill()
assert ended == ["hang"]
print("done")
