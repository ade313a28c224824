"""multiprocessing.heap itself: shared memory is allocated once for a process, and nothing here waits."""

from eventlet._patching.modules import become

become(__name__, "multiprocessing.heap")
