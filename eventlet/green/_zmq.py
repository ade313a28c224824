"""What eventlet.green.zmq offers. Apart from it, so that whoever patches zmq as soon as it is loaded can import it."""

from __future__ import annotations

import math
import struct

import zmq as _zmq
from greenlet import getcurrent
from zmq.backend import zmq_poll as _plain_poll
from zmq.sugar.context import Context as _Context
from zmq.sugar.poll import Poller as _Poller
from zmq.sugar.socket import Socket as _Socket
from zmq.utils import garbage as _garbage

from eventlet import tpool
from eventlet.event import Event
from eventlet.green._multiplex import wait_until
from eventlet.green._zmq_collector import keep_collector_real
from eventlet.green._zmq_waiters import EVENTS, POLLIN, POLLOUT, Interest, Waiters
from eventlet.green.select import get_fileno
from eventlet.greenthread import spawn
from eventlet.hubs import get_hub
from eventlet.hubs._readiness import READABLE, WRITABLE
from eventlet.semaphore import Semaphore

keep_collector_real(_garbage, _Context)

_Again, _ZMQError = _zmq.Again, _zmq.ZMQError
_NOBLOCK, _SNDTIMEO, _RCVTIMEO = int(_zmq.NOBLOCK), int(_zmq.SNDTIMEO), int(_zmq.RCVTIMEO)
#: zmq.POLLERR and zmq.POLLPRI, which mean something only for files, as poll(2) has them.
_POLL_BITS = {POLLIN: READABLE, POLLOUT: WRITABLE, 4: 0x008, 8: 0x002}


# ---- polling


def zmq_poll(sockets, timeout=-1):
    """Return a list of (socket, events), for those of `sockets` that something can be done with now. Switches.

    `sockets` is a list of (socket, flags); a socket is one of ØMQ, a file descriptor, or what has `fileno()`. Waits
    for the first one, for `timeout` milliseconds (None or negative: no limit). Raises ZMQError if a socket or its
    context is closed.
    """
    sockets = list(sockets)
    masks, interests, shared = [], [], []
    for socket, flags in sockets:
        if isinstance(socket, _Socket):
            is_green = isinstance(socket, Socket)
            waiters = socket._waiters if is_green else Waiters(socket, _Socket.get, _ZMQError)
            interests.append(Interest(waiters, flags))
            if is_green:
                shared.append(waiters)
        else:
            mask = sum(bit for flag, bit in _POLL_BITS.items() if flags & flag)
            masks.append((get_fileno(socket), mask))

    def look():
        for socket, _ in sockets:
            if isinstance(socket, _Socket) and socket.closed:
                raise _ZMQError(_zmq.ENOTSOCK)
        found = _plain_poll(sockets, 0)
        for waiters in shared:
            if waiters.entries:
                waiters.look()
        return found

    seconds = None if timeout is None or timeout < 0 else timeout / 1000
    return wait_until(look, masks, seconds, interests)


class Poller(_Poller):
    """As zmq.Poller; `poll` lets other green threads run."""

    def poll(self, timeout=None):
        """Return a list of (socket, events); wait for `timeout` milliseconds (None or negative: no limit). Switches."""
        return zmq_poll(self.sockets, timeout)


def select(rlist, wlist, xlist, timeout=None):
    """Return those of the three lists that can be read, written, or have failed; see `zmq_poll`. Switches.

    `timeout` is in seconds, as for select.select; None: no limit. What is no socket of ØMQ is returned as a
    file descriptor.
    """
    flags: dict = {}
    lists = ((POLLIN, rlist), (POLLOUT, wlist), (int(_zmq.POLLERR), xlist))
    for flag, sockets in lists:
        for socket in sockets:
            flags[socket] = flags.get(socket, 0) | flag
    found = zmq_poll(flags.items(), None if timeout is None else timeout * 1000)
    return tuple([socket for socket, events in found if events & flag] for flag, _ in lists)


# ---- sockets


def _then_look(name):
    """Return the standard method `name`, which may carry out commands others wait for. See `_zmq_waiters`."""
    standard = getattr(_Socket, name)

    def method(self, *args, **kwargs):
        try:
            return standard(self, *args, **kwargs)
        finally:
            if self._waiters.entries:
                self._waiters.look()

    method.__name__ = name
    method.__qualname__ = f"Socket.{name}"
    method.__doc__ = standard.__doc__
    method.__wrapped__ = standard
    return method


class Socket(_Socket):
    """As zmq.Socket; sending and receiving let other green threads run. May be used in one OS thread at a time.

    The options RCVTIMEO and SNDTIMEO hold; zmq.Again is raised when their time is over. Whoever waits when the
    socket is closed gets a ZMQError (ENOTSOCK), or ContextTerminated when the context ends.
    """

    _poller_class = Poller
    _repr_cls = "eventlet.green.zmq.Socket"
    _kept_waiters = None

    @property
    def _waiters(self):
        waiters = self._kept_waiters
        if waiters is None:
            waiters = self._kept_waiters = Waiters(self, _Socket.get, _ZMQError)
        return waiters

    def _do(self, attempt, flags, wanted, timeout_option):
        """Return `attempt(flags)`, made as often as it takes until it does not say "again", parking in between."""
        waiters = self._waiters
        deadline, looked = None, False
        while True:
            try:
                result = attempt(flags | _NOBLOCK)
            except _Again as error:
                again = error
            except BaseException:
                if waiters.entries:
                    waiters.look()
                raise
            else:
                if waiters.entries:
                    waiters.look()
                return result
            seems_ready = waiters.look() & wanted
            if flags & _NOBLOCK:
                raise again
            if seems_ready and not looked:
                looked = True
                continue
            hub = get_hub()
            hub.check_may_block()
            if deadline is None:
                milliseconds = _Socket.get(self, timeout_option)
                deadline = math.inf if milliseconds < 0 else hub.clock() + milliseconds / 1000
            seconds = None if deadline == math.inf else max(0.0, deadline - hub.clock())
            if seconds == 0.0 or not waiters.wait(wanted, seconds, bool(seems_ready)):
                flags |= _NOBLOCK  # the last attempt
            again, looked = None, False

    def send(self, data, flags=0, copy=True, track=False, **kwargs):
        """Send one message, or a part of one: see zmq.Socket.send. Switches until there is room for it.

        Raises zmq.Again when SNDTIMEO is over, or at once with the flag NOBLOCK.
        """
        return self._do(lambda flags: _Socket.send(self, data, flags, copy, track, **kwargs), flags, POLLOUT, _SNDTIMEO)

    def recv(self, flags=0, copy=True, track=False):
        """Return one message, or a part of one: see zmq.Socket.recv. Switches until it comes.

        Raises zmq.Again when RCVTIMEO is over, or at once with the flag NOBLOCK.
        """
        return self._do(lambda flags: _Socket.recv(self, flags, copy, track), flags, POLLIN, _RCVTIMEO)

    if hasattr(_Socket, "recv_into"):

        def recv_into(self, buffer, /, *, nbytes=0, flags=0):
            """Receive one message into `buffer`; return its length. Switches until it comes."""
            return self._do(
                lambda flags: _Socket.recv_into(self, buffer, nbytes=nbytes, flags=flags), flags, POLLIN, _RCVTIMEO
            )

    def get(self, option):
        """Return the value of an option: see zmq.Socket.get. Never switches."""
        value = _Socket.get(self, option)
        if option == EVENTS and self._waiters.entries:
            self._waiters.look()
        return value

    getsockopt = get

    def close(self, linger=None):
        """Close the socket; whoever waits for it gets a ZMQError. Never switches."""
        if self._kept_waiters is not None:
            self._kept_waiters.close()
        super().close(linger)

    set = setsockopt = _then_look("set")
    bind = _then_look("bind")
    connect = _then_look("connect")
    disconnect = _then_look("disconnect")
    unbind = _then_look("unbind")
    if hasattr(_Socket, "join"):
        join = _then_look("join")
        leave = _then_look("leave")


# ---- contexts


class Context(_Context):
    """As zmq.Context; its sockets are green, and ending it lets other green threads run."""

    _socket_class = Socket
    _repr_cls = "eventlet.green.zmq.Context"
    _instance = None
    _ending = None
    _may_switch = True

    def term(self):
        """End the context: see zmq.Context.term. Switches until its sockets are closed and what they sent is gone.

        Whoever waits for one of its sockets gets ContextTerminated. If the caller is killed meanwhile, the context
        ends all the same.
        """
        if self.closed:
            return
        if not self._may_switch or getcurrent() is get_hub().greenlet:
            _Context.term(self)
            return
        # Ending it twice at once would not do.
        if self._ending is None:
            self._ending = spawn(tpool.execute, _Context.term, self)
        self._ending.wait()

    def __del__(self):
        self._may_switch = False  # nobody expects that in the middle of whatever is running
        super().__del__()


# ---- devices


def proxy(frontend, backend, capture=None):
    """Pass messages from each of two sockets on to the other, and all to `capture`, until the context ends. Switches.

    No message is taken before there is room for it on the other side. Never returns: raises
    ContextTerminated, or another ZMQError.
    """
    return proxy_steerable(frontend, backend, capture)


def proxy_steerable(frontend, backend, capture=None, control=None):
    """As `proxy`, and obey what `control` receives: PAUSE, RESUME, STATISTICS, TERMINATE. Switches.

    Returns 0 after TERMINATE; a message that has been taken is passed on before. If `control` is a REP socket, each
    command has an answer: for STATISTICS the eight numbers of zmq_proxy_steerable(3), otherwise an empty one.
    """
    frontend, backend = _green(frontend), _green(backend)
    capture = None if capture is None else _green(capture)
    directions = [_Direction(frontend, backend, capture)]
    if frontend is not backend:
        directions.append(_Direction(backend, frontend, capture))
    ended = Event()
    threads = [spawn(_until_failure, direction.pass_on, ended) for direction in directions]
    if control is not None:
        threads.append(spawn(_until_failure, _Steering(_green(control), directions, ended).obey, ended))
    try:
        return ended.wait()
    finally:
        for thread in threads:
            thread.kill()


def device(device_type, frontend, backend):
    """As `proxy`: an old name of it. Switches."""
    return proxy(frontend, backend)


def _green(socket):
    return socket if isinstance(socket, Socket) else Socket.shadow(socket.underlying)


def _until_failure(function, ended):
    try:
        function()
    except Exception as error:
        if not ended.ready():
            ended.send_exception(error)


class _Direction:
    """One way through a proxy. Invariant: from when a message is taken until it is passed on, `busy` has no permit."""

    def __init__(self, source, target, capture):
        self._source, self._target, self._capture = source, target, capture
        self.busy = Semaphore(1)
        #: How many parts of messages, and bytes, were passed on.
        self.parts = self.bytes = 0

    def pass_on(self):
        while True:
            self._source.poll(None, POLLIN)
            self._target.poll(None, POLLOUT)
            with self.busy:
                self._pass_one()

    def _pass_one(self):
        try:
            parts = self._source.recv_multipart(_NOBLOCK, copy=False)
        except _Again:
            return  # somebody else has taken it
        self._target.send_multipart(parts, copy=False)
        if self._capture is not None:
            self._capture.send_multipart(parts, copy=False)
        self.parts += len(parts)
        self.bytes += sum(map(len, parts))


class _Steering:
    """Does to the directions of a proxy what a control socket says. Invariant: while paused, it has their permits."""

    def __init__(self, control, directions, ended):
        self._control, self._directions, self._ended = control, directions, ended
        self._answers = Socket.get(control, _zmq.TYPE) == _zmq.REP
        self._paused = False

    def obey(self):
        while not self._ended.ready():
            self._control.poll(None, POLLIN)  # whatever its RCVTIMEO
            command = self._control.recv_multipart()
            if command == [b"STATISTICS"]:
                self._control.send_multipart(self._statistics())
                continue
            if command in ([b"PAUSE"], [b"TERMINATE"]):
                self._pause()
            elif command == [b"RESUME"]:
                self._resume()
            if self._answers:
                self._control.send(b"")
            if command == [b"TERMINATE"]:
                self._ended.send(0)

    def _pause(self):
        if not self._paused:
            self._paused = True
            for direction in self._directions:
                direction.busy.acquire()

    def _resume(self):
        if self._paused:
            self._paused = False
            for direction in self._directions:
                direction.busy.release()

    def _statistics(self):
        there, back = self._directions[0], self._directions[-1]
        # What the front received and sent, then the same of the back.
        numbers = [number for way in (there, back, back, there) for number in (way.parts, way.bytes)]
        return [struct.pack("=Q", number) for number in numbers]
