"""The clock of everything that is dated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reidtrack import clock
from reidtrack.clock import in_utc, now


@pytest.mark.parametrize(
    "time",
    [
        pytest.param(datetime(2026, 11, 20, 10), id="no zone is UTC"),  # noqa: DTZ001 (that is what it tests)
        pytest.param(datetime(2026, 11, 20, 10, tzinfo=UTC), id="UTC"),
        pytest.param(datetime(2026, 11, 20, 11, 30, tzinfo=timezone(timedelta(minutes=90))), id="another zone"),
    ],
)
def test_in_utc(time: datetime) -> None:
    assert in_utc(time) == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert in_utc(time).tzinfo is UTC


def test_now_is_in_utc() -> None:
    assert now().tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "millis", "name"),
    [
        pytest.param(datetime(2026, 11, 30, 9, 15, tzinfo=UTC), False, "20261130T091500Z", id="UTC"),
        pytest.param(datetime(2026, 11, 30, 9, 15), True, "20261130T091500.000Z", id="no zone is UTC"),  # noqa: DTZ001
        pytest.param(
            datetime(2026, 11, 30, 9, 15, 0, 999_999, timezone(timedelta(hours=2))),
            True,
            "20261130T071500.999Z",
            id="another zone, cut off",
        ),
        pytest.param(datetime(33, 1, 2, 3, 4, 5, tzinfo=UTC), False, "00330102T030405Z", id="a short year"),
    ],
)
def test_file_time(moment: datetime, millis: bool, name: str) -> None:
    assert clock.file_time(moment, millis=millis) == name
    back = clock.from_file_time(name)
    assert back is not None
    assert timedelta(0) <= clock.in_utc(moment) - back < timedelta(milliseconds=1 if millis else 1000)


@pytest.mark.parametrize(
    "name", ["", "20261130", "20261130T091500", "20261330T091500Z", "20261130T096000Z", "20261130T091500.5Z", "x"]
)
def test_names_that_tell_no_time(name: str) -> None:
    assert clock.from_file_time(name) is None
