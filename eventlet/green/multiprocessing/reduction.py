"""multiprocessing.reduction, over green sockets."""

from __future__ import annotations

import multiprocessing.reduction as _standard

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "multiprocessing.reduction")
# What has been registered with either package can be sent by both.
_ForkingPickler = globals()["ForkingPickler"]
_reducers = _standard.ForkingPickler._extra_reducers
_reducers.update({**_ForkingPickler._extra_reducers, **_reducers})
_ForkingPickler._extra_reducers = _reducers
