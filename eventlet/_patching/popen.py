"""Lets multiprocessing wait in a green way until a new process has read what it is to do."""

from __future__ import annotations

from eventlet.green import os as green_os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

__patched__: tuple[str, ...] = ()


def patch_in_place(popen: ModuleType) -> None:
    """Give the module an `open`, by which it opens the pipe to the new process."""
    popen.open = green_os.fdopen  # type: ignore[attr-defined]
