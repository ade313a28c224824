"""Finding out which contestants exist on this machine, and what exactly each of them is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks._command import ENTRY
from benchmarks._contestant import Contestant, ours, peers
from benchmarks._process import ChildFailed, answers

OURS = os.path.dirname(os.path.dirname(ENTRY))

#: Our hubs that have a peer's name.
OUR_NAMES = {"asyncio": "asyncio-hub", "asyncio:uvloop": "uvloop-hub"}

Profile = dict[str, Any]  # what `_child.probe` answers
Say = Callable[[str], None]


def find(
    pythons: dict[str, str], checkouts: dict[str, str], wanted: Sequence[str], say: Say
) -> dict[Contestant, Profile]:
    """Return the contestants that work, each with its profile: this library first, then the peers.

    `wanted` restricts them by name, unless it is empty. Those that do not work are reported to `say`.
    """
    candidates = [*_our_hubs(say), *(ours(name, path, sys.executable) for name, path in checkouts.items())]
    candidates += peers(pythons, sys.executable)
    field = {}
    for contestant in candidates:
        if wanted and contestant.name not in wanted:
            continue
        try:
            (field[contestant],) = answers(contestant, contestant.python, "probe", contestant.as_order())
        except ChildFailed as failure:
            say(f"{contestant.name}: left out, {failure}")
    return field


def _our_hubs(say: Say) -> list[Contestant]:
    """Return a contestant for every hub that this library names, epolls first as it is the reference."""
    anyhow = ours("this library", OURS, sys.executable)
    try:
        (answer,) = answers(anyhow, anyhow.python, "hubs", anyhow.as_order())
    except ChildFailed as failure:
        say(f"this library: left out, {failure}")
        return []
    names = sorted(answer["hubs"], key=lambda name: name != "epolls")
    return [ours(OUR_NAMES.get(name, name), OURS, sys.executable, hub=name) for name in names]
