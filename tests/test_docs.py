"""The documentation is true: its Python snippets run, in fresh interpreters, and local links lead somewhere.

A block with `>>>` in it is run by doctest, any other as a program that has to end with status 0 and print
nothing on stderr.  A block that cannot run has the reason in a comment right before it: `.. not run: …`
(reStructuredText) or `<!-- not run: … -->` (Markdown).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

import eventlet

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    [*ROOT.glob("*.rst"), *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.rst"), *ROOT.glob("docs/**/*.md")]
)

RST_BLOCK = re.compile(
    r"^(?P<indent> *)\.\. (?:code-block|code):: *(?:python|python3|pycon)\n"
    r"(?:(?P=indent) +:.*\n)*(?: *\n)+"
    r"(?P<code>(?:(?P=indent) +\S.*\n|[ ]*\n)+)",
    re.MULTILINE,
)
MD_BLOCK = re.compile(r"^```(?:python|pycon|py)\b.*\n(?P<code>(?:.*\n)*?)```", re.MULTILINE)
NOT_RUN = re.compile(r"(?:\.\.|<!--) not run: *(.+?)(?: *-->)?\s*\Z")
DOCTEST = """
import doctest, sys
result = doctest.testfile(sys.argv[1], module_relative=False, optionflags=doctest.ELLIPSIS)
sys.exit(bool(result.failed) or not result.attempted)
"""


class Snippet(NamedTuple):
    page: str
    line: int
    code: str
    not_run: str


def snippets_of(page: str, text: str) -> list[Snippet]:
    found = []
    for match in (MD_BLOCK if page.endswith(".md") else RST_BLOCK).finditer(text):
        line = text.count("\n", 0, match.start("code")) + 1
        before = NOT_RUN.search(text[: match.start()].rstrip())
        code = textwrap.dedent(match["code"]).strip("\n") + "\n"
        found.append(Snippet(page, line, code, before[1] if before else ""))
    return found


SNIPPETS = [s for path in PAGES for s in snippets_of(str(path.relative_to(ROOT)), path.read_text("utf-8"))]


def run(snippet: Snippet, directory: Path) -> subprocess.CompletedProcess[str]:
    path = directory / "snippet.py"
    path.write_text(snippet.code, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("EVENTLET_", "PYTHON"))}
    environment["PYTHONPATH"] = str(Path(eventlet.__file__).parent.parent)
    how = ["-c", DOCTEST, str(path)] if ">>>" in snippet.code else [str(path)]
    return subprocess.run(
        # Who reads a snippet need not be shown how to close each socket at the end of the program.
        [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", *how],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: f"{snippet.page}:{snippet.line}")
def test_snippet_runs(snippet, tmp_path):
    if snippet.not_run:
        pytest.skip(snippet.not_run)
    finished = run(snippet, tmp_path)
    assert (finished.returncode, finished.stderr) == (0, ""), finished.stdout


def test_readme_example_prints_what_the_readme_says(tmp_path):
    first = next(snippet for snippet in SNIPPETS if snippet.page == "README.rst")
    printed = run(first, tmp_path).stdout.strip()
    assert f"It prints ``{printed}``" in (ROOT / "README.rst").read_text("utf-8")
    assert len([line for line in first.code.splitlines() if line.strip()]) <= 15


def test_readme_gives_exactly_two_commands():
    """One that runs the main job and one that runs the tests; .ci/run takes both from here."""
    commands = re.findall(r"^ +(python3 -m venv .*)$", (ROOT / "README.rst").read_text("utf-8"), re.MULTILINE)
    assert [command.split("/")[-1] for command in commands] == ["webcrawler.py", "pytest -n auto"]
    assert all(" && .venv/bin/pip install -e " in command for command in commands)


@pytest.mark.parametrize("page", [str(path.relative_to(ROOT)) for path in PAGES])
def test_local_links_lead_somewhere(page):
    text = (ROOT / page).read_text("utf-8")
    if page.endswith(".md"):
        targets = re.findall(r"\]\(([^)\s]+)\)", text)
    else:
        targets = re.findall(r"<([^<>\s]+)>`_", text) + re.findall(r":doc:`(?:[^`<]*<)?([^`<>]+)>?`", text)
    local = [
        target.split("#")[0] for target in targets if "://" not in target and not target.startswith("mailto:")
    ]
    base = (ROOT / page).parent
    dead = [
        one
        for one in local
        if one and not any((base / (one + suffix)).exists() for suffix in ("", ".rst", ".md"))
    ]
    assert dead == []


# The reader of snippets itself.


def test_snippets_are_found_in_restructuredtext():
    page = textwrap.dedent("""
        Text.

        .. code-block:: python
           :caption: one

           import eventlet

           eventlet.sleep(0)

        .. not run: needs a database

        .. code-block:: python

            connect()

        .. code-block:: sh

            ls

        * A list

          .. code:: python

              nested = 1

        The end.
    """)
    assert [tuple(snippet)[1:] for snippet in snippets_of("a.rst", page)] == [
        (7, "import eventlet\n\neventlet.sleep(0)\n", ""),
        (15, "connect()\n", "needs a database"),
        (25, "nested = 1\n", ""),
    ]


def test_snippets_are_found_in_markdown():
    page = (
        "Text\n```python\na = 1\n```\n<!-- not run: only on a Mac -->\n```python\nb = 2\n```\n```sh\nls\n```"
    )
    assert [tuple(snippet)[1:] for snippet in snippets_of("a.md", page)] == [
        (3, "a = 1\n", ""),
        (7, "b = 2\n", "only on a Mac"),
    ]


@pytest.mark.parametrize(
    "code", ["raise ValueError", ">>> 1 + 1\n3\n", "import warnings\nwarnings.warn('x')"]
)
def test_a_wrong_snippet_fails(code, tmp_path):
    assert run(Snippet("a.rst", 1, code, ""), tmp_path).returncode != 0


@pytest.mark.parametrize("code", ["a = 1\n", ">>> 1 + 1\n2\n>>> object()\n<object object at ...>\n"])
def test_a_right_snippet_passes(code, tmp_path):
    assert run(Snippet("a.rst", 1, code, ""), tmp_path).returncode == 0
