"""The list of lines is true: each has its test, or waits for a module that is not there."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

from tests.users.lines import LINES, MISSING

HERE = Path(__file__).resolve().parent


def _tests() -> set[str]:
    found = set()
    for path in HERE.glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.add(f"{path.stem[len('test_') :]}: {node.name}")
    return found


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.who}: {line.what[:40]}")
def test_each_line_has_a_test_or_waits_for_a_module(line):
    assert bool(line.test) != bool(line.waits_for), "either, or"
    if line.test:
        assert line.test in _tests(), f"there is no test {line.test}"
    else:
        assert line.waits_for in MISSING


@pytest.mark.parametrize("module", MISSING)
def test_what_lines_wait_for_is_not_there(module):
    waiting = [f"{line.who}: {line.what}" for line in LINES if line.waits_for == module]
    assert waiting, f"nothing waits for {module}: take it out of MISSING"
    if importlib.util.find_spec(module) is not None:
        pytest.fail(f"{module} is there: these lines need tests now:\n" + "\n".join(waiting), pytrace=False)


def test_each_test_is_of_a_line():
    listed = {line.test for line in LINES}
    about_the_list = {f"lines: {name}" for name in globals() if name.startswith("test_")}
    assert _tests() - listed - about_the_list == set()
