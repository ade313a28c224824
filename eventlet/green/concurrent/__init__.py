"""concurrent: the package of the green `futures`."""

from __future__ import annotations
