"""Days as the recorder's clocks have them: of 23, 24 and 25 hours, whatever zone this machine is in."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from reidtrack.report.days.calendar import day_of, days_between
from reidtrack.report.days.recorded import gaps_s, spans_of

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("origin", "hours", "length", "at_3_h", "changes"),
    [
        pytest.param(datetime(2026, 11, 28, 23, tzinfo=UTC), 24, [1.0] * 24, "03:00", 1, id="a usual day"),
        pytest.param(
            datetime(2026, 10, 24, 22, tzinfo=UTC), 25, [1.0, 1.0, 2.0] + [1.0] * 21, "02:00 CET", 2, id="autumn"
        ),
        pytest.param(datetime(2026, 3, 28, 23, tzinfo=UTC), 23, [1.0, 1.0, 0.0] + [1.0] * 21, "04:00", 2, id="spring"),
    ],
)
def test_a_day_is_as_long_as_its_clocks_say(
    origin: datetime, hours: int, length: list[float], at_3_h: str, changes: int
) -> None:
    (day,) = days_between(origin, 0.0, hours * 3600 - 1, BERLIN)
    assert (day.first_s, day.length_h) == (0.0, hours)
    assert [(end - begin) / 3600 for begin, end in day.hours] == length
    assert day.clock.text(3 * 3600, -1) == at_3_h
    assert len(day.clock.shifts) == changes
    assert day.clock.text(hours * 3600 - 1) == "23:59:59"


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    (day,) = days_between(datetime(2026, 10, 24, 22, tzinfo=UTC), 0, 1, BERLIN)
    told = [day.clock.text(hour * 3600.0 + 1800) for hour in range(5)]
    assert told == ["00:30:00", "01:30:00", "02:30:00 CEST", "02:30:00 CET", "03:30:00"]


def test_axes_are_marked_at_full_hours_of_the_clock() -> None:
    (day,) = days_between(datetime(2026, 11, 29, 6, 17, 5, tzinfo=UTC), 0, 7200, BERLIN)
    times, step = day.clock.ticks(0, 7200, 9)
    assert step == 900
    assert [day.clock.text(t, -1) for t in times[:3]] == ["07:30", "07:45", "08:00"]


def test_every_day_between_counts() -> None:
    days = days_between(datetime(2026, 11, 28, 22, 59, 59, tzinfo=UTC), 0, 86_402, BERLIN)
    assert [day.name for day in days] == ["2026-11-28", "2026-11-29", "2026-11-30"]
    assert [day.first_s for day in days[1:]] == [1.0, 86_401.0]


def test_clocks_that_go_back_over_midnight() -> None:
    """One minute after midnight it was 23:01 again: the day began with its first midnight."""
    newfoundland, origin = ZoneInfo("America/St_Johns"), datetime(2010, 11, 7, 2, 30, tzinfo=UTC)
    days = [day_of(origin, hour * 3600.0, newfoundland).name for hour in (-1, 0, 0.5, 1, 24.9, 25)]
    assert days == ["2010-11-06", *["2010-11-07"] * 4, "2010-11-08"]


@pytest.mark.parametrize(
    ("time_s", "spans"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([5.0], [[5.0, 5.0]], id="one frame"),
        pytest.param([0, 0.1, 0.2, 2.2, 2.3], [[0, 2.3]], id="2 s are none"),
        pytest.param([0, 0.1, 0.2, 9.0, 9.1], [[0, 0.2], [9.0, 9.1]], id="a gap"),
        pytest.param([0, 60, 120, 180], [[0, 180]], id="a picture a minute"),
    ],
)
def test_gaps_are_what_is_unusually_long(time_s: list[float], spans: list[list[float]]) -> None:
    found = spans_of(np.array(time_s, np.float64))
    assert found.tolist() == spans
    missing = spans[1][0] - spans[0][1] if len(spans) > 1 else 0.0
    assert gaps_s(found, -100, 1000) == pytest.approx(missing)
