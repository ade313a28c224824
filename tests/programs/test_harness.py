"""The tests of this directory can fail: the same program, not patched, does."""

from __future__ import annotations

import pytest

from tests.programs import _programs
from tests.programs._meeting import HTTPMeeting
from tests.programs._programs import Way

pytestmark = pytest.mark.isolated


def test_a_patched_program_waits_many_times_at_once(program, meeting):
    assert program("urllib_get", meeting.url, meeting.count) == "done\n"


def test_without_patching_the_others_never_come():
    with HTTPMeeting(2, seconds=1.0) as meeting:
        done = _programs.run_unchecked("urllib_get", meeting.url, "2", way=Way("never"))
    assert done.returncode != 0
    assert "HTTP Error 503" in done.stderr


def test_every_script_says_which_libraries_it_needs():
    for path in _programs.SCRIPTS.glob("[!_]*.py"):
        text = path.read_text()
        for library in _programs.libraries_of(path.stem):
            assert f"import {library}" in text or f"from {library}" in text, (path.name, library)
