"""moto's server, which gives objects whose keys begin with `meet` when `count` ask. arguments: port, count"""

import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

port, count = int(sys.argv[1]), int(sys.argv[2])
moto = DomainDispatcherApplication(create_backend_app)
everybody = threading.Barrier(count, timeout=45)


def application(environ, start_response):
    if "/meet" in environ["PATH_INFO"] and environ["REQUEST_METHOD"] == "GET":
        try:
            everybody.wait()
        except threading.BrokenBarrierError:
            start_response("503 Nobody else came", [])
            return [b""]
    return moto(environ, start_response)


make_server("127.0.0.1", port, application, threaded=True).serve_forever()
