"""What threading.setprofile and settrace have set in a thread ends with it.

Python keeps these functions for each OS thread, not for each greenlet: while a green thread has one, it is called for
the others of the OS thread too.
"""

from __future__ import annotations

import sys


class Tracing:
    """What is in force when a thread begins, to be put back when it ends; unless somebody else has set something."""

    __slots__ = ("_before", "_hooks")

    def __init__(self, function, args) -> None:
        # A Thread's `_bootstrap`: itself, or what a handle is to run. Its module has the hooks.
        bootstrap = args[0] if args else function
        namespace = getattr(bootstrap, "__globals__", {})
        self._hooks = namespace.get("_profile_hook"), namespace.get("_trace_hook")
        self._before = sys.getprofile(), sys.gettrace()

    def end(self):
        """The thread ends."""
        (profile, trace), (profile_before, trace_before) = self._hooks, self._before
        # If it was there before, it is another thread's, and that has no use for it if it has ended.
        if profile is not None and sys.getprofile() is profile:
            sys.setprofile(None if profile_before is profile else profile_before)
        if trace is not None and sys.gettrace() is trace:
            sys.settrace(None if trace_before is trace else trace_before)
