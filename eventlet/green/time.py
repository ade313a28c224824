"""time, with a sleep that lets other green threads run."""

from __future__ import annotations

import sys
from operator import index

from eventlet import _pristine
from eventlet.green._lookalike import look_like
from eventlet.greenthread import sleep as _sleep
from eventlet.hubs._running_loop import without_running_loop

__patched__ = ["sleep"]
__getattr__, __dir__ = look_like(globals(), _pristine.time)

# What fits into the 64 bits of nanoseconds that the standard one counts in.
_MAX_SECONDS = 9223372036.854775


def sleep(seconds):
    """Let others run for `seconds` at least. Switches.

    Raises ValueError for a negative number or NaN, TypeError for what is no number and
    OverflowError for 292 years or more, as the standard one.
    """
    if not isinstance(seconds, float):
        seconds = _number(seconds)
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if seconds > _MAX_SECONDS:
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    without_running_loop(_sleep, seconds)


def _number(seconds):
    """Return what is no float as a number: as of Python 3.15 that is any real one, such as a Fraction."""
    if sys.version_info >= (3, 15) and not hasattr(seconds, "__index__"):
        if not hasattr(seconds, "__float__"):
            raise TypeError(f"must be real number, not {type(seconds).__name__}")
        return float(seconds)
    return index(seconds)
