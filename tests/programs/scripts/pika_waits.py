"""pika: consumers that wait, questions that are answered when all are there. arguments: port, count

libraries: pika
"""

import sys
import time

import pika
from _together import together

import eventlet

port, count = int(sys.argv[1]), int(sys.argv[2])
parameters = pika.ConnectionParameters("127.0.0.1", port, heartbeat=30, blocked_connection_timeout=50)


def open_channel():
    return pika.BlockingConnection(parameters).channel()


watcher = open_channel()
jobs = watcher.queue_declare("", auto_delete=True).method.queue


def consumers():
    return watcher.queue_declare(jobs, passive=True).method.consumer_count


# Each waits for one message; none is there before all wait.
def consume(_number):
    channel = open_channel()
    channel.basic_qos(prefetch_count=1)
    method, _properties, body = next(channel.consume(jobs, inactivity_timeout=50))
    assert method is not None, "nothing came"
    channel.basic_ack(method.delivery_tag)
    channel.connection.close()
    return int(body)


waiting = [eventlet.spawn(consume, number) for number in range(count)]
while consumers() < count:
    time.sleep(0.01)
watcher.confirm_delivery()
for number in range(count):
    watcher.basic_publish("", jobs, str(number), mandatory=True)
assert sorted(thread.wait() for thread in waiting) == list(range(count))


# Callbacks and start_consuming, with an answer when there are `count` questions.
def serve(started):
    channel = open_channel()
    questions = channel.queue_declare("", exclusive=True).method.queue
    pending = []

    def on_question(channel, method, properties, body):
        pending.append((method, properties, body))
        if len(pending) == count:
            for method, properties, body in pending:
                channel.basic_publish("", properties.reply_to, body.upper())
                channel.basic_ack(method.delivery_tag)
            channel.stop_consuming()

    channel.basic_consume(questions, on_question)
    started.send(questions)
    channel.start_consuming()
    channel.connection.close()


started = eventlet.Event()
server = eventlet.spawn(serve, started)
questions = started.wait()


def ask(number):
    channel = open_channel()
    answers = []

    def on_answer(channel, method, properties, body):
        answers.append(body)
        channel.stop_consuming()

    channel.basic_consume("amq.rabbitmq.reply-to", on_answer, auto_ack=True)
    channel.basic_publish("", questions, f"question {number}", pika.BasicProperties(reply_to="amq.rabbitmq.reply-to"))
    channel.start_consuming()
    channel.connection.close()
    return answers[0].decode()


assert together(ask, count) == [f"QUESTION {number}" for number in range(count)]
server.wait()
watcher.connection.close()
print("done")
