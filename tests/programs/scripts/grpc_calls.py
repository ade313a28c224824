"""grpcio: RPCs of all four kinds that wait for one another, on both sides. arguments: count

libraries: grpc
"""

import sys
import threading
import time
from concurrent import futures

import grpc
from _together import together

import eventlet

count = int(sys.argv[1])
barrier = threading.Barrier(count)
handler_threads = set()
idents = set()
original_ident = eventlet.patcher.original("_thread").get_ident


def meet(number, context=None):
    """Return the number when `count` callers are here: in green threads of one OS thread."""
    idents.add(original_ident())
    handler_threads.add(threading.get_ident())
    barrier.wait(50)
    return number


def meet_often(request, context):
    for _ in range(3):
        yield meet(request)


def join(requests, context):
    return b"".join(requests)


def echo(requests, context):
    for request in requests:
        yield meet(request)


def fail(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "it is not there")


never = threading.Event()
begun, cancelled = eventlet.event.Event(), eventlet.event.Event()


def wait_for_ever(request, context):
    if request == b"last":
        context.add_callback(cancelled.send)
        begun.send()
    never.wait()


handlers = {
    "Meet": grpc.unary_unary_rpc_method_handler(meet),
    "MeetOften": grpc.unary_stream_rpc_method_handler(meet_often),
    "Join": grpc.stream_unary_rpc_method_handler(join),
    "Echo": grpc.stream_stream_rpc_method_handler(echo),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "WaitForEver": grpc.unary_unary_rpc_method_handler(wait_for_ever),
}
server_pool = futures.ThreadPoolExecutor(count + 4)
server = grpc.server(server_pool)
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("Test", handlers),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
channel = grpc.insecure_channel(f"127.0.0.1:{port}")
grpc.channel_ready_future(channel).result(timeout=50)


def names(number):
    return b"%d" % number


every_name = [names(number) for number in range(count)]
meet_rpc = channel.unary_unary("/Test/Meet")
assert together(lambda number: meet_rpc(names(number), timeout=50), count) == every_name
assert len(idents) == 1, "handlers are green threads, in one OS thread"
assert len(handler_threads) == count

# Futures
pending = [meet_rpc.future(name) for name in every_name]
assert [future.result(timeout=50) for future in pending] == every_name
answer, call = together(lambda number: meet_rpc.with_call(names(number)), count)[0]
assert answer == b"0"
assert call.code() is grpc.StatusCode.OK
assert call.done()

# Streams
meet_often_rpc = channel.unary_stream("/Test/MeetOften")
assert together(lambda number: list(meet_often_rpc(names(number))), count) == [[name] * 3 for name in every_name]
barrier = threading.Barrier(count)
options = [(grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1)]
with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as single:
    rpc = single.unary_stream("/Test/MeetOften")
    assert together(lambda number: list(rpc(names(number))), count) == [[name] * 3 for name in every_name]
join_rpc = channel.stream_unary("/Test/Join")


def slowly(items):
    for item in items:
        time.sleep(0.001)
        assert threading.get_ident() not in handler_threads
        yield item


assert join_rpc(request_iterator=slowly(every_name)) == b"".join(every_name)
assert join_rpc.future(slowly(every_name)).result() == b"".join(every_name)
echo_rpc = channel.stream_stream("/Test/Echo")
assert together(lambda number: list(echo_rpc(iter([names(number)] * 2))), count) == [[name] * 2 for name in every_name]

# A conversation: the next request depends on the last answer.
requests = eventlet.queue.Queue()
barrier = threading.Barrier(1)
responses = echo_rpc(iter(requests.get, None))
for request in b"first", b"second":
    requests.put(request)
    assert next(responses) == request
requests.put(None)
assert list(responses) == []

# Errors
for ask in channel.unary_unary("/Test/Fail"), channel.unary_unary("/Test/Nothing"):
    try:
        ask(b"")
    except grpc.RpcError as error:
        assert error.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED), error
    else:
        raise AssertionError("no error")
wait_rpc = channel.unary_unary("/Test/WaitForEver")
try:
    wait_rpc(b"", timeout=0.05)
except grpc.RpcError as error:
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED, error
else:
    raise AssertionError("it did not wait")
future = wait_rpc.future(b"")
try:
    future.result(timeout=0.01)
except grpc.FutureTimeoutError:
    assert future.cancel()
else:
    raise AssertionError("it did not wait")

# A green thread that goes takes its RPC with it.
waiting = eventlet.spawn(wait_rpc, b"last")
with eventlet.Timeout(50):
    begun.wait()
    waiting.kill()
    cancelled.wait()
never.set()
channel.close()
with eventlet.Timeout(50):
    assert server.stop(None).wait()
    assert not server.wait_for_termination()
print("done")
