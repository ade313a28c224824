"""Lets multiprocessing.resource_sharer leave signals alone."""

from __future__ import annotations

__patched__ = ["signal"]

#: It blocks all signals in its thread if there is such a function. A green thread's OS thread is that of all others.
signal = None
