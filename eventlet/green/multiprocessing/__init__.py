"""multiprocessing, whose waiting for processes, locks, queues and connections lets other green threads run.

It is the standard library's code over green modules, under names of its own, so that pickles of its objects mean them
in every process: a child that gets one imports this. What there is once in a process is the standard package's, which
programs may use beside this one: the current process and its children, what is left to do at exit, the start method,
the resource tracker, the fork server, shared memory, what can be pickled how, and the exceptions. So objects of both
packages can be handed to processes of either; those of the standard one wait as they always do.

When the standard package is patched this one is as good, and no other: it needs no case of its own.
"""

from __future__ import annotations

from eventlet.green._lookalike import look_like
from eventlet.green.multiprocessing import context

# The default context's methods are the package's functions. Not the standard package: its submodules, which others may
# have imported, are its attributes, and would be found before the green ones are imported.
__getattr__, __dir__ = look_like(globals(), context._default_context)
