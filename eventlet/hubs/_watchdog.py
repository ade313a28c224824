"""Detects code that blocks the hub, with an alarm signal (`debug.hub_blocking_detection`)."""

from __future__ import annotations

import inspect
import math
import signal
from types import FrameType


def alarm_handler(signum: int, frame: FrameType | None) -> None:
    """Raise RuntimeError in the code that has kept the hub from turning."""
    raise RuntimeError(f"blocking detector: the hub did not turn in time, at {inspect.getframeinfo(frame) if frame else '?'}")


def arm_alarm(seconds: float) -> None:
    """Have the code running in `seconds` from now fail, unless armed anew; 0 disarms. Main thread only."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, alarm_handler)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    elif hasattr(signal, "alarm"):
        signal.signal(signal.SIGALRM, alarm_handler)
        signal.alarm(math.ceil(seconds))
