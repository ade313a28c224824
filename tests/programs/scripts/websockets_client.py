"""websockets: its client with threads, each connection with one of its own that reads. arguments: url, count

libraries: websockets.sync.client
"""

import sys

import websockets.sync.client
from _together import together

url, count = sys.argv[1], int(sys.argv[2])


def talk(number):
    with websockets.sync.client.connect(url, open_timeout=50, close_timeout=50) as connection:
        answers = []
        for turn in range(3):
            connection.send(f"{number} {turn}")
            answers.append(connection.recv(timeout=50))
        connection.send(b"x" * 300_000)
        assert connection.recv(timeout=50) == b"x" * 300_000
        connection.ping().wait(50)
        return answers


assert together(talk, count) == [[f"{number} {turn}" for turn in range(3)] for number in range(count)]
print("done")
