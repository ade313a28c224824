"""Run CPython's own tests with the standard library patched, and compare with an unpatched run.

Prints a table by module, then the tests that pass unpatched and not patched. The status is 0 if at least
--at-least percent of those pass, without counting what tests/stdlib/cannot_hold.txt explains.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.stdlib import areas
from tests.stdlib._runs import Outcomes, run


class Comparison(NamedTuple):
    """One test module: how many of its tests ran and passed, and which passed only unpatched."""

    ran: int
    unpatched: int
    patched: int
    lost: dict[str, tuple[str, str]]


def cannot_hold() -> dict[str, str]:
    """Return the list of tests that cannot hold under green threads, each with the reason."""
    lines = (Path(__file__).parent / "cannot_hold.txt").read_text().splitlines()
    parts = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return {test: reason for test, _, reason in parts}


def is_known(test: str, known: Iterable[str]) -> bool:
    """Whether `test`, or all of its class, is on the list `known`."""
    return test in known or test.rpartition(".")[0] + ".*" in known


def compare(unpatched: Outcomes, patched: Outcomes, known: Iterable[str]) -> Comparison:
    """Return how the runs compare, as far as the tests are not `known` to be lost."""
    passed = {test for test, (outcome, _) in unpatched.items() if outcome == "passed" and not is_known(test, known)}
    lost = {
        test: patched.get(test, ("not run", ""))
        for test in sorted(passed)
        if patched.get(test, ("not run",))[0] != "passed"
    }
    return Comparison(len(unpatched), len(passed), len(passed) - len(lost), lost)


def main() -> int:
    arguments = parse()
    known = cannot_hold()
    chosen = [name if name.startswith("test_") else f"test_{name}" for name in arguments.modules]
    chosen = chosen or [f"test_{name}" for name in areas.QUICK if arguments.quick]
    chosen = chosen or areas.modules(everything=arguments.all)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        runs = {name: [pool.submit(both, part, arguments, known) for part in areas.parts(name)] for name in chosen}
        print(f"{'module':34} {'ran':>6} {'passed unpatched':>17} {'patched':>8} {'%':>6}", flush=True)
        results = {}
        for name, futures in runs.items():
            results[name] = total([future.result() for future in futures])
            print(row(name, results[name]), flush=True)
    everything = total(results.values())
    print(row("all", everything))
    for test, (outcome, details) in everything.lost.items():
        print(f"- {test}: {outcome}{': ' + last_line(details) if details else ''}")
        if arguments.verbose and details:
            print("    " + details.strip().replace("\n", "\n    "))
    return 0 if percent(everything) >= arguments.at_least else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.stdlib", description=__doc__)
    parser.add_argument("modules", nargs="*", help="names of test modules, with or without test_")
    parser.add_argument("--hub", default="epoll", help="the hub to run on: %(default)s")
    parser.add_argument("--all", action="store_true", help="those too that take many minutes")
    parser.add_argument("--quick", action="store_true", help="what takes about a minute")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time: %(default)s")
    parser.add_argument("--seconds", type=float, default=60.0, help="limit for one test: %(default)s")
    parser.add_argument("--at-least", type=float, default=0.0, help="percentage that is a success")
    parser.add_argument("--cache", type=Path, help="a directory where outcomes of unpatched runs are kept")
    parser.add_argument("-v", "--verbose", action="store_true", help="print tracebacks")
    return parser.parse_args()


def both(part: str, arguments: argparse.Namespace, known: Iterable[str]) -> Comparison:
    unpatched = cached_unpatched(part, arguments)
    skipped = {test for test, (outcome, _) in unpatched.items() if outcome != "passed" or is_known(test, known)}
    return compare(unpatched, run(part, arguments.hub, arguments.seconds, skipped), known)


def cached_unpatched(part: str, arguments: argparse.Namespace) -> Outcomes:
    if arguments.cache is None:
        return run(part, None, arguments.seconds, set())
    kept = arguments.cache / f"{part}-{sys.version_info[0]}.{sys.version_info[1]}.json"
    if not kept.exists():
        arguments.cache.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(run(part, None, arguments.seconds, set())))
    return {test: (outcome, details) for test, (outcome, details) in json.loads(kept.read_text()).items()}


def total(comparisons: Iterable[Comparison]) -> Comparison:
    every = list(comparisons)
    lost = {test: why for comparison in every for test, why in comparison.lost.items()}
    return Comparison(
        sum(one.ran for one in every), sum(one.unpatched for one in every), sum(one.patched for one in every), lost
    )


def percent(comparison: Comparison) -> float:
    return 100.0 * comparison.patched / comparison.unpatched if comparison.unpatched else 100.0


def row(name: str, one: Comparison) -> str:
    return f"{name:34} {one.ran:6} {one.unpatched:17} {one.patched:8} {percent(one):6.1f}"


def last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:160] if lines else ""


if __name__ == "__main__":
    sys.exit(main())
