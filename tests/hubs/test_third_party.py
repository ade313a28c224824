"""The hub that docs/writing-a-hub.md shows, as another distribution would bring it: by an entry point."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
import tokenize

import pytest

from tests.helpers import ROOT, check_python, run_python
from tests.test_docs import ROOT as CHECKOUT
from tests.test_docs import snippets_of

PAGE = CHECKOUT / "docs" / "writing-a-hub.md"
MOST_LINES = 60


@pytest.fixture(scope="module")
def source():
    """The module that the page shows."""
    hub, _ = snippets_of(PAGE.name, PAGE.read_text("utf-8"))
    return hub.code


@pytest.fixture
def installed(tmp_path, source):
    """A directory for sys.path, with that module and what pip writes beside it."""
    package = tmp_path / "mypackage"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "myhub.py").write_text(source)
    information = tmp_path / "mypackage-3.1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: mypackage\nVersion: 3.1\n")
    table = PAGE.read_text("utf-8").split("```toml\n")[1].split("```")[0]
    name, value = table.splitlines()[1].split(" = ")
    assert table.splitlines()[0] == '[project.entry-points."eventlet.hubs"]'
    (information / "entry_points.txt").write_text(f"[eventlet.hubs]\n{name} = {ast.literal_eval(value)}\n")
    return str(tmp_path)


def test_it_is_short(source):
    lines = {token.start[0] for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.string.strip()}
    assert 20 < len(lines) <= MOST_LINES


def test_the_environment_chooses_it_by_name(installed):
    assert check_python(
        """
        import eventlet
        from eventlet import hubs
        from eventlet.green import socket

        left, right = socket.socketpair()
        with left, right:
            reader = eventlet.spawn(left.recv, 9)
            eventlet.sleep(0.001)
            right.send(b"read")
            reader.wait()
        print(hubs.get_hub().name, type(hubs.get_hub()).__module__, reader.wait().decode())
        """,
        path=installed,
        environment={"EVENTLET_HUB": "mine"},
    ) == "mine mypackage.myhub read\n"


def test_use_hub_takes_the_name_or_the_path(installed):
    assert check_python(
        """
        from eventlet import hubs
        for choice in "mine", "mypackage.myhub:Hub":
            hubs.use_hub(choice)
            print(type(hubs.get_hub()).__module__)
        """,
        path=installed,
    ) == "mypackage.myhub\nmypackage.myhub\n"


def test_the_table_of_hubs_has_it(installed):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("EVENTLET_", "PYTHON"))}
    environment["PYTHONPATH"] = os.pathsep.join([installed, str(ROOT)])
    command = [sys.executable, "-m", "eventlet", "hubs"]
    table = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    (line,) = [line for line in table.splitlines() if line.split()[:1] == ["mine"]]
    assert line.split()[1:] == ["yes", "mypackage", "3.1"]


def test_without_the_distribution_the_name_is_unknown():
    done = run_python("import eventlet; eventlet.sleep(0)", environment={"EVENTLET_HUB": "mine"})
    assert "unknown hub 'mine'" in done.stderr


def test_it_keeps_the_contract(installed):
    assert check_python(
        """
        from eventlet.hubs import _current
        from eventlet.testing import hub_contract
        hub_contract.run(_current.find_hub_class("mine"))
        print(len(hub_contract.CHECKS) > 10)
        """,
        path=installed,
    ) == "True\n"
