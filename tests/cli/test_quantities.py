"""Durations, sizes and moments as they are typed."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

import pytest

from reidtrack.cli.quantities import duration_s, moment, size_bytes


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("90", 90),
        ("90s", 90),
        ("1.5s", 1.5),
        ("10m", 600),
        ("10 min", 600),
        ("12h", 43_200),
        ("7d", 604_800),
        ("7 days", 604_800),
        ("2W", 1_209_600),
        ("1h30m", 5400),
        (" 1 h 30 m ", 5400),
        ("", None),
        ("0", None),
        ("-7d", None),
        ("7x", None),
        ("d", None),
        ("1h30", None),
        ("1 30m", None),
        ("7d!", None),
        ("1e9d", None),
        ("nan", None),
        ("999999999999d", None),
        ("٧d", None),
    ],
)
def test_duration(text: str, wanted: float | None) -> None:
    if wanted is not None:
        assert duration_s(text) == wanted
        return
    with pytest.raises(argparse.ArgumentTypeError, match="expected a duration"):
        duration_s(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1", 1),
        ("1000B", 1000),
        ("500M", 500 * 1024**2),
        ("50G", 50 * 1024**3),
        ("50 GiB", 50 * 1024**3),
        ("50GB", 50 * 1000**3),
        ("1.5t", 3 * 1024**4 // 2),
        ("2k", 2048),
        ("", None),
        ("0", None),
        ("G", None),
        ("-1G", None),
        ("50X", None),
        ("1G 1M", None),
        ("0.1", None),
        ("99999999P", None),
    ],
)
def test_size(text: str, wanted: int | None) -> None:
    if wanted is not None:
        assert size_bytes(text) == wanted
        return
    with pytest.raises(argparse.ArgumentTypeError, match="expected a size"):
        size_bytes(text)


def test_moment(now: datetime) -> None:
    at = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
    cases = {
        "0": 0.0,
        "90.5": 90.5,
        "-3": -3.0,
        "2026-11-30T09:15:00Z": at,
        "2026-11-30 09:15": at,
        "2026-11-30T10:15:00+01:00": at,
        "2026-11-30": at.replace(hour=0, minute=0),
        "now": now,
        "10 min ago": now - timedelta(minutes=10),
        "1h30m  ago": now - timedelta(hours=1, minutes=30),
    }
    assert {text: moment(text) for text in cases} == cases
    for text in ("", "yesterday", "10 min", "ago", "-1 h ago", "2026-13-01", "inf", "300000d ago", "1e5"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected seconds since"):
            moment(text)
