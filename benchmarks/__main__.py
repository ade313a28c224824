"""Measure this library beside its peers: `python -m benchmarks` in the root of the repository."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import sys
import time
from collections.abc import Sequence

from benchmarks import _field
from benchmarks._contestant import Contestant
from benchmarks._report import Report
from benchmarks._schedule import BENCHES, Schedule

PYTHONS_VARIABLE = "BENCHMARK_PYTHONS"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; the report goes to stdout, progress to stderr."""
    options = _parser().parse_args(arguments)
    pythons = _pairs(_listed([os.environ.get(PYTHONS_VARIABLE, "")]) + options.python)
    field = _field.find(pythons, _pairs(options.checkout), _listed(options.contestant), _say)
    reference = _reference(field, options.reference)
    if reference is None:
        _say("there is nobody to measure")
        return 1
    schedule = Schedule(_benches(options.only), list(field), options.quick, options.case)
    if not schedule.tasks:
        _say(f"no case is called {' or '.join(options.case)}")
        return 1
    start = time.monotonic()
    try:
        schedule.run(1 if options.quick else options.rounds, _say)
    except KeyboardInterrupt:
        _say("interrupted: this is what there is so far")
    _say(f"took {time.monotonic() - start:.0f} s")
    if options.quick:
        print("A quick run of tiny sizes, whatever the titles say: these figures mean nothing.\n")
    for line in Report(schedule, field, reference).lines():
        print(line)
    if options.json:
        _write(options.json, schedule, field)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", action="append", default=[], metavar="BENCH,...", help=f"some of: {', '.join(BENCHES)}"
    )
    parser.add_argument(
        "--case",
        action="append",
        default=[],
        metavar="TITLE",
        help='only this one, e.g. "100 connections"; may be repeated',
    )
    parser.add_argument(
        "--contestant", action="append", default=[], metavar="NAME,...", help="only these, e.g. epolls,gevent"
    )
    parser.add_argument(
        "--python",
        "--peer",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="the interpreter of a peer: gevent, asyncio, uvloop, or any other name for an eventlet there"
        f" (e.g. upstream=/path/to/python); {PYTHONS_VARIABLE}=NAME=PATH,... does the same",
    )
    parser.add_argument(
        "--checkout",
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="another checkout of this library, to compare two commits",
    )
    parser.add_argument(
        "--reference", default="epolls", metavar="NAME", help="whom the ratios compare with (default: epolls)"
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="measurements of each figure (default: 5)")
    parser.add_argument(
        "--quick", action="store_true", help="one round of tiny sizes: shows that it works, not how fast"
    )
    parser.add_argument("--json", metavar="FILE", help="also write every single figure to FILE")
    return parser


def _listed(values: Sequence[str]) -> list[str]:
    return [item for value in values for item in value.split(",") if item]


def _pairs(values: Sequence[str]) -> dict[str, str]:
    malformed = [value for value in values if "=" not in value]
    if malformed:
        raise SystemExit(f"not of the form NAME=PATH: {malformed[0]}")
    return {name: os.path.abspath(path) for name, path in (value.split("=", 1) for value in values)}


def _benches(only: Sequence[str]) -> list[str]:
    chosen = _listed(only) or list(BENCHES)
    unknown = sorted(set(chosen) - set(BENCHES))
    if unknown:
        raise SystemExit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    return chosen


def _reference(field: dict[Contestant, _field.Profile], name: str) -> Contestant | None:
    """Return the contestant of that name, or else the first one."""
    named = [contestant for contestant in field if contestant.name == name]
    return next(iter(named or field), None)


def _write(path: str, schedule: Schedule, field: dict[Contestant, _field.Profile]) -> None:
    report = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": {"platform": platform.platform(), "cores": os.cpu_count()},
        "contestants": list(field.values()),
        "results": [dataclasses.asdict(result) for result in schedule.results.values()],
    }
    with open(path, "w") as file:
        json.dump(report, file, indent=1)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
