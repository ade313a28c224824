"""trio: another kind of concurrency, whose loop waits as any program does."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.isolated


def test_trio(program, request):
    if "late" in request.node.callspec.id:
        pytest.skip("trio takes Lock out of threading when it is imported: patch before")
    assert program("trio_run") == "done\n"
