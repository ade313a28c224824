"""websockets: its server with threads, in the same process as its clients. arguments: count

libraries: websockets.sync.client websockets.sync.server
"""

import sys
import threading

import websockets.sync.client
import websockets.sync.server
from _together import together

count = int(sys.argv[1])
everybody = threading.Barrier(count, timeout=50)


def answer(connection):
    for message in connection:
        everybody.wait()
        connection.send(message)


with websockets.sync.server.serve(answer, "127.0.0.1", 0) as server:
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"

    def talk(number):
        with websockets.sync.client.connect(url) as connection:
            connection.send(str(number))
            return connection.recv(timeout=50)

    assert together(talk, count) == [str(number) for number in range(count)]
    server.shutdown()
    serving.join()
print("done")
