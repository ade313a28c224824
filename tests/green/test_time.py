import math
import sys
from fractions import Fraction

import pytest

from eventlet.green import time


def test_sleep_lets_others_run_and_takes_its_time(autojump_hub, spawn):
    order = []
    spawn(lambda: (time.sleep(2), order.append(2)))
    spawn(lambda: (time.sleep(1), order.append(1)))

    time.sleep(3)

    assert order == [1, 2]
    assert autojump_hub.clock() == 3


@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        (-1, ValueError),
        (-0.1, ValueError),
        (math.nan, ValueError),
        ("1", TypeError),
        (None, TypeError),
        (1e300, OverflowError),
    ],
)
def test_wrong_arguments_are_refused_as_by_the_standard_one(hub, seconds, error):
    import time as standard

    with pytest.raises(error):
        standard.sleep(seconds)
    with pytest.raises(error):
        time.sleep(seconds)


def test_a_number_of_another_kind_is_one_since_python_3_15(autojump_hub):
    if sys.version_info >= (3, 15):
        time.sleep(Fraction(1, 2))
        assert autojump_hub.clock() == 0.5
    else:
        with pytest.raises(TypeError):
            time.sleep(Fraction(1, 2))


def test_zero_switches(hub, spawn):
    ran = []
    spawn(ran.append, 1)

    time.sleep(0)

    assert ran == [1]


def test_everything_else_is_the_standard_module_s():
    import time as standard

    assert time.monotonic is standard.monotonic
    assert time.sleep is not standard.sleep
    with pytest.raises(AttributeError, match="eventlet.green.time.*no_such_name"):
        _ = time.no_such_name
    assert "sleep" in dir(time)
