"""multiprocessing.resource_tracker itself: a process has one tracker."""

from eventlet._patching.modules import become

become(__name__, "multiprocessing.resource_tracker")
