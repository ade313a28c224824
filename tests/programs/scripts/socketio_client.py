"""Clients of Socket.IO that poll. arguments: url, count

libraries: socketio requests
"""

import sys

import requests as requests  # what the client polls with
import socketio
from _together import together

url, count = sys.argv[1], int(sys.argv[2])


def talk(number):
    answers = []
    client = socketio.Client(reconnection=False)

    @client.on("question")
    def question(value):
        return value + number

    client.on("answer", answers.append)
    client.connect(url, transports=["polling"], wait_timeout=50)
    assert client.call("meet", number, timeout=50) == number
    client.emit("join", "room")
    while 20 + number not in answers:  # others' too, of those who joined later
        client.sleep(0.01)
    client.disconnect()
    client.wait()
    return number


assert together(talk, count) == list(range(count))
print("done")
