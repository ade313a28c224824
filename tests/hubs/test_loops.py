"""The pollers of the hubs libuv and libev, each provider by itself: what the two libraries do not forgive."""

from __future__ import annotations

import errno
import functools
import importlib.util
import operator
import os
import signal
import socket
import sys
import threading
import time

import pytest

from eventlet import hubs
from eventlet.hubs import HubError, _loop, libev, libuv
from eventlet.hubs._readiness import BROKEN, READABLE, WRITABLE
from tests.helpers import OSThread, check_python, fill_send_buffer, open_fds

BOTH = READABLE | WRITABLE
SECONDS = 20.0

PROVIDERS = [(module, name) for module in (libuv, libev) for name in module.PROVIDERS]
BINDINGS = ("pyuv", "pyev")  # other people's modules: not tried, nor reported as missing, unless they are there
PROVIDERS = [(m, n) for m, n in PROVIDERS if n not in BINDINGS or importlib.util.find_spec(n)]
KINDS = [(module, name, 0) for module, name in PROVIDERS]
LIBEV_PROVIDERS = [name for module, name in PROVIDERS if module is libev]
KINDS += [(libev, name, libev.BACKENDS[backend]) for name in LIBEV_PROVIDERS for backend in ("select", "poll")]


def provider(module, name):
    try:
        return _loop.find_provider(module.PROVIDERS, name)[1]
    except ImportError as error:
        pytest.skip(f"{module.Hub.name}:{name} is not here: {error}")


def kind_name(kind):
    module, name, flags = kind
    return f"{module.Hub.name}:{name}" + (f":{flags}" if flags else "")


@pytest.fixture(params=KINDS, ids=kind_name)
def poller(request):
    module, name, flags = request.param
    poller = provider(module, name).Poller(flags)
    yield poller
    poller.close()


@pytest.fixture
def is_libuv(request):
    return request.node.callspec.params["poller"][0] is libuv


@pytest.fixture
def watches_numbers(request):
    return request.node.callspec.params["poller"][2] != 0


@pytest.fixture
def ends():
    left, right = socket.socketpair()
    with left, right:
        left.setblocking(False)
        right.setblocking(False)
        yield left, right


def test_what_is_asked_for_is_reported_while_it_is_so(poller, ends):
    left, right = ends
    fd = left.fileno()
    poller.watch(fd, READABLE)
    assert poller.poll(0) == []
    right.send(b"x")
    assert poller.poll(None) == [(fd, READABLE)]
    assert poller.poll(0) == [(fd, READABLE)]
    poller.watch(fd, BOTH)
    assert poller.poll(SECONDS) == [(fd, BOTH)]
    left.recv(9)
    assert poller.poll(SECONDS) == [(fd, WRITABLE)]
    poller.watch(fd, READABLE)
    assert poller.poll(0) == []
    poller.watch(fd, 0)
    right.send(b"x")
    assert poller.poll(0) == []
    poller.watch(fd, 0)  # harmless


def test_a_full_socket_that_is_watched_both_ways_is_reported_for_what_it_is(poller, ends):
    left, right = ends
    fill_send_buffer(left)
    poller.watch(left.fileno(), BOTH)
    assert poller.poll(0) == []
    right.send(b"x")
    assert poller.poll(SECONDS) == [(left.fileno(), READABLE)]


def test_many_fds_in_one_poll(poller):
    pairs = [socket.socketpair() for _ in range(150)]
    try:
        for left, right in pairs:
            poller.watch(left.fileno(), READABLE)
            right.send(b"x")
        found = set()
        deadline = time.monotonic() + SECONDS
        while len(found) < len(pairs) and time.monotonic() < deadline:
            found.update(poller.poll(SECONDS))  # libev asks the kernel for few at a time, and for more the next time
        assert found == {(left.fileno(), READABLE) for left, _ in pairs}
    finally:
        for left, right in pairs:
            poller.watch(left.fileno(), 0)
            left.close()
            right.close()


def test_a_wait_ends_and_not_too_early(poller):
    for step in range(60):
        seconds = step % 6 * 0.0005
        began = time.monotonic()
        assert poller.poll(seconds) == []
        assert time.monotonic() - began >= seconds - 0.00001


def test_time_that_passed_between_polls_does_not_count(poller):
    poller.poll(0)
    time.sleep(0.05)
    began = time.monotonic()
    poller.poll(0.03)
    assert time.monotonic() - began >= 0.03 - 0.00001


@pytest.mark.parametrize("fd", [-1, 100_000])
def test_an_fd_that_is_not_open_is_an_error_at_once(poller, fd):
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        poller.watch(fd, READABLE)
    assert poller.poll(0) == []


def test_an_fd_that_is_closed_before_the_next_run_is_reported(poller, ends):
    fd = os.dup(ends[0].fileno())
    poller.watch(fd, READABLE)
    os.close(fd)
    assert poller.poll(SECONDS) == [(fd, BROKEN)]
    assert poller.poll(0) == []
    poller.watch(fd, 0)


def test_an_fd_that_is_closed_before_its_change_is_carried_out(poller, ends):
    fd = os.dup(ends[0].fileno())
    poller.watch(fd, READABLE)
    assert poller.poll(0) == []
    poller.watch(fd, BOTH)
    os.close(fd)
    assert poller.poll(SECONDS) == [(fd, BROKEN)]
    poller.watch(fd, 0)


def test_an_fd_that_is_closed_while_watched(poller, ends, watches_numbers):
    fd = os.dup(ends[0].fileno())
    poller.watch(fd, READABLE)
    assert poller.poll(0) == []
    os.close(fd)
    assert poller.poll(0) == ([(fd, BROKEN)] if watches_numbers else [])
    poller.watch(fd, 0)
    assert poller.poll(0) == []


def test_a_file_that_lost_its_number_is_not_reported_for_the_next_one(poller, ends):
    left, right = ends
    other, peer = socket.socketpair()
    fd = os.dup(left.fileno())  # `left` keeps the file open, and so in the kernel's set
    poller.watch(fd, READABLE)
    assert poller.poll(0) == []
    with other, peer:
        os.dup2(other.fileno(), fd)
        try:
            poller.watch(fd, 0)
            poller.watch(fd, READABLE)
            right.send(b"for the old one")
            assert poller.poll(0.01) == []
            peer.send(b"x")
            assert poller.poll(SECONDS) == [(fd, READABLE)]
        finally:
            poller.watch(fd, 0)
            os.close(fd)


def test_a_file_that_lost_its_number_does_not_keep_the_loop_from_sleeping(poller, ends):
    left, right = ends
    fd = os.dup(left.fileno())
    poller.watch(fd, READABLE)
    assert poller.poll(0) == []
    os.close(fd)
    poller.watch(fd, 0)
    right.send(b"for nobody")
    calls = 0
    end = time.monotonic() + 0.1
    used = time.thread_time()
    while time.monotonic() < end:
        poller.poll(end - time.monotonic())
        calls += 1
    assert calls < 10
    assert time.thread_time() - used < 0.09


def test_a_hang_up_wakes_who_reads(poller, ends):
    left, right = ends
    poller.watch(left.fileno(), READABLE)
    poller.poll(0)
    right.close()
    ((fd, events),) = poller.poll(SECONDS)
    assert fd == left.fileno()
    assert events & READABLE


@pytest.mark.parametrize("wanted", [READABLE, WRITABLE, BOTH])
def test_an_error_wakes_whoever_waits(poller, wanted):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = nobody.getsockname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(address)
        sender.send(b"x")
        poller.watch(sender.fileno(), wanted)
        found = poller.poll(SECONDS)
        assert {fd for fd, _ in found} == {sender.fileno()}
        events = functools.reduce(operator.or_, (events for _, events in found))
        assert events & BROKEN or events & wanted == wanted
        poller.watch(sender.fileno(), 0)


def test_an_error_is_reported_and_the_watch_goes_on(poller):
    # A datagram to a port where nobody listens comes back as an error on the socket.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = nobody.getsockname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(address)
        poller.watch(sender.fileno(), READABLE)
        assert poller.poll(0) == []
        sender.send(b"x")
        for _ in range(2):  # it is level-triggered in this, too
            ((fd, events),) = poller.poll(SECONDS)
            assert fd == sender.fileno()
            assert events & (READABLE | BROKEN)
        with pytest.raises(ConnectionRefusedError):
            sender.recv(9)
        poller.poll(0)
        assert poller.poll(0) == []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as somebody:
            somebody.bind(address)
            somebody.connect(sender.getsockname())
            somebody.send(b"x")
            assert poller.poll(SECONDS) == [(sender.fileno(), READABLE)]
        poller.watch(sender.fileno(), 0)


def test_regular_files_are_refused_or_ready(poller, is_libuv, tmp_path):
    with open(tmp_path / "file", "w+b") as file:
        if is_libuv:
            with pytest.raises(PermissionError):
                poller.watch(file.fileno(), READABLE)
        else:
            poller.watch(file.fileno(), READABLE)
            assert poller.poll(SECONDS) == [(file.fileno(), READABLE)]
            poller.watch(file.fileno(), 0)


def test_a_blocking_file_stays_blocking(poller):
    left, right = socket.socketpair()
    with left, right:
        left.setblocking(True)
        poller.watch(left.fileno(), READABLE)
        poller.poll(0)
        assert os.get_blocking(left.fileno())
        poller.watch(left.fileno(), 0)
        right.setblocking(False)
        poller.watch(right.fileno(), READABLE)
        assert not os.get_blocking(right.fileno())
        poller.watch(right.fileno(), 0)


# ---- signals


class Interrupted(Exception):
    pass


@pytest.fixture
def alarms():
    """Count the alarms; each raises Interrupted."""
    raised = []

    def handler(*_):
        raised.append(1)
        raise Interrupted

    before = signal.signal(signal.SIGALRM, handler)
    wakeup_fd = signal.set_wakeup_fd(-1)  # none: the wait itself must end
    yield raised
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.set_wakeup_fd(wakeup_fd)
    signal.signal(signal.SIGALRM, before)


def test_a_signal_ends_the_wait(poller, ends, alarms):
    poller.watch(ends[0].fileno(), READABLE)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    with pytest.raises(Interrupted):
        while True:
            poller.poll(SECONDS)
    ends[1].send(b"x")
    assert poller.poll(SECONDS) == [(ends[0].fileno(), READABLE)]


def test_what_a_signal_handler_raises_is_never_lost(poller, alarms):
    pairs = [socket.socketpair() for _ in range(30)]
    for left, _ in pairs:
        poller.watch(left.fileno(), BOTH)

    def poll_for_ever():
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            poller.poll(0.001)

    caught = 0
    for _ in range(100):
        try:
            # One at a time: an alarm must not go off in the midst of the `except`. And the loop is in a function
            # of its own: what is raised at the jump of a loop within `try` escapes it on Python 3.13.
            signal.setitimer(signal.ITIMER_REAL, 0.0005)
            poll_for_ever()
        except Interrupted:
            caught += 1
    for left, right in pairs:
        poller.watch(left.fileno(), 0)
        left.close()
        right.close()
    assert caught == len(alarms) == 100


def test_an_exception_at_any_line_leaves_the_poller_in_order(poller, ends, request):
    """As a signal handler may raise one; at each line of a poll, in turn."""
    fd = ends[0].fileno()
    poller.watch(fd, READABLE)
    ends[1].send(b"x")
    earlier = sys.gettrace()
    lines = 0
    for number in range(1000):
        left = number

        def trace(frame, event, _):
            nonlocal left
            if os.path.dirname(frame.f_code.co_filename) != os.path.dirname(_loop.__file__):
                return None
            if event == "line":
                left -= 1
                if left < 0:
                    raise Interrupted
            return trace

        sys.settrace(trace)
        try:
            poller.poll(0.001)
            break
        except Interrupted:
            lines += 1
        finally:
            sys.settrace(earlier)
        assert set(poller.poll(SECONDS)) == {(fd, READABLE)}  # twice is harmless
    if request.node.callspec.params["poller"][1] != "c":
        assert 5 < lines < 1000
    poller.watch(fd, 0)


@pytest.mark.parametrize("name", LIBEV_PROVIDERS)
def test_libev_leaves_sigchld_alone(name):
    provider(libev, name)
    # SigCgt: the signals that the process catches, as a mask.
    if not os.path.exists("/proc/self/status"):
        pytest.skip("no /proc here to see which signals are caught")
    said = check_python(f"""
        import signal
        from eventlet import hubs
        def caught():
            with open("/proc/self/status") as status:
                line = next(line for line in status if line.startswith("SigCgt"))
            return bool(int(line.split()[1], 16) >> (signal.SIGCHLD - 1) & 1)
        before = caught()
        hubs.use_hub("libev:{name}")
        import eventlet
        eventlet.sleep(0.001)
        print(before, caught())
    """)
    assert said.split() == ["False", "False"]


# ---- threads and forks


def test_another_thread_may_stop_a_watch_meanwhile(poller, ends, request):
    if request.node.callspec.params["poller"][2] == libev.BACKENDS["poll"]:
        pytest.skip("libev's poll backend itself aborts when an fd is closed while it sleeps")
    left, right = ends
    other, peer = socket.socketpair()
    with other, peer:
        poller.watch(left.fileno(), READABLE)
        poller.watch(other.fileno(), READABLE)

        def until_left():
            # A report of what is not watched any more is harmless: the hub looks up who waits.
            while (left.fileno(), READABLE) not in poller.poll(SECONDS):
                pass

        thread = OSThread(until_left)
        for _ in range(50):
            poller.watch(other.fileno(), 0)
            poller.watch(other.fileno(), READABLE)
        poller.watch(other.fileno(), 0)
        other.close()
        right.send(b"x")
        thread.join()
        poller.watch(left.fileno(), 0)
        assert poller.poll(0) == []


def test_closing_while_another_thread_polls(poller, ends):
    left, right = ends
    poller.watch(left.fileno(), READABLE)
    began = threading.Event()
    thread = OSThread(lambda: (began.set(), poller.poll(SECONDS))[1])
    assert began.wait(SECONDS)
    poller.close()
    right.send(b"x")
    try:
        assert thread.join() == [(left.fileno(), READABLE)]
    except ValueError:
        pass  # it was closed before it began
    with pytest.raises(ValueError, match="closed"):
        poller.poll(0)
    poller.close()


def in_child(function):
    """Run `function` in a forked child; return whether it went well."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            function()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


def test_a_forked_child_begins_anew_and_does_not_disturb_its_parent(poller, ends):
    left, right = ends
    fd = left.fileno()
    poller.watch(fd, READABLE)
    assert poller.poll(0) == []

    def child():
        poller.after_fork()
        right.send(b"x")
        assert poller.poll(0) == []  # nothing is watched
        poller.watch(fd, READABLE)
        assert poller.poll(SECONDS) == [(fd, READABLE)]
        poller.watch(fd, 0)
        assert poller.poll(0) == []
        poller.close()

    assert in_child(child)
    assert poller.poll(SECONDS) == [(fd, READABLE)]


def test_closing_in_a_child_does_not_disturb_the_parent(poller, ends):
    # As it happens to the hub of another thread than the one that forks.
    left, right = ends
    poller.watch(left.fileno(), READABLE)
    assert poller.poll(0) == []
    assert in_child(poller.close)
    right.send(b"x")
    assert poller.poll(SECONDS) == [(left.fileno(), READABLE)]


def watched_by_the_kernel():
    """Return the fds that each epoll set of this process holds, by the set's fd."""
    sets = {}
    for fd, target in (open_fds() or {}).items():
        if target == "anon_inode:[eventpoll]":
            with open(f"/proc/self/fdinfo/{fd}") as lines:
                sets[fd] = sorted(int(line.split()[1]) for line in lines if line.startswith("tfd:"))
    return sets


def test_the_set_in_the_kernel_is_not_shared_after_a_fork(poller, ends):
    """What is watched and forgotten in children and their children changes nothing in the set of who forked."""
    if not os.path.exists("/proc/self/fdinfo"):
        pytest.skip("no /proc here to see what epoll sets hold")
    left, right = ends
    poller.watch(left.fileno(), READABLE)
    assert poller.poll(0) == []
    fds = open_fds()

    def child(depth):
        poller.after_fork()
        assert poller.poll(0) == []
        assert not any(left.fileno() in held for held in watched_by_the_kernel().values())
        poller.watch(right.fileno(), WRITABLE)
        assert poller.poll(SECONDS) == [(right.fileno(), WRITABLE)]
        if depth:
            before = watched_by_the_kernel()
            assert in_child(lambda: child(depth - 1))
            assert watched_by_the_kernel() == before
        poller.watch(right.fileno(), 0)
        assert poller.poll(0) == []
        assert len(open_fds()) <= len(fds)
        poller.close()

    before = watched_by_the_kernel()
    assert in_child(lambda: child(2))
    assert watched_by_the_kernel() == before
    right.send(b"x")
    assert poller.poll(SECONDS) == [(left.fileno(), READABLE)]
    poller.watch(left.fileno(), 0)


# ---- resources


def test_pollers_come_and_go_without_a_trace(poller, request):
    module, name, flags = request.node.callspec.params["poller"]
    kind = provider(module, name).Poller
    before = open_fds()
    for _ in range(20):
        left, right = socket.socketpair()
        with left, right:
            one = kind(flags)
            one.watch(left.fileno(), READABLE)
            one.poll(0)
            one.watch(right.fileno(), WRITABLE)
            del one  # with watchers, and not closed
    assert open_fds() == before


def test_watching_again_and_again_takes_no_memory(poller):
    resource = pytest.importorskip("resource")

    def rounds(count):
        for _ in range(count):
            left, right = socket.socketpair()
            with left, right:
                poller.watch(left.fileno(), READABLE)
                poller.watch(right.fileno(), BOTH)
                poller.poll(0)
                poller.watch(left.fileno(), 0)
                poller.watch(right.fileno(), 0)
        poller.poll(0)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    warm = rounds(2000)
    kilobytes = rounds(6000) - warm  # a watcher that is not freed takes more than 0.1
    assert kilobytes < 800


# ---- choosing


@pytest.mark.parametrize(("module", "name"), PROVIDERS, ids=lambda value: getattr(value, "Hub", value) and str(value))
def test_a_provider_can_be_forced(module, name):
    provider(module, name)
    hub = OSThread(lambda: (hubs.use_hub(f"{module.Hub.name}:{name}"), hubs.get_hub())[1]).join()
    assert isinstance(hub, module.Hub)
    assert hub.provider == name
    assert hub.name == module.Hub.name


@pytest.mark.parametrize("module", [libuv, libev])
def test_the_module_names_the_provider(module):
    if not module.is_available():
        pytest.skip(f"{module.Hub.name} is not here: it needs {module.INSTALL}")
    hub = module.Hub()
    assert module.provider == hub.provider
    assert hub.version[0].isdigit()
    hub.close()
    with pytest.raises(AttributeError):
        module.nothing  # noqa: B018


@pytest.mark.parametrize(("words", "chosen"), [("poll", "poll"), ("ctypes:select", "select"), ("epoll:c", "epoll")])
def test_libevs_backend_can_be_chosen(words, chosen):
    try:
        hub = hubs._current.find_hub_class(f"libev:{words}")()
    except HubError as error:
        pytest.skip(str(error))
    assert hub.backend == chosen
    assert hub.knows_files is (chosen == "epoll")
    hub.close()


@pytest.mark.parametrize("name", LIBEV_PROVIDERS)
def test_libev_never_takes_io_uring_by_itself(name):
    module = provider(libev, name)
    poller = module.Poller()
    assert not poller.backend() & (libev.BACKENDS["iouring"] | libev.BACKENDS["linuxaio"])
    poller.close()


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("libuv:rust", "no option 'rust'; it has one or some of: pyuv, c, ctypes"),
        ("libuv:poll", "no option 'poll'"),
        ("libev:c:ctypes", "no option 'ctypes'; it has one or some of: pyev, c, ctypes, select"),
        ("libev:", "no option ''"),
        ("poll:c", "'poll' has no options"),
        ("pyuv:x", "no option 'x'"),
    ],
)
def test_a_wrong_option_says_what_there_is(choice, message):
    with pytest.raises(HubError) as caught:
        hubs._current.find_hub_class(choice)
    assert message in str(caught.value)
    assert "available here: " in str(caught.value)


@pytest.mark.parametrize(("alias", "module"), [("pyuv", libuv), ("pyev", libev)])
def test_the_names_of_the_bindings_are_names_of_the_hubs(alias, module):
    if not module.is_available():
        pytest.skip(f"{module.Hub.name} is not here: it needs {module.INSTALL}")
    assert hubs._current.find_hub_class(alias) is module.Hub


def test_without_any_provider_the_error_says_what_to_install(monkeypatch):
    def absent(name):
        raise ImportError(f"no {name}")

    _loop._first_provider.cache_clear()  # of what there is
    monkeypatch.setattr(_loop, "import_module", absent)
    assert not libuv.is_available()
    with pytest.raises(HubError, match=r"not available on this system: it needs the library libuv \(Debian: libuv1"):
        hubs._current.find_hub_class("libuv")
    with pytest.raises(HubError, match="ctypes: no eventlet"):
        hubs._current.find_hub_class("libuv:ctypes")
