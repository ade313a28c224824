"""The comparison that `python -m tests.stdlib` makes."""

from __future__ import annotations

import pytest

from tests.stdlib import areas
from tests.stdlib.__main__ import cannot_hold, compare, percent


def test_what_passes_unpatched_only_is_lost():
    unpatched = dict.fromkeys(("a.same", "a.fails", "a.hangs", "a.vanishes", "b.known", "c.one"), ("passed", ""))
    unpatched["a.never"] = ("failed", "")
    patched = {"a.same": ("passed", ""), "a.fails": ("failed", "why"), "a.hangs": ("hung", "where")}
    found = compare(unpatched, patched, {"b.known": "reason", "c.*": "reason"})
    assert (found.ran, found.unpatched, found.patched) == (7, 4, 1)
    assert found.lost == {"a.fails": ("failed", "why"), "a.hangs": ("hung", "where"), "a.vanishes": ("not run", "")}
    assert percent(found) == 25.0


def test_each_test_that_cannot_hold_has_a_reason():
    assert [test for test, reason in cannot_hold().items() if not reason.strip()] == []


@pytest.mark.slow
def test_a_module_runs_patched_and_unpatched():
    from tests.stdlib._runs import run

    if "test_wait3" not in areas.modules():
        pytest.skip("this Python comes without its tests")
    unpatched, patched = (run("test_wait3", hub, 60.0, set()) for hub in (None, "selects"))
    assert {outcome for outcome, _ in patched.values()} == {"passed"}
    assert set(unpatched) == set(patched)
