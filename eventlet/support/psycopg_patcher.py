"""Makes psycopg 3 wait cooperatively: by its functions in Python, which patching makes green, not by the one in C."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["make_psycopg3_green"]


def make_psycopg3_green(waiting: Any) -> None:
    """Let connections wait by the patched `select` or `selectors`; `waiting` is psycopg.waiting. Never switches.

    Raises ImportError if this psycopg has no such functions.
    """
    wait = getattr(waiting, "wait_poll", None) or getattr(waiting, "wait_selector", None)
    if wait is None:
        raise ImportError("this psycopg has neither wait_poll() nor wait_selector(): version 3 is needed")
    waiting.wait = wait
