"""Run CPython's own tests with the standard library patched, and compare with an unpatched run.

Prints a table by module, then the tests that pass unpatched and not patched. Without counting what
tests/stdlib/cannot_hold.txt explains. The status is 0 if at least --at-least percent of all those pass, and
--each-at-least percent of each module's; if no module had no tests, unless all of it is skipped; and, with --quick, if
as many pass as tests/stdlib/areas.py expects.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from tests.stdlib import areas
from tests.stdlib._runs import Outcomes, run


class Comparison(NamedTuple):
    """One test module: how many of its tests ran and passed, and which passed only unpatched.

    If none passed unpatched, `nothing` says why: "skipped: " and the reason, or what was wrong.
    """

    ran: int
    unpatched: int
    patched: int
    lost: dict[str, tuple[str, str]]
    nothing: str = ""

    @property
    def percent(self) -> float:
        """What part of the tests that passed unpatched passed patched: 0 if none did, as that tells nothing."""
        return 100.0 * self.patched / self.unpatched if self.unpatched else 0.0

    @property
    def skipped(self) -> bool:
        """Whether the module cannot run here, patched or not."""
        return self.nothing.startswith("skipped")


def cannot_hold() -> dict[str, str]:
    """Return the list of tests that cannot hold under green threads, each with the reason."""
    return _reasons("cannot_hold.txt")


def differs() -> dict[str, str]:
    """Return the list of tests that count as lost, each with the reason."""
    return _reasons("differs.txt")


def _reasons(name: str) -> dict[str, str]:
    lines = (Path(__file__).parent / name).read_text().splitlines()
    parts = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return {test: reason for test, _, reason in parts}


def is_known(test: str, known: Iterable[str]) -> bool:
    """Whether `test` matches a pattern of the list `known`."""
    return any(fnmatchcase(test, pattern) for pattern in known)


def reason_for(test: str, reasons: dict[str, str]) -> str:
    """Return what `reasons` gives for the first pattern that `test` matches, or the empty string."""
    return next((reason for pattern, reason in reasons.items() if fnmatchcase(test, pattern)), "")


def compare(unpatched: Outcomes, patched: Outcomes, known: Iterable[str]) -> Comparison:
    """Return how the runs compare, as far as the tests are not `known` to be lost."""
    passed = {test for test, (outcome, _) in unpatched.items() if outcome == "passed" and not is_known(test, known)}
    lost = {
        test: patched.get(test, ("not run", ""))
        for test in sorted(passed)
        if patched.get(test, ("not run",))[0] != "passed"
    }
    nothing = "" if passed else _why_nothing(unpatched)
    return Comparison(len(unpatched), len(passed), len(passed) - len(lost), lost, nothing)


def _why_nothing(unpatched: Outcomes) -> str:
    for outcome, details in unpatched.values():
        if outcome != "skipped":
            return f"unpatched, one {outcome}: {last_line(details)}"
    return next((f"skipped: {details}" for _, details in unpatched.values()), "no tests")


def main() -> int:
    arguments = parse()
    known = cannot_hold()
    chosen = [name if name.startswith("test_") else f"test_{name}" for name in arguments.modules]
    expected = areas.QUICK if arguments.quick else {}
    chosen = chosen or list(expected) or areas.modules(everything=arguments.all)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        runs = {name: [pool.submit(both, part, arguments, known) for part in areas.parts(name)] for name in chosen}
        print(f"{'module':34} {'ran':>6} {'passed unpatched':>17} {'patched':>8} {'%':>6}", flush=True)
        results = {}
        for name, futures in runs.items():
            results[name] = total([future.result() for future in futures])
            print(row(name, results[name]), flush=True)
            for test, (outcome, details) in results[name].lost.items() if arguments.verbose else ():
                print(f"  {test}: {outcome}\n    " + details.strip().replace("\n", "\n    "), flush=True)
    everything = total(results.values())
    print(row("all", everything))
    reasons = differs()
    for test, (outcome, details) in everything.lost.items():
        reason = reason_for(test, reasons)
        why = f"known: {reason}" if reason else last_line(details)
        print(f"- {test}: {outcome}{': ' + why if why else ''}")
    if not arguments.modules and areas.absent():
        print("not among this Python's tests:", *areas.absent())
    wrong = complaints(results, expected, arguments.at_least, arguments.each_at_least)
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


def complaints(results: dict[str, Comparison], expected: dict[str, int], whole: float, each: float) -> list[str]:
    """Return what is wrong with the `results` of modules.

    Wrong is less than `whole` percent of all, less than `each` percent of a module, fewer tests of a module that pass
    patched than are `expected`, and a module that is not skipped, but has no test which passes unpatched.
    """
    wrong = []
    for name, one in results.items():
        if one.patched < expected.get(name, 0):
            wrong.append(f"{name}: {one.patched} passed patched, at least {expected[name]} are expected")
        elif one.nothing and not one.skipped:
            wrong.append(f"{name}: {one.nothing}")
        elif one.unpatched and one.percent < each:
            wrong.append(f"{name}: {one.percent:.1f} %, less than {each:g} %")
    everything = total(results.values())
    if not everything.unpatched:
        wrong.append("nothing was measured")
    elif everything.percent < whole:
        wrong.append(f"all: {everything.percent:.1f} %, less than {whole:g} %")
    return wrong


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.stdlib", description=__doc__)
    parser.add_argument("modules", nargs="*", help="names of test modules, with or without test_")
    parser.add_argument("--hub", default="epoll", help="the hub to run on: %(default)s")
    parser.add_argument("--all", action="store_true", help="those too that take many minutes")
    parser.add_argument("--quick", action="store_true", help="what CI runs: a few minutes")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time: %(default)s")
    parser.add_argument("--seconds", type=float, default=60.0, help="limit for one test: %(default)s")
    parser.add_argument("--at-least", type=float, default=0.0, help="percentage of all that is a success")
    parser.add_argument("--each-at-least", type=float, default=0.0, help="percentage of each module that is a success")
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
    kept = arguments.cache / f"{part}-{platform.python_version()}.json"
    if kept.exists():
        return {test: (outcome, details) for test, (outcome, details) in json.loads(kept.read_text()).items()}
    outcomes = run(part, None, arguments.seconds, set())
    if outcomes:
        arguments.cache.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(outcomes))
    return outcomes


def total(comparisons: Iterable[Comparison]) -> Comparison:
    every = list(comparisons)
    lost = {test: why for comparison in every for test, why in comparison.lost.items()}
    unpatched = sum(one.unpatched for one in every)
    wrong_first = sorted((one.nothing for one in every if one.nothing), key=lambda why: why.startswith("skipped"))
    nothing = "" if unpatched else next(iter(wrong_first), "no tests")
    return Comparison(sum(one.ran for one in every), unpatched, sum(one.patched for one in every), lost, nothing)


def row(name: str, one: Comparison) -> str:
    percent = f"{one.percent:6.1f}" if one.unpatched else f"{'-':>6}  {one.nothing}"
    return f"{name:34} {one.ran:6} {one.unpatched:17} {one.patched:8} {percent}"


def last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:160] if lines else ""


if __name__ == "__main__":
    sys.exit(main())
