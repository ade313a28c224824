"""Patched, urllib.request and http.client over HTTP and TLS, with the standard servers, all at once.

arguments: | late | tls | tls late
"""

import os
import sys

from _check import Rendezvous, import_all

if "late" in sys.argv:
    import_all("ssl", "urllib.request", "http.client", "http.server", "socketserver", "concurrent.futures.thread")

import eventlet

eventlet.monkey_patch()

import http.client
import http.server
import ssl
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

COUNT = 20
meeting = Rendezvous(COUNT, time.sleep)
native_ids = set()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        meeting.arrive()
        native_ids.add(threading.get_native_id())
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"page")

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 50


server = Server(("127.0.0.1", 0), Handler)
context = None
if "tls" in sys.argv:
    certificates = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "helpers", "certificates")
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(os.path.join(certificates, "cert.pem"), os.path.join(certificates, "key.pem"))
    server.socket = server_context.wrap_socket(server.socket, server_side=True)
    context = ssl.create_default_context(cafile=os.path.join(certificates, "cert.pem"))
thread = threading.Thread(target=server.serve_forever)
thread.start()
host, port = "localhost", server.server_address[1]
url = f"{'https' if context else 'http'}://{host}:{port}/"


def with_urllib(_number):
    with urllib.request.urlopen(url, timeout=30, context=context) as response:
        return response.read()


def with_http_client(_number):
    if context is not None:
        connection = http.client.HTTPSConnection(host, port, timeout=30, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=30)
    connection.request("GET", "/")
    response = connection.getresponse()
    try:
        return response.read()
    finally:
        connection.close()


with ThreadPoolExecutor(COUNT) as executor:
    for client in (with_urllib, with_http_client):
        meeting.arrived = 0
        assert list(executor.map(client, range(COUNT))) == [b"page"] * COUNT
assert native_ids == {threading.get_native_id()}
server.shutdown()
thread.join()
server.server_close()
