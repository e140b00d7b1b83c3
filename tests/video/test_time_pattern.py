"""What names of recorders' files tell of their time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reidtrack.errors import UsageError
from reidtrack.video.time_pattern import pattern_layout, time_of

MOMENT = datetime(2026, 11, 29, 10, 5, 12)  # noqa: DTZ001 - of names that tell no zone
IN_UTC = MOMENT.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("2026-11-29/10/front/05.12.mp4", IN_UTC, id="Frigate, in UTC"),
        pytest.param("cam/2026-11-29_10-05-12.mp4", MOMENT, id="date and time"),
        pytest.param("front/20261129T100512Z.mp4", IN_UTC, id="reidtrack's own"),
        pytest.param("front/20261129T100512.250Z.mp4", IN_UTC.replace(microsecond=250_000), id="with milliseconds"),
        pytest.param("NVR_ch1_main_20261129100512_20261129101000.mp4", MOMENT, id="Hikvision, from and to"),
        pytest.param("10.0.0.5_01_20261129100512345_TIMING.mp4", MOMENT.replace(microsecond=345_000), id="Hikvision"),
        pytest.param("2026-11-29/001/dav/10/10.05.12-10.15.00[M][0@0][0].dav", MOMENT, id="Dahua"),
        pytest.param("20261129/10-05-12.mp4", MOMENT, id="a folder for each day"),
        pytest.param("2026/11/29/Cam-00-20261129100512.mp4", MOMENT, id="Reolink"),
        pytest.param("2026-11-29/10/05m12s.mp4", MOMENT, id="minutes and seconds with letters"),
        pytest.param("2026/11/29/10/05.mp4", MOMENT.replace(second=0), id="folders down to the hour"),
        pytest.param("ch01_20261129_110512+0100.mp4", IN_UTC, id="with its zone"),
        pytest.param("1795946712.mp4", datetime(2026, 11, 29, 10, 5, 12, tzinfo=UTC), id="seconds since 1970"),
        pytest.param("2026-02-31_10-00-00.mp4", None, id="no such day"),
        pytest.param("2026-11-29_25-00-00.mp4", None, id="no such hour"),
        pytest.param("clip12.mp4", None, id="no time at all"),
    ],
)
def test_layouts(path: str, expected: datetime | None) -> None:
    named = time_of(Path("/archive") / path)
    assert (None if named is None else named.moment) == expected


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        pytest.param("%d.%m.%y/*/%Hh%Mm%S", "29.11.26/k/10h05m12.avi", id="any order, folders between"),
        pytest.param("x%Y%m%d-%H%M%S.avi", "x20261129-100512.avi", id="with the ending"),
        pytest.param("100%%_%Y-%m-%d %H.%M.%S", "100%_2026-11-29 10.05.12.mkv", id="a percent sign"),
    ],
)
def test_patterns_of_users(pattern: str, path: str) -> None:
    named = time_of(Path("/archive") / path, (pattern_layout(pattern),))
    assert named is not None
    assert named.moment == MOMENT


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("%Y-%m-%d", id="no hour"),
        pytest.param("%H-%M-%S", id="no date"),
        pytest.param("%Y%m%d%H%Q", id="a directive that there is not"),
        pytest.param("%Y%Y%m%d%H", id="one twice"),
        pytest.param("", id="nothing"),
    ],
)
def test_patterns_that_tell_no_time(pattern: str) -> None:
    with pytest.raises(UsageError, match="time_pattern"):
        pattern_layout(pattern)
