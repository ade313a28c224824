"""Runs the scripts of tests/programs/scripts, patched in several ways."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from eventlet.hubs import _current, available_hubs
from tests.helpers import ROOT

SCRIPTS = Path(__file__).resolve().parent / "scripts"
SERVERS = Path(__file__).resolve().parent / "servers"
SECONDS = 120  # for a program, on a machine as busy as it likes: it gives up itself before

FIRST = "import eventlet, runpy, sys; eventlet.monkey_patch({patch}); {run}"
LATE = "import runpy, sys, {libraries}; import eventlet; eventlet.monkey_patch({patch}); {run}"
UNPATCHED = "import runpy, sys; {run}"
RUN = "del sys.argv[0]; sys.path.insert(0, {directory!r}); runpy.run_path(sys.argv[0], run_name='__main__')"


class Way(NamedTuple):
    """How a program is made cooperative, and on which hub it runs.

    `patch`: "run" is by `python -m eventlet`, "first" by its first line, "late" with its libraries loaded; or "never".
    """

    patch: str
    hub: str = ""

    def __str__(self) -> str:
        return self.hub or self.patch


def ways() -> Iterator[Way]:
    """Each hub that is here (and that EVENTLET_TEST_HUBS lets through), and on the best one the other ways to patch."""
    names = os.environ.get("EVENTLET_TEST_HUBS", "").split(",")
    wanted = {_current.ALIASES.get(name.strip(), name.strip()) for name in names} - {""}
    for hub in available_hubs():
        if not wanted or hub in wanted:
            yield Way("run", hub)
    yield Way("first")
    yield Way("late")


def libraries_of(script: str) -> list[str]:
    """Return what comes after `libraries:` in the script's docstring: the modules that it is about."""
    documentation = ast.get_docstring(ast.parse((SCRIPTS / f"{script}.py").read_text())) or ""
    found = re.search(r"^libraries:(.*)$", documentation, re.MULTILINE)
    return found.group(1).split() if found else []


def skip_without(*libraries: str) -> None:
    """Skip the test, naming what is missing, if one of these modules is not installed. Imports none."""
    for library in libraries:
        package = library.partition(".")[0]
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed (tests/programs/requirements.txt)")


def run(script: str, *arguments: str, way: Way, auto: bool = False, directory: Path | None = None) -> str:
    """Run a script in an interpreter of its own and return its output. Fails if it failed or wrote to stderr."""
    done = run_unchecked(script, *arguments, way=way, auto=auto, directory=directory)
    said = f"{script} ended with status {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert (done.returncode, done.stderr) == (0, ""), said
    return done.stdout


def run_unchecked(
    script: str,
    *arguments: str,
    way: Way,
    auto: bool = False,
    directory: Path | None = None,
    variables: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Like `run`, but return how it ended, whatever that was. `variables` are its environment instead of the usual."""
    return subprocess.run(
        command(script, *arguments, way=way, auto=auto),
        env=environment(way) if variables is None else variables,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def command(script: str, *arguments: str, way: Way, auto: bool = False) -> list[str]:
    """Return the command that runs the script in this way."""
    path = str(SCRIPTS / f"{script}.py")
    if way.patch == "run":
        return [sys.executable, "-m", "eventlet", *(["--patch=auto"] if auto else []), path, *arguments]
    text = {"first": FIRST, "late": LATE, "never": UNPATCHED}[way.patch].format(
        patch="auto=True" if auto else "",
        libraries=", ".join(libraries_of(script)) or "sys",
        run=RUN.format(directory=str(SCRIPTS)),
    )
    # monkey_patch() says which locks it comes too late for: multiprocessing.managers, for one, has such.
    options = ["-W", "ignore:locks and queues that were made before:RuntimeWarning"] if way.patch == "late" else []
    return [sys.executable, *options, "-c", text, path, *arguments]


def environment(way: Way | None = None) -> dict[str, str]:
    """Return the variables for a program or server: ours, without what would change eventlet, Python or proxies."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("EVENTLET_", "PYTHON")) and not name.lower().endswith("_proxy")
    }
    ours["PYTHONPATH"] = str(ROOT)
    # gRPC prints how connections end, as information: when a server is stopped before it has seen that its client is
    # closed, in 8 of 1,200 runs without eventlet. It reads this when it is imported.
    ours["GRPC_VERBOSITY"] = "ERROR"
    if way is not None and way.hub:
        ours["EVENTLET_HUB"] = way.hub
    return ours
