"""Tables of medians, ratios and spreads, as text. A ratio is the median of those of the single rounds."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from benchmarks._contestant import Contestant
from benchmarks._field import Profile
from benchmarks._job import Metric
from benchmarks._schedule import Schedule, Task

CASES_PER_TABLE = 4


class Report:
    """Writes down the results of a schedule, in comparison with the contestant `reference`."""

    def __init__(self, schedule: Schedule, field: dict[Contestant, Profile], reference: Contestant) -> None:
        self._schedule = schedule
        self._field = field
        self._reference = reference
        self._reasons: list[str] = []

    def lines(self) -> Iterator[str]:
        """Yield the whole report."""
        yield from self._contestants()
        for bench in dict.fromkeys(task.bench for task in self._schedule.tasks):
            tasks = [task for task in self._schedule.tasks if task.bench == bench]
            yield from ["", f"== {bench}: {(tasks[0].module.__doc__ or '').splitlines()[0]}"]
            for metric in tasks[0].module.METRICS:
                for start in range(0, len(tasks), CASES_PER_TABLE):
                    yield from self._figures(metric, tasks[start : start + CASES_PER_TABLE])
        yield from self._summary()
        if self._reasons:
            yield ""
            yield from (f"[{number}] {reason}" for number, reason in enumerate(self._reasons, 1))

    def _contestants(self) -> Iterator[str]:
        rows = [["contestant", "version", "", "Python", "file"]]
        for profile in self._field.values():
            rows.append([profile["name"], profile["version"], profile["detail"], profile["python"], profile["file"]])
        yield from _columns(rows, left=5)

    def _figures(self, metric: Metric, tasks: Sequence[Task]) -> Iterator[str]:
        better = "higher" if metric.higher_is_better else "lower"
        yield from ["", f"{metric.title}; {better} is better" if metric.compared else metric.title]
        ratio = ["ratio"] if metric.compared else []
        rows = [["", *(heading for task in tasks for heading in (task.case.title, *ratio, "min-max"))]]
        for contestant in self._field:
            rows.append([contestant.name])
            for task in tasks:
                rows[-1] += self._cells(task, contestant, metric)
        yield from _columns(rows, left=1)

    def _cells(self, task: Task, contestant: Contestant, metric: Metric) -> list[str]:
        values = self._values(task, contestant, metric)
        median = _number(statistics.median(values)) if values else "-"
        ratio = [self._ratio(task, contestant, metric)] if metric.compared else []
        spread = f"{_number(min(values))}-{_number(max(values))}" if values else ""
        return [median, *ratio, f"{spread} {self._footnote(task, contestant)}".strip()]

    def _summary(self) -> Iterator[str]:
        name = self._reference.name
        yield from ["", f"== speed of {name} / speed of the contestant (2.00: {name} is twice as fast)"]
        rows = [["", *(contestant.name for contestant in self._field)]]
        for task in self._schedule.tasks:
            for metric in task.module.METRICS:
                if metric.compared:
                    ratios = [self._ratio(task, contestant, metric) for contestant in self._field]
                    rows.append([f"{task.bench}, {task.case.title}{metric.mark}", *ratios])
        yield from _columns(rows, left=1)

    def _values(self, task: Task, contestant: Contestant, metric: Metric) -> list[float]:
        return [figures[metric.key] for figures in self._schedule.results[task, contestant].rounds]

    def _ratio(self, task: Task, contestant: Contestant, metric: Metric) -> str:
        ours, theirs = (self._values(task, each, metric) for each in (self._reference, contestant))
        if not ours or not theirs:
            return "-"
        # Round by round, as those two were measured within seconds of each other: the machine's mood cancels out.
        quotient = statistics.median(our / their for our, their in zip(ours, theirs))
        return f"{quotient if metric.higher_is_better else 1 / quotient:.2f}"

    def _footnote(self, task: Task, contestant: Contestant) -> str:
        """Return the mark of the reason why figures are missing, if some are."""
        result = self._schedule.results[task, contestant]
        text = result.reason or ("" if result.rounds else "interrupted before this was measured")
        if not text:
            return ""
        if text not in self._reasons:
            self._reasons.append(text)
        return f"[{self._reasons.index(text) + 1}]"


def _number(value: float) -> str:
    """Return about three significant digits."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def _columns(rows: list[list[str]], left: int) -> Iterator[str]:
    """Align the columns: the first `left` ones to the left, the others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths))
        ]
        yield "  ".join(cells).rstrip()
