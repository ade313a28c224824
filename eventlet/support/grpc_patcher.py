"""Makes grpc cooperative: what waits for an RPC lets others run, and handlers are called in green threads.

gRPC waits for the network in OS threads of its own, which stay that; they wake whoever waits for an RPC. So calls
need no threads of a pool, however many wait. Callbacks (`add_done_callback`, `subscribe`, credentials' plugins,
interceptors of servers) are called in gRPC's threads, as ever.
"""

from __future__ import annotations

import functools
import importlib

from eventlet import _pristine, tpool
from eventlet.green._hub_executor import HubExecutor
from eventlet.green._real_thread_locks import may_park, threading
from eventlet.greenthread import spawn_n
from eventlet.hubs import get_hub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

__all__ = ["make_grpc_green"]


def make_grpc_green(grpc: Any) -> None:
    """Change the module `grpc` and its parts. Never switches.

    Channels and servers that were made before stay as they are. A server whose thread pool is a standard
    ThreadPoolExecutor, which patching has made one of green threads, has these in the hub of the thread that makes it.
    """
    modules: dict[str, Any] = {}
    for name in ("_cython.cygrpc", "_channel", "_common", "_plugin_wrapping", "_server", "_utilities"):
        modules[name] = importlib.import_module(f"grpc.{name}")
    cygrpc, channel, common = modules["_cython.cygrpc"], modules["_channel"], modules["_common"]
    if hasattr(common.wait, "_eventlet_is_green"):
        return
    for module in modules.values():
        if hasattr(module, "threading"):
            module.threading = threading
    cygrpc.time = _pristine.time
    _real_locks(grpc, cygrpc)
    cygrpc.ForkManagedThread = _thread_class(cygrpc.ForkManagedThread)
    common.wait = _green_wait(common.wait)
    for kind in (channel._UnaryUnaryMultiCallable, channel._StreamUnaryMultiCallable):
        kind.with_call = _with_call(kind.with_call, channel)
        kind.__call__ = _call(kind.__call__, kind)
    for name in ("_next", "initial_metadata"):
        method = getattr(channel._SingleThreadedRendezvous, name)
        setattr(channel._SingleThreadedRendezvous, name, _in_thread(method))
    _green_handlers(modules["_server"])


def _real_locks(grpc: Any, cygrpc: Any) -> None:
    """Replace the locks that were made when the modules were loaded: green ones, if that was after patching."""
    observability = getattr(grpc, "_observability", None)
    if observability is not None:
        observability._plugin_lock = threading.RLock()
    fork_state: Any = getattr(cygrpc, "_fork_state", None)
    if hasattr(fork_state, "fork_in_progress_condition"):
        fork_state.fork_in_progress_condition = threading.Condition()
        fork_state.active_thread_count = type(fork_state.active_thread_count)()
    stubs = getattr(grpc, "_simple_stubs", None)
    if stubs is not None and stubs.ChannelCache._singleton is None:
        stubs.threading = threading
        cache = stubs.ChannelCache
        cache._lock = threading.RLock()
        cache._condition = threading.Condition(cache._lock)
        cache._eviction_ready = threading.Event()


# ---- clients


def _thread_class(standard: Any) -> Any:
    class Thread(standard):  # type: ignore[misc]
        """A thread of gRPC's; but the one that takes a caller's requests from an iterator is a green one."""

        def __init__(self, target: Callable[..., object], args: tuple[Any, ...] = ()) -> None:
            super().__init__(target, args)
            self._green = None
            if may_park() and getattr(target, "__name__", "") == "consume_request_iterator":
                self._green = functools.partial(spawn_n, target, *args)

        def start(self) -> None:
            if self._green is not None:
                self._green()
            else:
                super().start()

    Thread.__name__ = Thread.__qualname__ = standard.__name__
    return Thread


def _green_wait(standard: Any) -> Any:
    @functools.wraps(standard)
    def wait(wait_fn: Any, wait_complete_fn: Any, timeout: float | None = None, spin_cb: Any = None) -> bool:
        if not may_park():
            return standard(wait_fn, wait_complete_fn, timeout, spin_cb)  # type: ignore[no-any-return]
        # Signals are the hub's business: there is no need to look for them ten times a second.
        hub = get_hub()
        deadline = None if timeout is None else hub.clock() + timeout
        while not wait_complete_fn():
            seconds = None if deadline is None else deadline - hub.clock()
            if seconds is not None and seconds < 0:
                return True
            wait_fn(timeout=seconds)
            if spin_cb is not None:
                spin_cb()
        return False

    wait._eventlet_is_green = True  # type: ignore[attr-defined]
    return wait


def _with_call(standard: Any, channel: Any) -> Any:
    @functools.wraps(standard)
    def with_call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not may_park():
            return standard(self, *args, **kwargs)
        future = self.future(*args, **kwargs)
        try:
            return future.result(), future
        except type(future) as error:
            if error is not future:
                raise
        except BaseException:
            future.cancel()  # nobody waits for it any more
            raise
        raise channel._InactiveRpcError(future._state)

    return with_call


def _call(standard: Any, kind: Any) -> Any:
    @functools.wraps(standard)
    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not may_park():
            return standard(self, *args, **kwargs)
        return kind.with_call(self, *args, **kwargs)[0]

    return __call__


def _in_thread(standard: Any) -> Any:
    @functools.wraps(standard)
    def method(self: Any) -> Any:
        return tpool.execute(standard, self) if may_park() else standard(self)

    return method


# ---- servers


def _green_handlers(server: Any) -> None:
    standard_create, standard_select = server.create_server, server._select_thread_pool_for_behavior

    @functools.wraps(standard_create)
    def create_server(thread_pool: Any, *args: Any, **kwargs: Any) -> Any:
        if _has_green_threads(thread_pool):
            thread_pool = HubExecutor(thread_pool, get_hub())
        return standard_create(thread_pool, *args, **kwargs)

    @functools.wraps(standard_select)
    def select_thread_pool(behavior: Any, default_thread_pool: Any) -> Any:
        chosen = standard_select(behavior, default_thread_pool)
        if isinstance(default_thread_pool, HubExecutor) and _has_green_threads(chosen):
            return HubExecutor(chosen, default_thread_pool.hub)
        return chosen

    server.create_server, server._select_thread_pool_for_behavior = create_server, select_thread_pool


def _has_green_threads(executor: Any) -> bool:
    from eventlet import patcher
    from eventlet.green.concurrent import futures as green

    if isinstance(executor, green.ThreadPoolExecutor):
        return True
    standard = importlib.import_module("concurrent.futures")
    return isinstance(executor, standard.ThreadPoolExecutor) and patcher.is_monkey_patched("thread")
