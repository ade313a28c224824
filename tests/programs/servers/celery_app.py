"""An application of Celery, for its worker with `-P eventlet` and for the client; the environment has its addresses."""

import os
import threading
import time
import urllib.request

import celery

app = celery.Celery("celery_app", broker=os.environ["BROKER"], backend=os.environ["BROKER"])
app.conf.update(
    broker_connection_retry_on_startup=True,
    task_track_started=True,
    task_acks_late=True,
    worker_hijack_root_logger=False,
)


@app.task
def meet(number):
    with urllib.request.urlopen(f"{os.environ['MEETING']}/echo/{number}", timeout=50) as response:
        return int(response.read())


@app.task
def where_am_i():
    from greenlet import getcurrent

    from eventlet import patcher
    from eventlet.greenthread import GreenThread
    from eventlet.hubs import get_hub

    patched = all(map(patcher.is_monkey_patched, ("os", "select", "socket", "thread", "time")))
    return isinstance(getcurrent(), GreenThread), get_hub().name, threading.get_native_id(), patched


@app.task(bind=True, max_retries=3)
def succeed_at_third_try(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0.01)
    return self.request.retries


@app.task
def fail():
    raise KeyError("failed")


@app.task
def sleep_long():
    time.sleep(1000)
