"""Makes psycopg2 wait cooperatively: libpq does the work, psycopg2 calls us when it would block."""

from __future__ import annotations

import importlib

from eventlet.hubs import trampoline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["eventlet_wait_callback", "make_psycopg_green"]


def make_psycopg_green(extensions: Any = None) -> None:
    """Let all psycopg2 connections wait in green threads. Never switches.

    `extensions` is the module psycopg2.extensions, imported by default. Raises ImportError if psycopg2
    is missing, or older than 2.2, which cannot do it.
    """
    if extensions is None:
        extensions = _extensions()
    if not hasattr(extensions, "set_wait_callback"):
        raise ImportError("this psycopg2 has no set_wait_callback(): version 2.2 or later is needed")

    def wait_callback(conn: Any, timeout: float | None = None) -> None:
        _wait(extensions, conn, timeout)

    extensions.set_wait_callback(wait_callback)


def eventlet_wait_callback(conn: Any, timeout: float | None = None) -> None:
    """Wait until `conn` has done what it is at. Switches. Raises psycopg2.OperationalError, Timeout."""
    _wait(_extensions(), conn, timeout)


def _extensions() -> Any:
    return importlib.import_module("psycopg2.extensions")


def _wait(extensions: Any, conn: Any, timeout: float | None) -> None:
    while True:
        state = conn.poll()
        if state == extensions.POLL_OK:
            return
        if state == extensions.POLL_READ:
            trampoline(conn.fileno(), read=True, timeout=timeout)
        elif state == extensions.POLL_WRITE:
            trampoline(conn.fileno(), write=True, timeout=timeout)
        else:
            psycopg2 = importlib.import_module("psycopg2")
            raise psycopg2.OperationalError(f"Bad result from poll: {state!r}")
