"""What `import eventlet` does (load a little, nothing else), and upstream's public paths, which are here.

How long the import takes is no test: `tools/import-time` measures it.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
import sys
import textwrap
import warnings

import pytest

import eventlet

# Modules that `import eventlet` may load beyond those of `import socket, threading, greenlet`.
MODULE_BUDGET = 50
# Too heavy for a program that may never need them: loaded when used.
HEAVY = ("asyncio", "dns", "email", "http", "importlib.metadata", "logging", "ssl", "subprocess", "urllib")

# Runs in a fresh interpreter and prints a report about what the import did.
PROBE = """\
import gc, json, os, signal, socket, sys, threading, warnings
import greenlet

def eventlet_on_stack(frame):
    # Who asked?  The first caller that is not part of the mechanism itself.
    mechanism = ("os", "_collections_abc", "collections.abc", __name__)
    while frame and frame.f_globals.get("__name__") in mechanism:
        frame = frame.f_back
    return bool(frame) and frame.f_globals.get("__name__", "").split(".")[0] == "eventlet"

environment_reads, fork_hooks = [], []

class Environ(type(os.environ)):
    def __getitem__(self, key):
        if eventlet_on_stack(sys._getframe(1)):
            environment_reads.append(key)
        return super().__getitem__(key)

os.environ.__class__ = Environ
register_at_fork = os.register_at_fork
os.register_at_fork = lambda **hooks: (
    fork_hooks.append(sorted(hooks)) if eventlet_on_stack(sys._getframe(1)) else register_at_fork(**hooks)
)

def count_greenlets():
    return sum(isinstance(thing, greenlet.greenlet) for thing in gc.get_objects())

def open_fds():
    fds = set()
    for fd in range(256):
        try:
            os.fstat(fd)
        except OSError:
            continue
        fds.add(fd)
    return fds

greenlet.getcurrent()  # the main one is made when first asked for
greenlets = count_greenlets()
fds, modules = open_fds(), set(sys.modules)
handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
path, hooks, finders = list(sys.path), [sys.excepthook, threading.excepthook], list(sys.meta_path)
gc_state = [gc.isenabled(), gc.get_threshold(), list(gc.callbacks)]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import eventlet
loaded = sorted(set(sys.modules) - modules)
print(json.dumps({
    "loaded": loaded,
    "warnings": [str(warning.message) for warning in caught],
    "environment_reads": environment_reads,
    "fork_hooks": fork_hooks,
    "threads": threading.active_count() - 1,
    "new_fds": sorted(open_fds() - fds),
    "greenlets": count_greenlets() - greenlets,
    "hubs": [repr(type(thing)) for thing in gc.get_objects()
             if any(base.__module__.startswith("eventlet.") and base.__name__ == "BaseHub"
                    for base in type(thing).__mro__)],
    "signals_touched": [number for number in handlers if signal.getsignal(number) != handlers[number]],
    "wakeup_fd": signal.set_wakeup_fd(-1),
    "interpreter_touched": [path, hooks, finders, gc_state] != [
        list(sys.path), [sys.excepthook, threading.excepthook], list(sys.meta_path),
        [gc.isenabled(), gc.get_threshold(), list(gc.callbacks)]],
    "patched": socket.socket.__module__ != "socket" or "eventlet" in type(threading.Lock()).__module__,
}))
"""


def run_python(*arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENTLET_")}
    environment["EVENTLET_HUB"] = "there-is-no-such-hub"  # who reads it at import, trips over it
    finished = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


@pytest.fixture(scope="module")
def report() -> dict[str, object]:
    return json.loads(run_python("-c", PROBE))


@pytest.mark.parametrize(
    "flags", [["-W", "error"], ["-X", "dev", "-W", "error"], ["-bb", "-W", "error"], ["-OO"]]
)
def test_import_prints_and_warns_of_nothing(flags):
    assert run_python(*flags, "-c", "import eventlet") == ""


@pytest.mark.parametrize(
    "effect",
    ["warnings", "environment_reads", "fork_hooks", "new_fds", "hubs", "signals_touched"],
)
def test_import_has_no_effects(report, effect):
    assert report[effect] == []


def test_import_starts_no_thread_and_no_greenlet(report):
    assert (report["threads"], report["greenlets"]) == (0, 0)


def test_import_leaves_signal_wake_up_and_interpreter_hooks_alone(report):
    assert report["wakeup_fd"] == -1
    assert not report["interpreter_touched"]
    assert not report["patched"]


def test_import_loads_nothing_heavy(report):
    heavy = [name for name in report["loaded"] if name.startswith(HEAVY)]
    heavy = [name for name in heavy if any(name == one or name.startswith(one + ".") for one in HEAVY)]
    assert heavy == []


def test_import_loads_few_modules(report):
    assert len(report["loaded"]) <= MODULE_BUDGET, report["loaded"]


def test_version_is_that_of_the_distribution():
    from importlib.metadata import PackageNotFoundError, version

    try:
        installed = version("eventlet")
    except PackageNotFoundError:
        pytest.skip("run from the source tree, without an installed distribution")
    assert eventlet.__version__ == installed


def test_facade_lists_what_it_has():
    missing = [name for name in eventlet.__all__ if not hasattr(eventlet, name)]
    assert missing == []
    assert set(eventlet.__all__) <= set(dir(eventlet))


def test_facade_says_which_name_it_lacks():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = eventlet.no_such_name  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", ["eventlet", "eventlet.greenthread", "eventlet.queue", "eventlet.hubs"])
def test_star_import_works(module):
    run_python("-W", "error", "-c", f"from {module} import *")


# Public names, as programs written for upstream use them.  `Class.member` stands for a member.
PUBLIC = {
    "eventlet": """
        BoundedSemaphore CappedSemaphore Event GreenPile GreenPool Queue Semaphore StopServe Timeout
        TimeoutError call_after_global connect exc_after getcurrent import_patched is_timeout kill
        listen monkey_patch serve sleep spawn spawn_after spawn_n with_timeout wrap_is_timeout
        wrap_ssl convenience event greenio greenlet greenpool greenthread hubs patcher queue
        semaphore support timeout __version__
        """,
    "eventlet.convenience": """
        ReusePortUnavailableWarning ReuseRandomPortWarning StopServe connect listen serve wrap_ssl
        """,
    "eventlet.corolocal": "get_ident local",
    "eventlet.event": """
        Event Event.has_exception Event.has_result Event.poll Event.poll_exception Event.poll_result
        Event.ready Event.reset Event.send Event.send_exception Event.wait NOT_USED
        """,
    "eventlet.greenio": """
        CONNECT_ERR CONNECT_SUCCESS GreenPipe GreenSocket SOCKET_BLOCKING SOCKET_CLOSED base
        set_nonblocking shutdown_safe socket_timeout
        """,
    "eventlet.greenio.base": """
        CONNECT_ERR CONNECT_SUCCESS GreenSocket GreenSocket.__enter__ GreenSocket.__exit__
        GreenSocket.accept GreenSocket.connect GreenSocket.connect_ex GreenSocket.dup GreenSocket.fd
        GreenSocket.gettimeout GreenSocket.makefile GreenSocket.recv GreenSocket.recv_into
        GreenSocket.recvfrom GreenSocket.recvfrom_into GreenSocket.recvmsg GreenSocket.recvmsg_into
        GreenSocket.send GreenSocket.sendall GreenSocket.sendfile GreenSocket.sendmsg
        GreenSocket.sendto GreenSocket.setblocking GreenSocket.settimeout SOCKET_BLOCKING
        SOCKET_CLOSED set_nonblocking shutdown_safe socket_accept socket_checkerr socket_connect
        socket_timeout
        """,
    "eventlet.greenio.py3": "GreenFileIO GreenPipe",
    "eventlet.greenpool": """
        GreenMap GreenPile GreenPile.__iter__ GreenPile.__next__ GreenPile.next GreenPile.spawn
        GreenPool GreenPool.free GreenPool.imap GreenPool.resize GreenPool.running GreenPool.spawn
        GreenPool.spawn_n GreenPool.starmap GreenPool.waitall GreenPool.waiting
        """,
    "eventlet.greenthread": """
        GreenThread GreenThread.cancel GreenThread.dead GreenThread.kill GreenThread.link
        GreenThread.main GreenThread.unlink GreenThread.wait call_after call_after_global
        call_after_local cancel exc_after getcurrent kill sleep spawn spawn_after spawn_after_local
        spawn_n
        """,
    "eventlet.hubs": """
        HubError IOClosed get_default_hub get_hub notify_close notify_opened trampoline use_hub
        """,
    "eventlet.hubs.hub": """
        BaseHub BaseHub.READ BaseHub.SYSTEM_EXCEPTIONS BaseHub.WRITE BaseHub.abort BaseHub.add
        BaseHub.add_timer BaseHub.block_detect_post BaseHub.block_detect_pre BaseHub.close_one
        BaseHub.default_sleep BaseHub.ensure_greenlet BaseHub.fire_timers BaseHub.get_readers
        BaseHub.get_timers_count BaseHub.get_writers BaseHub.mark_as_reopened BaseHub.notify_close
        BaseHub.prepare_timers BaseHub.remove BaseHub.remove_descriptor BaseHub.run
        BaseHub.schedule_call_global BaseHub.schedule_call_local BaseHub.set_debug_listeners
        BaseHub.set_timer_exceptions BaseHub.sleep_until BaseHub.squelch_exception
        BaseHub.squelch_generic_exception BaseHub.squelch_timer_exception BaseHub.switch
        BaseHub.timer_canceled BaseHub.wait DebugListener FdListener alarm_handler arm_alarm
        closed_callback noop
        """,
    "eventlet.hubs.epolls": "Hub is_available",
    "eventlet.hubs.poll": "Hub is_available",
    "eventlet.hubs.selects": "Hub is_available",
    "eventlet.hubs.timer": """
        LocalTimer LocalTimer.__call__ LocalTimer.cancel LocalTimer.pending Timer Timer.__call__
        Timer.cancel Timer.copy Timer.pending Timer.schedule
        """,
    "eventlet.lock": "Lock Lock.acquire Lock.locked Lock.release",
    "eventlet.parallel": "GreenPool",
    "eventlet.patcher": """
        SysModulesSaver import_patched inject is_monkey_patched monkey_patch original patch_function
        slurp_properties
        """,
    "eventlet.pools": """
        Pool Pool.create Pool.free Pool.get Pool.item Pool.put Pool.resize Pool.waiting Token
        TokenPool TokenPool.create
        """,
    "eventlet.queue": """
        Empty Full ItemWaiter LifoQueue LightQueue LightQueue.empty LightQueue.full LightQueue.get
        LightQueue.get_nowait LightQueue.getting LightQueue.put LightQueue.put_nowait
        LightQueue.putting LightQueue.qsize LightQueue.resize PriorityQueue Queue Queue.join
        Queue.task_done Waiter
        """,
    "eventlet.semaphore": """
        BoundedSemaphore CappedSemaphore CappedSemaphore.acquire CappedSemaphore.balance
        CappedSemaphore.bounded CappedSemaphore.locked CappedSemaphore.release Semaphore
        Semaphore.__enter__ Semaphore.__exit__ Semaphore.acquire Semaphore.balance Semaphore.bounded
        Semaphore.locked Semaphore.release
        """,
    "eventlet.support": "bytes_to_str get_errno wrap_deprecated",
    "eventlet.support.greenlets": "GreenletExit getcurrent greenlet",
    "eventlet.timeout": """
        Timeout Timeout.__enter__ Timeout.__exit__ Timeout.cancel Timeout.is_timeout Timeout.pending
        Timeout.start is_timeout with_timeout wrap_is_timeout
        """,
    "eventlet.util": "wrap_select_with_coroutine_select wrap_socket_with_coroutine_socket",
}

# Green twin → the standard module whose public names it has, all of them; and names of upstream's own.
GREEN = {
    "eventlet.green.Queue": ("queue", ""),
    "eventlet.green.SocketServer": ("socketserver", ""),
    "eventlet.green.http": ("http", ""),
    "eventlet.green.http.client": ("http.client", "HTTPMessage parse_headers"),
    "eventlet.green.httplib": ("http.client", ""),
    "eventlet.green.profile": ("profile", "ContextWrap"),
    "eventlet.green.queue": ("queue", ""),
    "eventlet.green.os": ("os", "fdopen open read wait waitpid write"),
    "eventlet.green.select": ("select", "get_fileno select"),
    "eventlet.green.selectors": ("selectors", ""),
    "eventlet.green.socket": ("socket", "gethostbyname_ex getnameinfo socketpair"),
    "eventlet.green.socketserver": ("socketserver", ""),
    "eventlet.green.ssl": ("ssl", "GreenSSLContext GreenSSLSocket green_create_default_context wrap_socket"),
    "eventlet.green.thread": ("_thread", "allocate allocate_lock get_ident start_new start_new_thread"),
    "eventlet.green.threading": ("threading", "currentThread"),
    "eventlet.green.time": ("time", "sleep"),
    "eventlet.green.urllib": ("urllib", ""),
    "eventlet.green.urllib.request": ("urllib.request", ""),
    "eventlet.green.urllib2": ("urllib.request", "HTTPError URLError"),
}


@pytest.mark.parametrize("module", PUBLIC)
def test_upstream_names_are_there(module):
    loaded = importlib.import_module(module)
    missing = []
    for name in PUBLIC[module].split():
        thing = loaded
        for part in name.split("."):
            if not hasattr(thing, part):
                missing.append(name)
                break
            thing = getattr(thing, part)
    assert missing == []


@pytest.mark.parametrize("module", GREEN)
def test_green_twin_has_every_name_of_its_standard_module(module):
    twin, extra = GREEN[module]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # deprecated names count as well
        standard, green = importlib.import_module(twin), importlib.import_module(module)
        public = getattr(standard, "__all__", None) or [n for n in dir(standard) if not n.startswith("_")]
        missing = [name for name in [*public, *extra.split()] if not hasattr(green, name)]
    assert missing == []


def test_every_module_imports_alone():
    """In a fresh interpreter each: no module may lean on another having been imported before."""
    optional = {"eventlet.hubs.kqueue", "eventlet.__main__"}
    optional |= {f"eventlet.hubs.{name}" for name in ("_libev_ctypes", "_libuv_ctypes")}  # need a library of the system
    # Python warns of these, or does not have them any more: tests/green/test_twins.py.
    warned_of = ("asynchat", "asyncore", "nntplib", "profile", "smtpd", "telnetlib")
    optional |= {f"eventlet.green.{name}" for name in warned_of}
    names = [info.name for info in pkgutil.walk_packages(eventlet.__path__, "eventlet.")]
    script = textwrap.dedent("""
        import importlib, os, sys, traceback
        for name in sys.argv[1:]:
            child = os.fork()
            if not child:
                status = 1
                try:
                    importlib.import_module(name)
                    status = 0
                except ModuleNotFoundError as error:
                    # A module of somebody else that is not here.
                    if error.name in ("MySQLdb", "OpenSSL", "grpc", "psycopg", "psycopg2", "pyev", "pyuv", "zmq"):
                        status = 0
                    else:
                        print(name, traceback.format_exc(), flush=True)
                except BaseException:
                    print(name, traceback.format_exc(), flush=True)
                finally:
                    os._exit(status)
            os.waitpid(child, 0)
    """)
    assert run_python("-W", "error", "-c", script, *sorted(set(names) - optional)) == ""
