"""httpx: a client for all, whose pool has locks and events of threading; and with a timeout. arguments: url, count

libraries: httpx
"""

import sys

import httpx
from _together import together

url, count = sys.argv[1], int(sys.argv[2])

with httpx.Client(timeout=50, limits=httpx.Limits(max_connections=count)) as client:

    def get(number):
        response = client.get(f"{url}/echo/{number}")
        response.raise_for_status()
        return response.text

    expected = [str(number) for number in range(3 * count)]
    assert together(get, 3 * count) == expected

try:
    httpx.get(url, timeout=httpx.Timeout(50, read=0.05))  # alone, and so without an answer
except httpx.ReadTimeout:
    print("done")
