from datetime import UTC, datetime, timedelta, timezone

import pytest

from reidtrack import clock
from reidtrack.video.wall_time import WallTime

ORIGIN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
"""Half an hour before the clocks of Europe go back."""


class Ticks:
    def __init__(self) -> None:
        self.now_s = 100.0

    def now(self) -> float:
        return self.now_s

    def wait(self, *_: object) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        pytest.param(ORIGIN, 60.0, id="UTC"),
        pytest.param(ORIGIN.astimezone(timezone(timedelta(hours=2))), 60.0, id="another zone"),
        pytest.param(ORIGIN.replace(tzinfo=None), 60.0, id="without a zone it is UTC"),
    ],
)
def test_time_counts_from_the_origin(monkeypatch: pytest.MonkeyPatch, origin: datetime, expected: float) -> None:
    monkeypatch.setattr(clock, "now", lambda: ORIGIN + timedelta(minutes=1))
    wall = WallTime(origin, ticks=Ticks())
    assert wall.now_s() == expected
    assert wall.moment(wall.now_s()) == ORIGIN + timedelta(minutes=1)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(timedelta(hours=1), id="set forward"),
        pytest.param(timedelta(hours=-1), id="set back"),
        pytest.param(timedelta(days=20_000), id="from 1970 to now"),
    ],
)
def test_setting_the_clock_does_not_move_time(monkeypatch: pytest.MonkeyPatch, step: timedelta) -> None:
    ticks, moment = Ticks(), [ORIGIN]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    wall = WallTime(ORIGIN, ticks=ticks)
    ticks.now_s += 10
    moment[0] += timedelta(seconds=10) + step
    assert wall.now_s() == 10
    assert wall.wall_ahead_s() == step.total_seconds()


def test_a_session_begins_after_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: ORIGIN + timedelta(seconds=50))
    assert WallTime(ORIGIN, 40.0, Ticks()).now_s() == 50
    assert WallTime(ORIGIN, 90.0, Ticks()).now_s() == 90, "the clock was set back"
