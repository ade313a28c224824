"""An executor whose work is handed in by other OS threads, and done by green threads of one hub."""

from __future__ import annotations

from functools import partial
from typing import Any

from eventlet import _pristine
from eventlet.greenthread import spawn_n

_Future = _pristine.original("concurrent.futures").Future


class HubExecutor:
    """Has a ThreadPoolExecutor, of green threads, that belongs to `hub` do what any OS thread submits."""

    def __init__(self, executor: Any, hub: Any) -> None:
        self.executor = executor
        self.hub = hub

    def submit(self, function, /, *args, **kwargs):
        """Return a Future, for OS threads, of `function(*args, **kwargs)`. From any thread; never switches."""
        future = _Future()
        self.hub.call_soon(partial(spawn_n, self._submit, future, partial(function, *args, **kwargs)))
        return future

    def _submit(self, future, call):
        try:
            self.executor.submit(call).add_done_callback(partial(_pass_on, future))
        except BaseException as error:
            future.set_exception(error)
            raise

    def __getattr__(self, name):
        return getattr(self.executor, name)


def _pass_on(target, source):
    if source.cancelled():
        target.cancel()
        target.set_running_or_notify_cancel()
    elif source.exception() is not None:
        target.set_exception(source.exception())
    else:
        target.set_result(source.result())
