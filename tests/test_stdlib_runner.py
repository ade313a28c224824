"""The comparison that `python -m tests.stdlib` makes."""

from __future__ import annotations

import pytest

from tests.stdlib import areas
from tests.stdlib.__main__ import (
    Comparison,
    cannot_hold,
    compare,
    complaints,
    differs,
    reason_for,
    row,
    total,
)


def test_what_passes_unpatched_only_is_lost():
    unpatched = dict.fromkeys(("a.same", "a.fails", "a.hangs", "a.vanishes", "b.known", "c.one"), ("passed", ""))
    unpatched["a.never"] = ("failed", "")
    patched = {"a.same": ("passed", ""), "a.fails": ("failed", "why"), "a.hangs": ("hung", "where")}
    found = compare(unpatched, patched, {"b.known": "reason", "c.*": "reason"})
    assert (found.ran, found.unpatched, found.patched) == (7, 4, 1)
    assert found.lost == {"a.fails": ("failed", "why"), "a.hangs": ("hung", "where"), "a.vanishes": ("not run", "")}
    assert found.percent == 25.0
    assert not found.nothing


def test_no_result_is_no_success():
    broken = compare({"test.test_a": ("crashed", "Traceback\nImportError: b")}, {}, {})
    assert (broken.percent, broken.nothing) == (0.0, "unpatched, one crashed: ImportError: b")
    assert row("test_a", broken).endswith("-  unpatched, one crashed: ImportError: b")
    assert complaints({"test_a": broken}, {}, 0.0, 0.0) == [f"test_a: {broken.nothing}", "nothing was measured"]
    assert compare({}, {}, {}).nothing == "no tests"
    silent = compare({"a.one": ("passed", "")}, {}, {})
    assert (silent.percent, silent.lost) == (0.0, {"a.one": ("not run", "")})


def test_a_module_that_is_skipped_is_no_failure_but_shows_the_reason():
    kqueue = compare({"test.test_kqueue": ("skipped", "BSD only")}, {}, {})
    assert row("test_kqueue", kqueue).endswith("-  skipped: BSD only")
    fine = Comparison(4, 4, 4, {})
    assert complaints({"test_kqueue": kqueue, "test_a": fine}, {}, 100.0, 100.0) == []
    assert complaints({"test_kqueue": kqueue, "test_a": fine}, {"test_kqueue": 1}, 0.0, 0.0) == [
        "test_kqueue: 0 passed patched, at least 1 are expected"
    ]


def test_thresholds_are_for_the_whole_and_for_each_module():
    results = {"test_a": Comparison(90, 90, 90, {}), "test_b": Comparison(10, 10, 8, {"b.x": ("failed", "")})}
    assert total(results.values()).percent == 98.0
    assert complaints(results, {}, 98.0, 80.0) == []
    assert complaints(results, {}, 98.0, 80.5) == ["test_b: 80.0 %, less than 80.5 %"]
    assert complaints(results, {}, 98.5, 80.0) == ["all: 98.0 %, less than 98.5 %"]


def test_a_package_of_tests_of_which_some_parts_are_skipped_counts_the_rest():
    parts = [Comparison(1, 0, 0, {}, "skipped: Windows only"), Comparison(4, 4, 4, {})]
    assert total(parts) == Comparison(5, 4, 4, {}, "")
    parts[1] = Comparison(0, 0, 0, {}, "no tests")
    assert total(parts).nothing == "no tests"


@pytest.mark.parametrize("reasons", [cannot_hold(), differs()])
def test_each_test_on_a_list_has_a_reason(reasons):
    assert reasons
    assert [test for test, reason in reasons.items() if not reason.strip()] == []


def test_no_test_is_on_both_lists():
    assert [test for test in differs() if reason_for(test, cannot_hold())] == []


def test_the_first_pattern_that_matches_has_the_reason():
    reasons = {"a.B.test_x": "one", "a.B.*": "the others"}
    assert [reason_for(test, reasons) for test in ("a.B.test_x", "a.B.test_y", "a.C.test_x")] == [
        "one",
        "the others",
        "",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("hub", [None, "selects"])
def test_a_module_that_is_skipped_says_so(hub):
    from tests.stdlib._runs import run

    if "test_wait3" not in areas.modules():
        pytest.skip("this Python comes without its tests")
    outcomes = run("test_winreg", hub, 60.0, set())  # of Windows
    assert [outcome for outcome, _ in outcomes.values()] == ["skipped"]


@pytest.mark.slow
def test_a_module_that_cannot_be_imported_is_no_empty_result():
    from tests.stdlib._runs import run

    ((outcome, details),) = run("no_such_module", None, 60.0, set()).values()
    assert outcome in ("failed", "crashed")
    assert "Error" in details


@pytest.mark.slow
def test_a_module_runs_patched_and_unpatched():
    from tests.stdlib._runs import run

    if "test_wait3" not in areas.modules():
        pytest.skip("this Python comes without its tests")
    unpatched, patched = (run("test_wait3", hub, 60.0, set()) for hub in (None, "selects"))
    assert {outcome for outcome, _ in patched.values()} == {"passed"}
    assert set(unpatched) == set(patched)


def test_what_is_quick_is_among_what_is_run_at_all():
    every = {f"test_{name}" for area in areas.AREAS.values() for name in area.split()}
    assert {name.partition(".")[0] for name in areas.QUICK} <= every - areas.LONG
    assert all(count > 0 for count in areas.QUICK.values())
