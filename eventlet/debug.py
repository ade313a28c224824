"""Looking inside a running program, and switches for debugging."""

from __future__ import annotations

import gc
import inspect
import linecache
import os
import re
import sys
import traceback
from typing import Any

from greenlet import getcurrent, greenlet

from eventlet.hubs import get_hub
from eventlet.hubs.hub import BaseHub
from eventlet.hubs.timer import Timer

__all__ = [
    "format_asyncio_info",
    "format_hub_listeners",
    "format_hub_timers",
    "format_threads_info",
    "hub_blocking_detection",
    "hub_exceptions",
    "hub_listener_stacks",
    "hub_prevent_multiple_readers",
    "hub_timer_stacks",
    "spew",
    "tpool_exceptions",
    "unspew",
]

#: A green thread's frame that parks, and what it came upon in the ready queue: the scheduler's business.
_PARKED = re.compile(r'  File "[^"]*", line \d+, in \w+\n    hub\._(?:switch|ready\.popleft\(\)\.switch)\(\)')
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class Spew:
    """A trace function, for sys.settrace, that prints each line as it runs."""

    def __init__(self, trace_names: Any = None, show_values: bool = True) -> None:
        """Print lines of the modules in `trace_names` (None: all); with `show_values`, the names in them, too."""
        self.trace_names = trace_names
        self.show_values = show_values

    def __call__(self, frame: Any, event: str, arg: Any) -> Any:
        """Print `frame`'s line if `event` is 'line'."""
        if event != "line":
            return self
        module = frame.f_globals.get("__name__", "[unknown]")
        if self.trace_names is not None and module not in self.trace_names:
            return self
        line = _source_line(frame)
        sys.stdout.write(f"{module}:{frame.f_lineno}: {line.rstrip()}\n")
        if self.show_values:
            details = self._values(frame, line)
            if details:
                sys.stdout.write(f"\t{' '.join(details)}\n")
        return self

    def _values(self, frame: Any, line: str) -> list[str]:
        names = dict.fromkeys(re.findall(r"[A-Za-z_]\w*", line))
        found = []
        for name in names:
            for namespace in (frame.f_locals, frame.f_globals):
                if name in namespace:
                    found.append(f"{name}={namespace[name]!r}")
                    break
        return found


def _source_line(frame: Any) -> str:
    filename = frame.f_globals.get("__file__")
    if filename is None:
        try:
            lines: list[str] = inspect.getsourcelines(frame.f_code)[0]
            return str(lines[frame.f_lineno - frame.f_code.co_firstlineno])
        except (OSError, TypeError, IndexError):
            return f"{frame.f_code.co_name}: [no source]"
    if filename.endswith((".pyc", ".pyo")):
        filename = filename[:-1]
    return linecache.getline(filename, frame.f_lineno)


def spew(trace_names: Any = None, show_values: bool = False) -> None:
    """Print each line of Python that runs in this thread: of the modules in `trace_names` (None: all)."""
    sys.settrace(Spew(trace_names, show_values))


def unspew() -> None:
    """Undo `spew`."""
    sys.settrace(None)


# ---- looking inside


def format_hub_listeners() -> str:
    """Return a list, as text, of who waits on which file descriptor in this thread's hub. Never switches."""
    hub = get_hub()
    readers, writers = hub.get_readers(), hub.get_writers()
    lines = ["READERS:", *map(repr, readers), "WRITERS:", *map(repr, writers)]
    return os.linesep.join(lines)


def format_hub_timers() -> str:
    """Return a list, as text, of what this thread's hub will call, and when. Never switches."""
    hub = get_hub()
    now = hub.clock()
    lines = ["TIMERS:"]
    for deadline, call in hub.pending_timers():
        lines.append(f"in {deadline - now:.3f} s: {call!r}{_where_made(call)}")
    return os.linesep.join(lines)


def _where_made(call: Any) -> str:
    stack = getattr(call, "_where_made", None)
    return "" if stack is None else os.linesep + "".join(stack)


def format_threads_info() -> str:
    """Return, as text, the stack of each OS thread and of each greenlet, equal stacks together. Never switches."""
    threads: dict[str, int] = {}
    for thread_frame in sys._current_frames().values():
        _count_stack(threads, thread_frame)
    greenlets: dict[str, int] = {}
    current = getcurrent()
    for candidate in gc.get_objects():
        # Not isinstance(): it asks the object, and a weakref.proxy of something that is gone raises ReferenceError.
        if issubclass(type(candidate), greenlet) and candidate:
            frame = sys._getframe() if candidate is current else candidate.gr_frame
            _count_stack(greenlets, frame)
    return "\n".join([*_section("OS threads", threads), *_section("Greenlets", greenlets)])


def _count_stack(stacks: dict[str, int], frame: Any) -> None:
    if frame is None:
        text = "  (its stack cannot be seen)\n"
    else:
        text = _PARKED.split("".join(traceback.format_stack(frame)), 1)[0]
    stacks[text] = stacks.get(text, 0) + 1


def _section(title: str, stacks: dict[str, int]) -> list[str]:
    lines = [f"{title}: {sum(stacks.values())}, with {len(stacks)} different stacks", ""]
    for text, count in sorted(stacks.items(), key=lambda item: -item[1]):
        lines += [f"{count} with this stack:", _ADDRESS.sub("", text)]
    return lines


def format_asyncio_info() -> str:
    """Return, as text, the asyncio tasks of this thread's hub with their stacks. Never switches.

    Text that says so, if the hub is not an asyncio one.
    """
    loop = getattr(get_hub(), "asyncio_loop", None) or getattr(get_hub(), "loop", None)
    if loop is None:
        return "TASKS: none, the hub does not run on asyncio"
    import asyncio
    import io

    lines = ["TASKS:"]
    for task in asyncio.all_tasks(loop):
        stack = io.StringIO()
        task.print_stack(file=stack)
        lines += [repr(task), stack.getvalue()]
    return os.linesep.join(lines)


# ---- switches


def hub_listener_stacks(state: bool = False) -> None:
    """Whether this thread's hub remembers where each listener was made, for `format_hub_listeners`."""
    get_hub().set_debug_listeners(state)


def hub_exceptions(state: bool = True) -> None:
    """Whether this thread's hub prints exceptions that nobody else will see."""
    get_hub().set_timer_exceptions(state)


def hub_timer_stacks(state: bool = False) -> None:
    """Whether Timer objects remember where they were scheduled, for `format_hub_timers`."""
    Timer.start = _start_and_remember if state else _start  # type: ignore[method-assign, assignment]


_start = Timer.start


def _start_and_remember(timer: Timer, hub: BaseHub) -> None:
    timer._where_made = traceback.format_stack()[:-1]  # type: ignore[attr-defined]
    _start(timer, hub)


def hub_prevent_multiple_readers(state: bool = True) -> None:
    """Whether it is an error if two green threads wait to read the same file descriptor, in all hubs.

    Without the check each gets some of the data, in no order.
    """
    BaseHub.prevent_multiple_readers = state


def hub_blocking_detection(state: bool = False, resolution: float = 1) -> None:
    """Whether code that keeps this thread's hub from turning for `resolution` seconds gets a RuntimeError.

    Uses SIGALRM, in the main thread. Raises TypeError or ValueError for a wrong `resolution`.
    """
    if resolution <= 0:
        raise ValueError(f"resolution must be more than 0 seconds, not {resolution!r}")
    hub = get_hub()
    hub.debug_blocking = state
    hub.debug_blocking_resolution = resolution
    if not state:
        hub.block_detect_post()


class _Switches:
    """Switches for parts that may not have been loaded yet."""

    def __init__(self) -> None:
        self.tpool_exceptions = False


switches = _Switches()


def tpool_exceptions(state: bool = False) -> None:
    """Whether exceptions in `tpool`'s threads are printed there, too, where they happen."""
    switches.tpool_exceptions = state
