"""`python -m eventlet hubs`: which hubs there are, which of them work here, and which one a program would get."""

from __future__ import annotations

import importlib
import os
import sys
from importlib import metadata

from eventlet.hubs import HubError, _current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

USAGE = """\
usage: python -m eventlet hubs

Prints a table of the hubs: whether each works here, or what it needs; by which provider and version;
and with a * the one that programs get, which is what EVENTLET_HUB names, or else the best one here.
"""
_PREFIX = "python -m eventlet hubs: "


def main(arguments: Sequence[str]) -> int:
    """Print the table; return the exit status: 1 if the hub that EVENTLET_HUB names cannot be had."""
    rest = list(arguments[1:])
    if rest in (["-h"], ["--help"]):
        sys.stdout.write(USAGE)
        return 0
    if rest:
        sys.stderr.write(f"{_PREFIX}there is no argument {rest[0]}\n\n{USAGE}")
        return 2
    asked = os.environ.get("EVENTLET_HUB", "").strip()
    chosen, error = asked or _best(), None
    try:
        _current.find_hub_class(chosen)
    except HubError as caught:
        error = caught
    rows = [_describe_own(name) for name in _current.BACKENDS]
    rows += [_describe_entry_point(name, found) for name, found in sorted(_current.entry_points().items())]
    if error is None:
        rows = _marked(rows, chosen)
    sys.stdout.write(_table([("  name", "here", "provider and version"), *rows]))
    if error is None:
        sys.stdout.write(f"\n* {'what EVENTLET_HUB names' if asked else 'the default'}\n")
        return 0
    sys.stdout.flush()
    sys.stderr.write(f"\nEVENTLET_HUB={asked}: {error}\n")
    return 1


def _best() -> str:
    return _current.available_hubs()[0]


def _describe_own(name: str) -> tuple[str, str, str]:
    module = importlib.import_module(_current.BACKENDS[name])
    aliases = [alias for alias, of in _current.ALIASES.items() if of == name]
    title = f"  {name} ({', '.join(aliases)})" if aliases else f"  {name}"
    if not module.is_available():
        return title, f"no: it needs {module.INSTALL}", ""
    return title, "yes", module.describe() if hasattr(module, "describe") else ""


def _describe_entry_point(name: str, entry_point: Any) -> tuple[str, str, str]:
    distribution = getattr(entry_point, "dist", None) or _distribution_of(entry_point)  # None on Python 3.9
    origin = f"{distribution.metadata['Name']} {distribution.version}" if distribution else entry_point.value
    try:
        _current.find_hub_class(name)
    except HubError as error:
        return f"  {name}", f"no: {str(error).partition('; available here')[0]}", origin
    return f"  {name}", "yes", origin


def _distribution_of(entry_point: Any) -> Any:
    return next((found for found in metadata.distributions() if entry_point in found.entry_points), None)


def _marked(rows: Iterable[tuple[str, str, str]], chosen: str) -> list[tuple[str, str, str]]:
    """Return `rows` with a * at the hub `chosen`, which has a row of its own if it is none of these."""
    name = _current.ALIASES.get(chosen, chosen)
    rows = list(rows)
    for place, (title, *others) in enumerate(rows):
        if title.split()[0] == name:
            rows[place] = (f"* {title[2:]}", *others)  # type: ignore[assignment]
            return rows
    return [*rows, (f"* {chosen}", "yes", "")]


def _table(rows: Sequence[tuple[str, str, str]]) -> str:
    # The reason why a hub is not here is long, and has the rest of the line.
    widths = [max(len(row[0]) for row in rows), max(len(row[1]) for row in rows if not row[1].startswith("no"))]
    return "".join(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}".rstrip() + "\n" for row in rows)
