"""The standard library's client: what the harness itself is tested with. arguments: url, count"""

import sys
from urllib.request import urlopen

from _together import together

url, count = sys.argv[1], int(sys.argv[2])


def get(number):
    with urlopen(f"{url}/echo/{number}") as response:
        return response.read()


assert together(get, count) == [str(number).encode() for number in range(count)]
print("done")
