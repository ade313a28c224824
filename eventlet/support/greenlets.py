"""The greenlet package's names, kept for callers."""

from __future__ import annotations

from greenlet import GreenletExit as GreenletExit
from greenlet import getcurrent as getcurrent
from greenlet import greenlet as greenlet

__all__ = ["GreenletExit", "getcurrent", "greenlet"]
