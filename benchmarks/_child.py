"""The roles of a child process: tell what is installed, measure jobs, be a server, or drive a server.

An order comes in as a JSON object, and the answers go out as lines of JSON on stdout.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import platform
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

from benchmarks._contestant import Contestant
from benchmarks._job import Stopwatch, Unsupported
from benchmarks._server import SERVER_SECONDS, UNSUPPORTED, Server

Order = dict[str, Any]


def main(role: str, order: str) -> None:
    """Play one of the roles below."""
    roles: dict[str, Callable[[Order], None]] = {
        "probe": probe,
        "hubs": hubs,
        "measure": measure,
        "serve": serve,
        "drive": drive,
    }
    _raise_limit_of_open_files()
    _age_heap()
    roles[role](json.loads(order))


def probe(order: Order) -> None:
    """Tell what the contestant really is: a figure means nothing if the wrong package was imported."""
    contestant = _enter(order)
    if contestant.api == "eventlet":
        hub = importlib.import_module("eventlet.hubs").get_hub()
        module, detail = importlib.import_module("eventlet"), type(hub).__module__
    elif contestant.api == "gevent":
        module = importlib.import_module("gevent")
        detail = type(module.get_hub().loop).__module__
    else:
        module, detail = (
            importlib.import_module(contestant.loop),
            "streams" if contestant.api == "asyncio" else "callbacks",
        )
    version = getattr(module, "__version__", "stdlib" if module is asyncio else "unknown")
    _answer(
        name=contestant.name,
        version=version,
        detail=detail,
        file=module.__file__,
        python=platform.python_version(),
    )


def hubs(order: Order) -> None:
    """Name the hubs that the library has, whether or not they work here, and the ways to reach their libraries."""
    _enter(order)
    names: Any = importlib.import_module("eventlet.hubs._current").BACKENDS
    ways = [
        f"{name}:{provider}"
        for name, path in names.items()
        for provider in getattr(importlib.import_module(path), "PROVIDERS", ())
    ]
    _answer(hubs=[*names, *ways])


def measure(order: Order) -> None:
    """Do each job once to warm up, then again until the stopwatch has run for `seconds` (0: just once)."""
    contestant = _enter(order)
    for task in order["tasks"]:
        try:
            job = _job(importlib.import_module(f"benchmarks.{task['bench']}"), contestant, task["job"])
            call = _caller(contestant, job)
            watch = Stopwatch()
            if order["seconds"]:
                call(Stopwatch(), **task["params"])
            while not watch.operations or watch.seconds < order["seconds"]:
                call(watch, **task["params"])
        except Unsupported as reason:
            _answer(unsupported=str(reason))
        except Exception as error:  # the figures of the other jobs are still good
            traceback.print_exc()
            _answer(error=repr(error))
        else:
            _answer(figures=watch.figures())


def serve(order: Order) -> None:
    """Be a server on one core until killed; the first line of stdout is the port, or why it cannot be one."""
    contestant = _enter(order)
    signal.alarm(SERVER_SECONDS)  # never outlive a driver that could not kill us
    _pin_to_core(0)
    job = _job(importlib.import_module(f"benchmarks.{order['bench']}"), contestant, order["job"])
    try:
        _caller(contestant, job)(lambda port: print(port, flush=True))
    except Unsupported as reason:
        print(UNSUPPORTED, reason, flush=True)


def drive(order: Order) -> None:
    """Start the contestant's server and take the benchmark's figures from outside, on another core."""
    module = importlib.import_module(f"benchmarks.{order['bench']}")
    task = order["tasks"][0]
    try:
        with Server(Contestant(**order["contestant"]), order["bench"], task["job"]) as server:
            _pin_to_core(-1)  # not before: the server would inherit it, and have no other core to choose
            _answer(figures=module.drive(server, **task["params"]))
    except Unsupported as reason:
        _answer(unsupported=str(reason))


def _enter(order: Order) -> Contestant:
    """Make the contestant's packages importable and choose its hub; nothing of it may be imported before."""
    contestant = Contestant(**order["contestant"])
    if contestant.checkout:
        sys.path.insert(0, contestant.checkout)
    if contestant.hub:
        os.environ["GEVENT_LOOP" if contestant.api == "gevent" else "EVENTLET_HUB"] = contestant.hub
    return contestant


def _job(module: ModuleType, contestant: Contestant, name: str) -> Callable[..., Any]:
    return getattr(module, f"{contestant.api}_{name}")  # type: ignore[no-any-return]


def _caller(contestant: Contestant, job: Callable[..., Any]) -> Callable[..., Any]:
    """Return `job` as a plain function; a coroutine function runs on a loop of the contestant's kind."""
    if contestant.api in ("eventlet", "gevent"):
        return job
    loop = importlib.import_module(contestant.loop).new_event_loop()
    asyncio.set_event_loop(loop)
    return lambda *args, **kwargs: loop.run_until_complete(job(*args, **kwargs))


def _pin_to_core(index: int) -> None:
    # Server and load on a core each: the scheduler would otherwise move them about as it likes.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[index]})


def _raise_limit_of_open_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _age_heap() -> None:
    """Free a large block, as any program has done that is older than a benchmark.

    It teaches the malloc of glibc to take blocks of this size from the heap. Before that, each recv() of
    asyncio, whose buffer has 256 KiB, maps fresh memory and returns it: two page faults per message, and
    half the speed.
    """
    bytes(1 << 20)


def _answer(**values: object) -> None:
    print(json.dumps(values), flush=True)
