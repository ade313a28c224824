"""requests: by its functions, and by one session for all. arguments: url, count

libraries: requests
"""

import sys

import requests
from _together import together

url, count = sys.argv[1], int(sys.argv[2])


def get(number):
    response = requests.get(f"{url}/echo/{number}", timeout=50)
    response.raise_for_status()
    return response.text


assert together(get, count) == [str(number) for number in range(count)]

with requests.Session() as session:
    adapter = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=count)
    session.mount(url, adapter)

    def post(number):
        response = session.post(url, json={"number": number}, timeout=50)
        response.raise_for_status()
        return response.json()["number"]

    for _ in range(2):  # the second time on the connections of the first one
        assert together(post, count) == list(range(count))
print("done")
