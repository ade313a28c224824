"""Runs each script of tests/isolated in an interpreter of its own, on each hub: monkey-patching is for good.

A script passes if it ends with status 0 and writes nothing to stderr. What is written
in its docstring after `arguments:` is a list of command lines to run it with.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from eventlet.hubs import available_hubs

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted(path for path in (ROOT / "tests" / "isolated").glob("*.py") if not path.name.startswith("_"))


def runs():
    for path in SCRIPTS:
        documentation = ast.get_docstring(ast.parse(path.read_text())) or ""
        found = re.search(r"^arguments:(.*)$", documentation, re.MULTILINE)
        for line in found.group(1).split("|") if found else [""]:
            yield pytest.param(path, shlex.split(line), id=f"{path.stem} {line.strip()}".strip())


@pytest.mark.isolated
@pytest.mark.parametrize("hub_name", available_hubs())
@pytest.mark.parametrize(("path", "arguments"), list(runs()))
def test_isolated(path, arguments, hub_name, tmp_path):
    environment = {**os.environ, "EVENTLET_HUB": hub_name, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", str(path), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
