"""multiprocessing.util, whose types that are aware of forks are for green threads."""

from eventlet._patching.modules import become

become(__name__, "eventlet.green._fork_aware")
