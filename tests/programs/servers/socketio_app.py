"""Flask-SocketIO with async_mode="eventlet": events that are answered when COUNT clients have sent them."""

import os
import threading

import flask
import flask_socketio
from engineio.async_drivers import eventlet as driver

app = flask.Flask(__name__)
server = flask_socketio.SocketIO(app, async_mode="eventlet", allow_upgrades=False)
everybody = threading.Barrier(int(os.environ["COUNT"]), timeout=45)
assert server.server.eio.async_mode == "eventlet"
assert type(server.server.eio.create_queue()) is driver.queue.Queue


@server.on("meet")
def meet(number):
    everybody.wait()
    return number


@server.on("join")
def join(room):
    flask_socketio.join_room(room)
    server.start_background_task(tick, room, flask.request.sid)


def tick(room, sid):
    """Ask the client, which takes its time, then tell the room."""
    answer = server.call("question", 20, to=sid, timeout=45)
    server.sleep(0.001)
    server.emit("answer", answer, to=room)
