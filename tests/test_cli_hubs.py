"""`python -m eventlet hubs`, as somebody would call it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from eventlet.hubs import available_hubs
from eventlet.hubs._current import BACKENDS
from tests.helpers import ROOT

BROKEN = """\
[eventlet.hubs]
good = somebodys_hub:Hub
broken = no_such_module_anywhere:Hub
"""


def run(*arguments, path=(), **variables):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("EVENTLET_", "PYTHON"))}
    return subprocess.run(
        [sys.executable, "-m", "eventlet", "hubs", *arguments],
        env={**inherited, "PYTHONPATH": os.pathsep.join([str(ROOT), *path]), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def rows(output):
    """Return the lines of the table by the name of the hub, and the name that has the star."""
    lines = output.split("\n\n")[0].splitlines()[1:]
    starred = [line[2:].split()[0] for line in lines if line.startswith("*")]
    return {line[2:].split()[0]: line for line in lines}, starred


def test_every_hub_has_a_line_that_says_whether_it_works_here():
    result = run()
    assert (result.returncode, result.stderr) == (0, "")
    table, starred = rows(result.stdout)
    assert list(table) == list(BACKENDS)
    works = [name for name, line in table.items() if " yes" in line]
    assert works == available_hubs()
    assert all("no: it needs " in line for name, line in table.items() if name not in works)
    assert starred == [available_hubs()[0]]
    assert result.stdout.endswith("* the default\n")


@pytest.mark.parametrize("library", ["libuv", "libev"])
def test_provider_and_version(library):
    if library not in available_hubs():
        pytest.skip(f"{library} is not here")
    table, _ = rows(run().stdout)
    import importlib

    module = importlib.import_module(f"eventlet.hubs.{library}")
    provider = importlib.import_module(module.PROVIDERS[module.provider])
    assert f"{module.provider}, {library} {provider.version}" in table[library]


@pytest.mark.parametrize(
    ("asked", "starred"),
    [("select", "selects"), (" poll ", "poll"), ("eventlet.hubs.poll:Hub", "eventlet.hubs.poll:Hub")],
)
def test_the_star_follows_the_environment(asked, starred):
    result = run(EVENTLET_HUB=asked)
    assert result.returncode == 0, result.stderr
    assert rows(result.stdout)[1] == [starred]
    assert result.stdout.endswith("* what EVENTLET_HUB names\n")


def test_a_hub_that_cannot_be_had_is_told_after_the_table():
    result = run(EVENTLET_HUB="nix")
    assert result.returncode == 1
    assert list(rows(result.stdout)[0]) == list(BACKENDS)
    assert rows(result.stdout)[1] == []
    assert "EVENTLET_HUB=nix: unknown hub 'nix'" in result.stderr


def test_hubs_of_other_distributions(tmp_path):
    (tmp_path / "somebodys_hub.py").write_text("from eventlet.hubs.poll import Hub\n")
    info = tmp_path / "somebodys-2.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: somebodys\nVersion: 2.5\n")
    (info / "entry_points.txt").write_text(BROKEN)
    result = run(path=[str(tmp_path)], EVENTLET_HUB="good")
    assert (result.returncode, result.stderr) == (0, "")
    table, starred = rows(result.stdout)
    assert starred == ["good"]
    assert table["good"].split()[-3:] == ["yes", "somebodys", "2.5"]
    assert "no: " in table["broken"]
    assert "No module named 'no_such_module_anywhere'" in table["broken"]


def test_help_and_what_is_no_argument():
    assert "usage: python -m eventlet hubs" in run("--help").stdout
    result = run("--all")
    assert (result.returncode, result.stdout) == (2, "")
    assert "there is no argument --all" in result.stderr
