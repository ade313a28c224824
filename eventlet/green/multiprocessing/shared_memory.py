"""multiprocessing.shared_memory itself: nothing here waits."""

from eventlet._patching.modules import become

become(__name__, "multiprocessing.shared_memory")
