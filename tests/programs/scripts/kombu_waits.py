"""kombu: questions that are answered when all are there, by pools of connections and producers. arguments: url, count

libraries: kombu
"""

import sys
import uuid

import kombu
from _together import together
from kombu.pools import connections, producers

import eventlet

url, count = sys.argv[1], int(sys.argv[2])
name = f"questions-{uuid.uuid4()}"
connection = kombu.Connection(url, transport_options={"polling_interval": 0.01})
connections.limit = count
exchange = kombu.Exchange(name, type="direct", durable=False, auto_delete=True)
questions = kombu.Queue(name, exchange, routing_key="question", durable=False, auto_delete=True)
started = eventlet.Event()


def serve():
    pending = []

    def on_question(body, message):
        pending.append(body)
        message.ack()

    with connections[connection].acquire(block=True) as mine, mine.Consumer(questions, callbacks=[on_question]):
        started.send()
        while len(pending) < count:
            mine.drain_events(timeout=50)
    with producers[connection].acquire(block=True) as producer:
        for body in pending:
            producer.publish({"answer": body["number"]}, exchange=exchange, routing_key=body["reply_to"])


def ask(number):
    answer = []
    queue = kombu.Queue(f"{name}-{number}", exchange, routing_key=str(number), durable=False, auto_delete=True)

    def on_answer(body, message):
        answer.append(body["answer"])
        message.ack()

    with kombu.Connection(url, transport_options={"polling_interval": 0.01}) as mine, \
            mine.Consumer(queue, callbacks=[on_answer]):  # fmt: skip
        with producers[connection].acquire(block=True) as producer:
            producer.publish({"number": number, "reply_to": str(number)}, exchange=exchange, routing_key="question",
                             declare=[questions])  # fmt: skip
        while not answer:
            mine.drain_events(timeout=50)
    return answer[0]


server = eventlet.spawn(serve)
started.wait()
assert together(ask, count) == list(range(count))
server.wait()

with connection.SimpleQueue(f"{name}-simple", queue_opts={"durable": False, "auto_delete": True}) as queue:
    try:
        queue.get(timeout=0.05)
    except queue.Empty:
        queue.put("something")
        message = queue.get(timeout=50)
        message.ack()
        print(message.payload)
connection.release()
kombu.pools.reset()
