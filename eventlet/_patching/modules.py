"""Old names of modules."""

from __future__ import annotations

import importlib
import sys


def become(name: str, other: str) -> None:
    """Make the module `name`, which is just being imported, the same object as the module `other`."""
    sys.modules[name] = importlib.import_module(other)
