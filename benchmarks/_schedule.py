"""The order of the measurements: all contestants by turns, so that a slow minute of the machine hits all."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from benchmarks._contestant import Contestant
from benchmarks._job import Case
from benchmarks._process import ChildFailed, answers

SERVERS = ("echo", "tls", "idle", "hosts")
BENCHES = (*SERVERS, "switch", "spawn", "queue", "semaphore", "timers", "timeout", "pool", "tpool")
STOPWATCH_SECONDS = 0.25


@dataclass
class Result:
    """What is known of one contestant in one case: the figures of each round, or why there are none."""

    bench: str
    case: str
    contestant: str
    rounds: list[dict[str, float]] = field(default_factory=list)
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Task:
    """One case of one benchmark."""

    module: ModuleType
    bench: str
    case: Case

    def missing(self, contestant: Contestant) -> str | None:
        """Return why the contestant does not do this, None if it does."""
        name = f"{contestant.api}_{self.case.job}"
        if hasattr(self.module, name):
            return None
        if contestant.api == "protocol":
            return "callbacks of a connection: only echo and idle have any"
        return str(self.module.CANNOT[name])

    def as_order(self) -> dict[str, Any]:
        """Return the task as the part of an order to a child process."""
        return {"bench": self.bench, "job": self.case.job, "params": dict(self.case.params)}


class Schedule:
    """All results of a run, which `run` fills in. `titles` restricts the cases, unless it is empty."""

    def __init__(
        self, benches: Sequence[str], contestants: Sequence[Contestant], quick: bool, titles: Sequence[str] = ()
    ) -> None:
        self._contestants = contestants
        self._quick = quick
        self.tasks = [
            Task(module, bench, case)
            for bench, module in _modules(benches)
            for case in _cases(module, quick)
            if not titles or case.title in titles
        ]
        self.results = {
            (task, contestant): Result(task.bench, task.case.title, contestant.name, reason=task.missing(contestant))
            for task in self.tasks
            for contestant in contestants
        }

    def run(self, rounds: int, say: Callable[[str], None]) -> None:
        """Measure everything so many times; a case that fails is not tried again."""
        turns = list(self._turns())
        for number in range(1, rounds + 1):
            for place, (tasks, contestant) in enumerate(turns, 1):
                open_tasks = [task for task in tasks if self.results[task, contestant].reason is None]
                if open_tasks:
                    title = f"{tasks[0].bench}, {tasks[0].case.title}" if len(tasks) == 1 else f"{len(tasks)} cases"
                    say(f"round {number} of {rounds}, {place}/{len(turns)}: {title}: {contestant.name}")
                    self._measure(open_tasks, contestant)

    def _turns(self) -> Iterator[tuple[list[Task], Contestant]]:
        """One process per case and contestant; in a quick run, one for all that needs no server."""
        together = [task for task in self.tasks if self._quick and not hasattr(task.module, "drive")]
        groups = [[task] for task in self.tasks if task not in together] + [together] * bool(together)
        for group in groups:
            for contestant in self._contestants:
                yield group, contestant

    def _measure(self, tasks: list[Task], contestant: Contestant) -> None:
        role, python = "measure", contestant.python
        if hasattr(tasks[0].module, "drive"):
            role, python = "drive", sys.executable
        order = {
            **contestant.as_order(),
            "bench": tasks[0].bench,
            "tasks": [task.as_order() for task in tasks],
            "seconds": 0.0 if self._quick else STOPWATCH_SECONDS,
        }
        try:
            for task, answer in zip(tasks, answers(contestant, python, role, order)):
                self._note(self.results[task, contestant], answer)
        except ChildFailed as failure:
            for task in tasks:
                self.results[task, contestant].reason = f"{contestant.name} failed: {failure}"

    @staticmethod
    def _note(result: Result, answer: dict[str, Any]) -> None:
        if "figures" in answer:
            result.rounds.append(answer["figures"])
        elif "unsupported" in answer:
            result.reason = answer["unsupported"]
        else:
            result.reason = f"{result.contestant} failed: {answer['error']}"


def _modules(benches: Sequence[str]) -> list[tuple[str, ModuleType]]:
    return [(bench, importlib.import_module(f"benchmarks.{bench}")) for bench in benches]


def _cases(module: ModuleType, quick: bool) -> list[Case]:
    cases: tuple[Case, ...] = module.CASES
    if not quick:
        return list(cases)
    return [Case(case.title, case.job, {**case.params, **case.quick}) for case in cases if case.quick is not None]
