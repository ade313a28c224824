"""redis-py: BLPOP, subscriptions, locks and streams that wait. arguments: port, count

libraries: redis
"""

import sys
import threading
import time

import redis
from _together import together

import eventlet

port, count = int(sys.argv[1]), int(sys.argv[2])


def client(**options):
    return redis.Redis(host="127.0.0.1", port=port, decode_responses=True, **options)


def wait_until(condition):
    while not condition():
        time.sleep(0.005)


def blocked(command):
    return [one for one in watcher.client_list() if one["cmd"] == command and "b" in one["flags"]]


watcher, shared = client(), client()

# Lists: all are blocked in the server at once, on connections of one pool.
poppers = [eventlet.spawn(shared.blpop, "list", 50) for _ in range(count)]
wait_until(lambda: len(blocked("blpop")) == count)
watcher.rpush("list", *range(count))
assert sorted(int(popper.wait()[1]) for popper in poppers) == list(range(count))
assert shared.blpop("list", 0.01) is None

# Streams.
readers = [eventlet.spawn(shared.xread, {"stream": "$"}, None, 50_000) for _ in range(count)]
wait_until(lambda: len(blocked("xread")) == count)
watcher.xadd("stream", {"field": "value"})
assert [reader.wait()[0][1][0][1] for reader in readers] == [{"field": "value"}] * count

# Subscriptions, one of them in redis-py's own thread.
heard = []
subscriptions = [shared.pubsub(ignore_subscribe_messages=True) for _ in range(count)]


def listen(number):
    subscription = subscriptions[number]
    subscription.subscribe("channel")
    message = None
    while message is None:
        message = subscription.get_message(timeout=50)
    heard.append(message["data"])
    subscription.close()


listeners = [eventlet.spawn(listen, number) for number in range(1, count)]
subscriptions[0].subscribe(channel=lambda message: heard.append(message["data"]))
reading = subscriptions[0].run_in_thread(sleep_time=0.05)
assert isinstance(reading, threading.Thread)
wait_until(lambda: dict(watcher.pubsub_numsub("channel"))["channel"] == count)
watcher.publish("channel", "news")
for listener in listeners:
    listener.wait()
wait_until(lambda: len(heard) == count)
reading.stop()
reading.join()
assert heard == ["news"] * count

# A pool that blocks has fewer connections than there are who want one; and a lock over it.
pool = redis.BlockingConnectionPool(host="127.0.0.1", port=port, max_connections=3, timeout=50)
bounded = redis.Redis(connection_pool=pool)
inside = []


def critical(number):
    with bounded.lock("lock", timeout=50, sleep=0.001):
        inside.append(number)
        assert len(inside) == 1
        bounded.incr("counter")
        inside.remove(number)
    return number


assert together(critical, count) == list(range(count))
assert int(bounded.get("counter")) == count

# Much data both ways, a pipeline, and a socket's timeout.
big = "x" * 3_000_000
assert together(lambda number: shared.set(f"big {number}", big), 3) == [True] * 3
assert together(lambda number: shared.get(f"big {number}") == big, 3) == [True] * 3
with shared.pipeline() as pipeline:
    for number in range(1000):
        pipeline.rpush("many", number)
    assert pipeline.execute() == list(range(1, 1001))
try:
    client(socket_timeout=0.05, socket_connect_timeout=50, retry=None).blpop("nothing", 0)
except redis.TimeoutError:
    print("done")
for one in (watcher, shared, bounded):
    one.close()
