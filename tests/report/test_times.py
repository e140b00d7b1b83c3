"""Times as text, and ticks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidtrack.report.times import STEPS_S, axis_ticks, format_duration, format_time


@pytest.mark.parametrize(
    ("time_s", "decimals", "expected"),
    [
        pytest.param(0.0, 0, "0:00", id="zero"),
        pytest.param(59.94, 1, "0:59.9", id="rounds down"),
        pytest.param(59.96, 1, "1:00.0", id="carries into the minute"),
        pytest.param(3599.6, 0, "1:00:00", id="carries into the hour"),
        pytest.param(86399.0, 0, "23:59:59", id="the last second of a day"),
        pytest.param(360000.0, 0, "100:00:00", id="beyond a day"),
        pytest.param(-3.25, 2, "−0:03.25", id="before the origin"),
        pytest.param(-0.01, 1, "0:00.0", id="no minus before nothing"),
        pytest.param(1.05, 2, "0:01.05", id="leading zero of the fraction"),
    ],
)
def test_clock(time_s: float, decimals: int, expected: str) -> None:
    assert format_time(time_s, decimals) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(0.0, "0.0 s", id="nothing"),
        pytest.param(59.94, "59.9 s", id="under a minute"),
        pytest.param(59.95, "1 min 00 s", id="a minute by rounding"),
        pytest.param(3599.4, "59 min 59 s", id="under an hour"),
        pytest.param(3599.6, "1 h 00 min", id="an hour by rounding"),
        pytest.param(86400.0, "24 h 00 min", id="a day"),
    ],
)
def test_duration(seconds: float, expected: str) -> None:
    assert format_duration(seconds) == expected


@pytest.mark.parametrize(
    ("first_s", "last_s", "step_s", "count"),
    [
        pytest.param(0.0, 3.0, 0.5, 7, id="three seconds"),
        pytest.param(0.0, 113.0, 15, 8, id="two minutes"),
        pytest.param(10.0, 1810.0, 300, 6, id="half an hour from an odd start"),
        pytest.param(0.0, 86400.0, 10800, 9, id="a day"),
        pytest.param(0.0, 864000.0, 172800, 6, id="ten days"),
        pytest.param(-4.0, 4.0, 1, 9, id="around the origin"),
    ],
)
def test_ticks(first_s: float, last_s: float, step_s: float, count: int) -> None:
    times, step = axis_ticks(first_s, last_s)
    assert (step, len(times)) == (step_s, count)


@given(st.floats(-1e5, 1e6), st.floats(0.06, 1e6))
def test_ticks_are_few_and_inside(first_s: float, span_s: float) -> None:
    times, step = axis_ticks(first_s, first_s + span_s)
    assert len(times) <= 10
    assert step in STEPS_S or step % 86400 == 0
    assert all(first_s - 0.01 <= t <= first_s + span_s + 0.01 for t in times)
