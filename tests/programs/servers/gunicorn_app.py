"""A WSGI application: /meet/N answers when COUNT have asked, /file is a large one, /linger lasts until END exists."""

import io
import os
import threading
import time

everybody = threading.Barrier(int(os.environ["COUNT"]), timeout=45)


def application(environ, start_response):
    _, name, *rest = environ["PATH_INFO"].split("/")
    body = [b"ok"]
    if name == "meet":
        everybody.wait()
        body = [rest[0].encode()]
    elif name == "file":
        body = environ["wsgi.file_wrapper"](io.BytesIO(b"0123456789" * 100_000))
    elif name == "echo":
        body = [environ["wsgi.input"].read()]
    elif name == "where":
        from eventlet.hubs import get_hub

        body = [f"{get_hub().name} {threading.get_native_id() == os.getpid()}".encode()]
    elif name == "linger":
        open(os.environ["BEGUN"], "w").close()
        while not os.path.exists(os.environ["END"]):
            time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return body
