"""The clock of everything that is dated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

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
