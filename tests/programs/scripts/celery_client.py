"""Gives work to a worker of Celery and looks at what comes back. arguments: count, name of the hub

libraries: celery
"""

import sys
import time

import celery_app
from _together import together as together  # ends this if it hangs
from celery.exceptions import TaskRevokedError

count, hub_name = int(sys.argv[1]), sys.argv[2]
control = celery_app.app.control

while not control.ping(timeout=1):
    pass
places = [celery_app.where_am_i.delay() for _ in range(5)]
for place in places:
    is_green, name, _native_id, is_patched = place.get(timeout=50)
    assert (is_green, name, is_patched) == (True, hub_name, True)
assert len({place.get()[2] for place in places}) == 1, "all in one OS thread"

# The pool grows from half of what the meeting needs.
assert control.inspect(timeout=50, limit=1).stats().popitem()[1]["pool"]["max-concurrency"] == count // 2
control.pool_grow(count - count // 2, reply=True, timeout=50, limit=1)
tasks = [celery_app.meet.delay(number) for number in range(count)]
assert [task.get(timeout=50) for task in tasks] == list(range(count))
control.pool_shrink(count // 2, reply=True, timeout=50, limit=1)

# Timers: of tasks that begin later, and that are tried again.
later = celery_app.where_am_i.apply_async(countdown=0.1)
assert celery_app.succeed_at_third_try.delay().get(timeout=50) == 2
assert later.get(timeout=50)[0]

try:
    celery_app.fail.delay().get(timeout=50)
except KeyError as error:
    assert error.args == ("failed",)
else:
    raise AssertionError

# Killed while it runs, found by its pid; and revoked before it began.
sleeping = celery_app.sleep_long.delay()
while sleeping.state != "STARTED":
    time.sleep(0.01)
sleeping.revoke(terminate=True)
waiting = celery_app.where_am_i.apply_async(countdown=30)
waiting.revoke()
for revoked in (sleeping, waiting):
    try:
        revoked.get(timeout=50)
    except TaskRevokedError:
        pass
    else:
        raise AssertionError
assert celery_app.where_am_i.delay().get(timeout=50)[0]
print("done")
