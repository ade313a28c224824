"""How a child process is started: its command line and its environment."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks._contestant import Contestant

ENTRY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_run.py")


def command(python: str, role: str, order: Mapping[str, Any]) -> list[str]:
    """Return the command line of a child process that plays `role` (see `_child`)."""
    return [python, ENTRY, role, json.dumps(order)]


def environment(contestant: Contestant) -> dict[str, str]:
    """Return our environment, less what would make one contestant into another."""
    values = dict(os.environ)
    values.pop("EVENTLET_HUB", None)
    if contestant.python != sys.executable:
        values.pop("PYTHONPATH", None)
    return values
