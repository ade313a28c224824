"""The green world: modules executed anew over the green ones."""

from __future__ import annotations

from eventlet._pristine._world import World

#: Name of a standard module → the green one that its users get.
GREEN_TWINS = {
    "_thread": "eventlet.green.thread",
    "ftplib": "eventlet.green.ftplib",
    "http": "eventlet.green.http",
    "http.client": "eventlet.green.http.client",
    "http.cookiejar": "eventlet.green.http.cookiejar",
    "http.cookies": "eventlet.green.http.cookies",
    "http.server": "eventlet.green.http.server",
    "os": "eventlet.green.os",
    "queue": "eventlet.green.Queue",
    "select": "eventlet.green.select",
    "selectors": "eventlet.green.selectors",
    "socket": "eventlet.green.socket",
    "socketserver": "eventlet.green.SocketServer",
    "ssl": "eventlet.green.ssl",
    "subprocess": "eventlet.green.subprocess",
    "threading": "eventlet.green.threading",
    "time": "eventlet.green.time",
    "urllib": "eventlet.green.urllib",
    "urllib.error": "eventlet.green.urllib.error",
    "urllib.parse": "eventlet.green.urllib.parse",
    "urllib.request": "eventlet.green.urllib.request",
    "urllib.response": "eventlet.green.urllib.response",
}

green_world = World(lambda: GREEN_TWINS)
