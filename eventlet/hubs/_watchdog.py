"""Detects code that blocks the hub, with an alarm signal (`debug.hub_blocking_detection`)."""

from __future__ import annotations

import math
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def alarm_handler(signum: int, frame: FrameType | None) -> None:
    """Raise RuntimeError in the code that has kept the hub from turning."""
    where = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}" if frame else "an unknown place"
    raise RuntimeError(f"blocking detector: the hub did not turn in time, at {where}")


def arm_alarm(seconds: float) -> None:
    """Have the code running in `seconds` from now fail, unless armed anew; 0 disarms. Main thread only."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, alarm_handler)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    elif hasattr(signal, "alarm"):
        signal.signal(signal.SIGALRM, alarm_handler)
        signal.alarm(math.ceil(seconds))
