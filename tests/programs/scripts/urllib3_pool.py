"""urllib3: more requests than a pool that blocks has connections wait for these. arguments: url, count

libraries: urllib3
"""

import sys

import urllib3
from _together import together

url, count = sys.argv[1], int(sys.argv[2])
pools = urllib3.PoolManager(maxsize=count, block=True, timeout=urllib3.Timeout(50), retries=False)


def get(number):
    response = pools.request("GET", f"{url}/echo/{number}")
    assert response.status == 200
    return response.data


expected = [str(number).encode() for number in range(3 * count)]
assert together(get, 3 * count) == expected
pool = pools.connection_from_url(url)
assert pool.num_connections == count, pool.num_connections
assert pool.pool.qsize() == count
pools.clear()

short = urllib3.PoolManager(timeout=urllib3.Timeout(connect=50, read=0.05), retries=False)
try:
    short.request("GET", url)  # alone, and so without an answer
except urllib3.exceptions.ReadTimeoutError:
    print("done")
