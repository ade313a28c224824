"""urllib, http and socketserver over green sockets, beside their standard selves."""

import http.client as standard_client
import urllib.error
import urllib.request as standard_request

import pytest

import eventlet
from eventlet.green import BaseHTTPServer, SocketServer, ftplib, httplib, urllib2
from eventlet.green.http import client, cookiejar, cookies, server
from eventlet.green.urllib import error, parse, request
from eventlet.greenio import GreenSocket


class Handler(server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/missing":
            self.send_error(404)
            return
        self.server.meeting.append(None)
        while len(self.server.meeting) < self.server.expected:
            eventlet.sleep(0.001)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.path)))
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *args):
        pass


class Server(server.ThreadingHTTPServer):
    request_queue_size = 50
    meeting: list
    expected = 0


@pytest.fixture
def site(hub, spawn):
    with Server(("127.0.0.1", 0), Handler) as site:
        site.meeting = []
        serving = spawn(site.serve_forever, 0.01)
        site.url = f"http://127.0.0.1:{site.server_address[1]}"
        yield site
        site.shutdown()
        serving.wait()


def fetch(url):
    with urllib2.urlopen(url) as response:
        return response.read()


def test_many_fetches_at_once(site):
    site.expected = 20
    pool = eventlet.GreenPool(20)
    urls = [f"{site.url}/{number}" for number in range(20)]

    assert list(pool.imap(fetch, urls)) == [f"/{number}".encode() for number in range(20)]


def test_errors_are_the_standard_classes(site):
    with pytest.raises(urllib.error.HTTPError, match="404") as caught:
        urllib2.urlopen(f"{site.url}/missing")
    caught.value.close()
    assert urllib2.HTTPError is error.HTTPError is urllib.error.HTTPError
    assert urllib2.URLError is urllib.error.URLError
    with pytest.raises(urllib2.URLError):
        urllib2.urlopen("http://127.0.0.1:9/")


def test_http_client(site):
    connection = httplib.HTTPConnection("127.0.0.1", site.server_address[1], timeout=20)
    connection.request("GET", "/path")
    assert isinstance(connection.sock, GreenSocket)
    with connection.getresponse() as response:
        assert (response.status, response.read()) == (200, b"/path")
    connection.close()
    connection = client.HTTPSConnection("127.0.0.1", 1)
    assert type(connection._context).__module__ == "eventlet.green.ssl"


def test_one_copy_serves_all(monkeypatch):
    assert httplib is client
    assert request.http.client is client
    assert BaseHTTPServer is server
    assert server.socketserver is SocketServer
    assert ftplib.socket.__name__ == "eventlet.green.socket"
    assert cookies.SimpleCookie is __import__("http.cookies").cookies.SimpleCookie
    assert cookiejar.urllib.request is request
    assert client is not standard_client
    assert request is not standard_request
    # Programs set limits there, which its functions must see.
    monkeypatch.setattr(httplib, "_MAXHEADERS", 1)
    assert client.HTTPResponse.__init__.__globals__["_MAXHEADERS"] == 1


def test_old_names_of_urllib2():
    assert urllib2.quote is parse.quote
    assert urllib2.Request is request.Request
    assert {"urlopen", "quote", "HTTPError"} <= set(dir(urllib2)) & set(urllib2.__all__)
    namespace = {}
    exec("from eventlet.green.urllib2 import *", namespace)
    assert {"urlopen", "HTTPError"} <= set(namespace)


def test_the_standard_modules_are_untouched():
    import socket

    assert standard_client.socket is socket
    assert socket.socket is not GreenSocket
