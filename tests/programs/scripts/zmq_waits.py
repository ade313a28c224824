"""pyzmq: questions that are answered when all are there, with one context. arguments: url, count

libraries: zmq
"""

import sys

import zmq
from _together import together

url, count = sys.argv[1], int(sys.argv[2])

with zmq.Context() as context:

    def ask(number):
        with context.socket(zmq.REQ) as sock:
            sock.linger = 0
            sock.connect(url)
            sock.send_json({"number": number})
            assert sock.poll(50_000)
            return sock.recv_json()

    for _ in range(2):
        assert together(ask, count) == [{"number": number} for number in range(count)]

    with context.socket(zmq.REQ) as alone:
        alone.linger, alone.rcvtimeo = 0, 50
        alone.connect(url)
        alone.send_json({})
        try:
            alone.recv_json()
        except zmq.Again:
            print("done")
