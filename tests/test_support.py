import pytest

from eventlet import support
from eventlet.support import greenlets


def test_get_errno():
    assert support.get_errno(OSError(9, "Bad file descriptor")) == 9
    assert support.get_errno(ValueError(5, "x")) == 5
    assert support.get_errno(ValueError("x")) is None
    assert support.get_errno(ValueError()) is None


def test_bytes_to_str():
    assert support.bytes_to_str(b"abc") == support.bytes_to_str("abc") == "abc"
    assert support.bytes_to_str("é".encode(), "utf-8") == "é"


def test_wrap_deprecated():
    @support.wrap_deprecated("old", "new")
    def function(x):
        return x

    with pytest.warns(DeprecationWarning, match="old is deprecated, use new"):
        assert function(1) == 1
    assert function.__name__ == "function"


def test_greenlets():
    import greenlet

    assert greenlets.getcurrent is greenlet.getcurrent
    assert greenlets.greenlet is greenlet.greenlet
    assert greenlets.GreenletExit is greenlet.GreenletExit
