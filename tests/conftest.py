"""Fixtures for all tests: one that takes `hub` or `autojump_hub` runs on each backend that exists here.

EVENTLET_TEST_HUBS=epolls,poll leaves the other backends out; libuv:ctypes there is that hub with that option. Tests
that are marked every_provider run on libuv and libev by each way to those libraries: see eventlet/hubs/_loop.py.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from eventlet import greenthread
from eventlet.hubs import _current, _loop, get_hub, libev, libuv, use_hub
from eventlet.hubs.hub import BaseHub
from tests import helpers
from tests.helpers import open_fds
from tests.helpers.virtual_time import autojump

SECONDS_PER_TEST = 60.0
SECONDS_PER_SLOW_TEST = 300.0
SECONDS_FOR_THREADS_TO_END = 10.0

CALL_REPORT = pytest.StashKey[pytest.TestReport]()


def _backends() -> list[str]:
    names = [name.strip() for name in os.environ.get("EVENTLET_TEST_HUBS", "").split(",")]
    wanted = [_current.ALIASES.get(name, name) for name in names if name]
    unknown = {name.partition(":")[0] for name in wanted} - set(_current.BACKENDS)
    if unknown:
        raise pytest.UsageError(f"EVENTLET_TEST_HUBS: no hub is called {', '.join(unknown)}")
    return wanted or list(_current.BACKENDS)


def _other_providers() -> list[Any]:
    """The hubs libuv and libev by each provider that is not the first there, and so not what their plain names mean."""
    found: list[Any] = []
    for module in (libuv, libev):
        for provider in module.PROVIDERS:
            name = f"{module.Hub.name}:{provider}"
            try:
                first = _loop.find_provider(module.PROVIDERS)[0]
                _loop.find_provider(module.PROVIDERS, provider)
            except ImportError as error:
                if provider not in ("pyuv", "pyev"):  # other people's modules: not reported as missing
                    found.append(pytest.param(name, marks=pytest.mark.skip(reason=f"{name} is not here: {error}")))
            else:
                if provider != first:
                    found.append(name)
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames and not _is_a_parameter("backend", metafunc.definition):
        names: list[Any] = _backends()
        if metafunc.definition.get_closest_marker("every_provider") and not os.environ.get("EVENTLET_TEST_HUBS"):
            names = [*names, *_other_providers()]
        metafunc.parametrize("backend", names, indirect=True)


def _is_a_parameter(name: str, item: Any) -> bool:
    """Whether the test itself has a parameter of that name, which then is no fixture."""
    lists = [mark.args[0] for mark in item.iter_markers("parametrize")]
    return any(name in (one.replace(",", " ").split() if isinstance(one, str) else one) for one in lists)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[CALL_REPORT] = report
    return report


# ---- hubs


def pytest_configure() -> None:
    # A shell starts background jobs with SIGINT ignored, and programs inherit that: then
    # the examples could not be ended by it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def backend(request: pytest.FixtureRequest, warmed_up: set[str]) -> ModuleType:
    """The module of a hub backend; each that this platform has, in turn."""
    name, colon, _ = (request.param, "", "") if request.param in _current.BACKENDS else request.param.partition(":")
    module = importlib.import_module(_current.BACKENDS[name])
    if not module.is_available():
        pytest.skip(f"the {name} hub is not available here: it needs {getattr(module, 'INSTALL', 'another system')}")
    if colon:
        module = ModuleType(request.param)
        module.Hub = _current.find_hub_class(request.param)  # type: ignore[attr-defined]
    if request.param not in warmed_up:
        warmed_up.add(request.param)
        module.Hub().close()  # libuv's first loop opens a pipe that the process keeps
    return module


@pytest.fixture(scope="session")
def warmed_up() -> set[str]:
    """The hubs that were made once already."""
    with contextlib.suppress(ImportError):
        import uvloop  # has a libuv of its own, and with it such a pipe

        uvloop.new_event_loop().close()
    return set()


@pytest.fixture
def hub(backend: ModuleType, request: pytest.FixtureRequest) -> Iterator[BaseHub]:
    """A fresh hub of each backend. The test fails if it leaves anything behind."""
    with _installed(backend.Hub, request) as hub:
        yield hub


@pytest.fixture
def autojump_hub(backend: ModuleType, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Like `hub`, but on virtual time, from 0: with nothing ready it jumps to the next timer.

    `autojump_hub.clock()` is the time, and `autojump_hub.jumps` says how often it jumped. If nothing
    can ever happen again, the main greenlet gets an AssertionError.
    """
    with _installed(autojump(backend.Hub), request) as hub:
        yield hub


@contextlib.contextmanager
def _installed(hub_class: type[BaseHub], request: pytest.FixtureRequest) -> Iterator[BaseHub]:
    fds, threads = open_fds(), set(threading.enumerate())
    with _watchdog(request):
        use_hub(hub_class)
        hub = get_hub()
        try:
            yield hub
            left = _left_in(hub) if _passed(request) else []
        finally:
            _uninstall(hub)
        left += _left_in_process(fds, threads) if _passed(request) else []
    if left:
        pytest.fail("left behind by the test:\n" + "\n".join(f"  {what}" for what in left), pytrace=False)


def _passed(request: pytest.FixtureRequest) -> bool:
    report = request.node.stash.get(CALL_REPORT, None)
    return report is not None and report.passed


def _uninstall(hub: BaseHub) -> None:
    def end_idle_carriers() -> None:
        for carriers in (hub.idle_carriers, hub.lingering_carriers, hub.lingered_carriers):
            while carriers:
                carriers.pop().switch(None)

    if not hub.is_closed():
        hub.call_soon(end_idle_carriers)
        if _current.thread.__dict__.get("hub") is hub:
            greenthread.sleep(0)
        if hub.running:
            hub.abort(wait=True)
        hub.close()
    _current.thread.__dict__.clear()


def _left_in(hub: BaseHub) -> list[str]:
    """Say what still waits or is scheduled in `hub`."""
    if hub.is_closed():
        return []
    if _current.thread.__dict__.get("hub") is not hub:
        return ["another hub than the fixture's"]
    for dependant in list(hub._dependants):
        if type(dependant).__name__ == "BackgroundLoop":
            dependant.close()  # an asyncio loop in a green thread, which stays on purpose
    helpers.settle()
    if _traces(hub):
        gc.collect()  # a socket in a cycle with a traceback, say
        helpers.settle()
    return _traces(hub)


def _traces(hub: BaseHub) -> list[str]:
    waker = None if hub._waker is None else hub._waker.fd
    left = [f"waiting on a file: {listener!r}" for listener in hub.get_readers() + hub.get_writers()]
    left += [f"known file descriptor: {record!r}" for fd, record in hub._records.items() if fd != waker]
    left += [f"timer: {entry!r}" for entry in hub.pending_timers()]
    left += [f"ready to run: {call!r}" for call in hub._ready]
    return left


def _left_in_process(fds_before: dict[int, str] | None, threads_before: set[threading.Thread]) -> list[str]:
    if set(threading.enumerate()) - threads_before:
        _end_threads(threads_before)
    left = [f"OS thread: {thread!r}" for thread in set(threading.enumerate()) - threads_before]
    if _new_fds(fds_before):
        gc.collect()
    return left + [f"file descriptor {fd}: {target}" for fd, target in _new_fds(fds_before).items()]


def _new_fds(fds_before: dict[int, str] | None) -> dict[int, str]:
    if fds_before is None:
        return {}
    return {fd: target for fd, target in (open_fds() or {}).items() if fds_before.get(fd) != target}


def _end_threads(threads_before: set[threading.Thread]) -> None:
    tpool = sys.modules.get("eventlet.tpool")
    if tpool is not None:
        tpool.killall()  # the default thread pool's workers stay on purpose
        _current.thread.__dict__.clear()
    deadline = time.monotonic() + SECONDS_FOR_THREADS_TO_END
    while set(threading.enumerate()) - threads_before and time.monotonic() < deadline:
        time.sleep(0.001)


@contextlib.contextmanager
def _watchdog(request: pytest.FixtureRequest) -> Iterator[None]:
    """End the test run, with everybody's stack, if one test hangs."""
    slow = request.node.get_closest_marker("slow")
    seconds = slow.kwargs.get("seconds", SECONDS_PER_SLOW_TEST) if slow else SECONDS_PER_TEST
    faulthandler.dump_traceback_later(seconds, exit=True, file=_stderr(request.config))
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _stderr(config: pytest.Config) -> Any:
    """Return the fd of the real stderr: pytest captures the ordinary one, and would keep it for itself."""
    from _pytest.faulthandler import fault_handler_stderr_fd_key

    return config.stash.get(fault_handler_stderr_fd_key, 2)


# ---- servers


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Any]:
    """A MariaDB for the whole test run; has `port`, `unix_socket` and `user`."""
    from tests.programs import _databases

    with _databases.mariadb() as database:
        yield database


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Any]:
    """A PostgreSQL for the whole test run; has `port`, `unix_socket` and `user`."""
    from tests.programs import _databases

    with _databases.postgresql() as database:
        yield database


# ---- helpers that clean up, or read better as arguments


@pytest.fixture
def settle() -> Callable[[], None]:
    """`settle()` lets everything run that can, without waiting."""
    return helpers.settle


@pytest.fixture
def spawn(request: pytest.FixtureRequest) -> Iterator[Callable[..., greenthread.GreenThread]]:
    """Like eventlet.spawn; what still runs at the end of the test is killed."""
    _hub_of(request)
    spawned: list[greenthread.GreenThread] = []

    def spawn(function: Callable[..., Any], *args: Any, **kwargs: Any) -> greenthread.GreenThread:
        thread = greenthread.spawn(function, *args, **kwargs)
        spawned.append(thread)
        return thread

    yield spawn
    for thread in spawned:
        if not thread.dead:
            thread.kill()


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected, non-blocking, plain stream sockets; closed afterwards."""
    _hub_of(request)
    left, right = socket.socketpair()
    with left, right:
        left.setblocking(False)
        right.setblocking(False)
        yield left, right


def _hub_of(request: pytest.FixtureRequest) -> None:
    """Have the test's hub set up before, and so outlive, what asks for this."""
    for name in ("hub", "autojump_hub"):
        if name in request.fixturenames:
            request.getfixturevalue(name)


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """The exceptions that hubs report, in order, instead of printing them."""
    errors: list[BaseException] = []
    monkeypatch.setattr(BaseHub, "report_exception", lambda self, kind, error, tb: errors.append(error))
    return errors
