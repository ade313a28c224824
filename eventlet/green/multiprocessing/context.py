"""multiprocessing.context, of the green package's objects."""

from __future__ import annotations

import multiprocessing.context as _standard

from eventlet._patching.world import green_world

green_world.execute_in(globals(), "multiprocessing.context")

_BaseContext, _DefaultContext = globals()["BaseContext"], globals()["DefaultContext"]
_concrete_contexts = globals()["_concrete_contexts"]

# One exception, one class: who catches the standard one catches ours.
for _name in ("AuthenticationError", "BufferTooShort", "ProcessError", "TimeoutError"):
    globals()[_name] = getattr(_standard, _name)
    setattr(_BaseContext, _name, globals()[_name])

# Whether, and for which process, something is being pickled: objects of both packages ask.
_tls = _standard._tls


def _get_actual_context(_default):
    actual = _standard._default_context._actual_context
    return actual and _concrete_contexts[actual._name]


def _set_actual_context(_default, context):
    _standard._default_context._actual_context = context and _standard._concrete_contexts[context._name]


# There is one start method for a process. It is also what children get told of, by `multiprocessing.spawn`.
_DefaultContext._actual_context = property(_get_actual_context, _set_actual_context)
