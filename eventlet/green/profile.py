"""profile, for green threads: each has a stack of its own, and time is charged to the one that ran.

A profiler sees all green threads of the OS thread that it is started in; use one at a time there. With
a timer of wall-clock time, waiting is the hub's, not of those who wait.

The standard profiler keeps a stack of what has been called, and believes each event to come from its
top. Here that stack and the times of what is on it (which count recursion) are one green thread's,
and are exchanged when an event comes from another one. Green threads that were at something when profiling began, or
whose stack was tallied meanwhile, return from what was never seen called: what is missing is read off the
real stack then.
"""

from __future__ import annotations

import functools
import profile as _profile
import sys
from typing import Any

from greenlet import getcurrent

from eventlet.green._lookalike import look_like

__getattr__, __dir__ = look_like(globals(), _profile)

_Profile = _profile.Profile


def ContextWrap(f):
    """Return the event handler `f` (self, frame, t), for a profiler whose stack is to be the running green thread's."""

    @functools.wraps(f)
    def handle(self, frame, t):
        current = getcurrent()
        if current is not self.current_tasklet:
            # Nothing has happened here yet: the time is that of whoever ran before.
            self.SwitchTasklet(self.current_tasklet, current, t)
            t = 0
        return f(self, frame, t)

    return handle


class Profile(_Profile):
    """As profile.Profile, for green threads. Its `start` and `stop` profile what comes between. Never switches.

    Invariant: `cur` and `timings` are the stack and the times of `current_tasklet`; those of others are in `sleeping`.
    """

    base = _Profile
    running = False
    cur: Any
    timings: Any

    def __init__(self, timer=None, bias=None):
        self.current_tasklet = getcurrent()
        #: Greenlet → (cur, timings).
        self.sleeping = {}
        self._ended = {}
        self.base.__init__(self, timer, bias)

    def __call__(self, *args):
        """Take an event: a profiler may be given to sys.setprofile."""
        self.dispatcher(*args)

    # ---- on and off

    def start(self, name="start"):
        """Profile this OS thread from now on; `name` is what calls shall seem to come from. Never switches."""
        if not self.running:
            self._begin()
            self.set_cmd(name)
            self.running = True
            sys.setprofile(self.dispatcher)

    def stop(self):
        """End what `start` began; after this there are statistics. Never switches."""
        if self.running:
            sys.setprofile(None)
            self.running = False
            self.TallyTimings()

    def runctx(self, cmd, globals, locals):
        """Profile the execution of the string `cmd`; return self. Switches if that does."""
        self._begin()
        try:
            return self.base.runctx(self, cmd, globals, locals)
        finally:
            self.TallyTimings()

    def runcall(self, func, /, *args, **kw):
        """Return `func(*args, **kw)`, profiled. Switches if that does."""
        self._begin()
        try:
            return self.base.runcall(self, func, *args, **kw)
        finally:
            self.TallyTimings()

    def create_stats(self):
        """Put what was measured into `stats`, for pstats. Never switches."""
        self.TallyTimings()
        self.snapshot_stats()

    def _begin(self):
        current = getcurrent()
        if current is not self.current_tasklet:
            self.SwitchTasklet(self.current_tasklet, current, 0)
        self.t = self.get_time()

    # ---- one stack for each green thread

    def SwitchTasklet(self, t0, t1, t):
        """Charge the time `t` to the greenlet `t0`, and go on with the stack of `t1`."""
        self._charge(t)
        if t0.dead:
            self.Unwind(self.cur, self.timings)
            _add(self._ended, self.timings)
        else:
            self.sleeping[t0] = self.cur, self.timings
        self.current_tasklet = t1
        self.cur, self.timings = self.sleeping.pop(t1, (None, {}))
        if self.cur is None:
            root = self.fake_frame(self.fake_code("profile", 0, "profiler"), None)
            _Profile.trace_dispatch_call(self, root, 0)

    def Unwind(self, cur, timings):
        """Enter into `timings` all that is on the stack `cur`, as if it returned now; return what is left of `cur`."""
        kept = self.cur, self.timings
        self.cur, self.timings = cur, timings
        try:
            while self.cur[-1] is not None:
                self._pop()
            return self.cur
        finally:
            self.cur, self.timings = kept

    def TallyTimings(self):
        """Enter into `timings` what all green threads have done so far."""
        self.cur = self.Unwind(self.cur, self.timings)
        for cur, timings in self.sleeping.values():
            self.Unwind(cur, timings)
            _add(self.timings, timings)
        _add(self.timings, self._ended)
        self.sleeping = {}
        self._ended = {}

    # ---- events

    def trace_dispatch_call_extend_back(self, frame, t):
        """Take the call of a function; `frame` is its own."""
        if self.cur is not None:  # else it is the root itself
            self._charge(t)
            top = self.cur[-2]
            if top is not frame.f_back and not _is_fake(top):
                self._go_to(frame.f_back)
        return _Profile.trace_dispatch_call(self, frame, 0)

    def trace_dispatch_c_call_extend_back(self, frame, t):
        """Take the call of a function in C; `frame` is the caller's."""
        self._charge(t)
        if self.cur[-2] is not frame:
            self._go_to(frame)
        return _Profile.trace_dispatch_c_call(self, frame, 0)

    def trace_dispatch_return_extend_back(self, frame, t):
        """Take the return of a function, of which it may be the first that we hear."""
        self._charge(t)
        if self.cur[-2] is not frame:
            self._go_to(frame)
        while _is_c(self.cur):
            self._pop()
        self._pop()
        return 1

    def trace_dispatch_c_return_extend_back(self, frame, t):
        """Take the return of a function in C, of which it may be the first that we hear."""
        self._charge(t)
        if self.cur[-2] is not frame:
            self._go_to(frame)
        if _is_c(self.cur):
            self._pop()
        return 1

    dispatch = {
        "call": ContextWrap(trace_dispatch_call_extend_back),
        "exception": ContextWrap(_Profile.trace_dispatch_exception),
        "return": ContextWrap(trace_dispatch_return_extend_back),
        "c_call": ContextWrap(trace_dispatch_c_call_extend_back),
        "c_exception": ContextWrap(trace_dispatch_c_return_extend_back),
        "c_return": ContextWrap(trace_dispatch_c_return_extend_back),
    }

    def _charge(self, t):
        parents, own, callees, name, frame, caller = self.cur
        self.cur = parents, own + t, callees, name, frame, caller

    def _pop(self):
        _Profile.trace_dispatch_return(self, self.cur[-2], 0)

    def _go_to(self, frame):
        """Let what `frame` (None: nothing) has called be the next thing on the stack."""
        known, entry = set(), self.cur
        while entry is not None and not _is_fake(entry[-2]):
            known.add(entry[-2])
            entry = entry[-1]
        missing = []
        while frame is not None and frame not in known:
            missing.append(frame)
            frame = frame.f_back
        while self.cur[-2] is not frame and not _is_fake(self.cur[-2]):
            self._pop()
        for called in reversed(missing):
            _Profile.trace_dispatch_call(self, called, 0)


def _is_fake(frame):
    return isinstance(frame, _Profile.fake_frame)


def _is_c(entry):
    # See trace_dispatch_c_call: functions in C have neither file nor line.
    return entry[-3][:2] == ("", 0)


def _add(total, timings):
    """Add `timings` to `total`, but for the depth of recursion, which is of one green thread only."""
    for name, (calls, depth, own, cumulative, callers) in timings.items():
        if name in total:
            calls_before, depth, own_before, cumulative_before, counts = total[name]
            calls, own, cumulative = calls + calls_before, own + own_before, cumulative + cumulative_before
            for caller, count in callers.items():
                counts[caller] = counts.get(caller, 0) + count
            callers = counts
        total[name] = calls, depth, own, cumulative, callers


def run(statement, filename=None, sort=-1):
    """Profile the string `statement` in __main__; print statistics, or write them to a file. Switches if it does."""
    import __main__

    runctx(statement, __main__.__dict__, __main__.__dict__, filename, sort)


def runctx(statement, globals, locals, filename=None, sort=-1):
    """Profile the string `statement` in these namespaces; print statistics, or write them to a file."""
    profiler = Profile()
    try:
        profiler.runctx(statement, globals, locals)
    except SystemExit:
        pass
    finally:
        if filename is None:
            profiler.print_stats(sort)
        else:
            profiler.dump_stats(filename)
