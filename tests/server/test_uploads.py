"""Recordings that were sent do not fill the disk: by age and size, the oldest first, none that is still to be read."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from reidtrack.server.data.uploads import clean_uploads

DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("days", "most_bytes", "in_use", "left"),
    [
        pytest.param(30, 1000, (), "abc", id="all are young and small"),
        pytest.param(2, 1000, (), "ab", id="one is too old"),
        pytest.param(2, 1000, ("c",), "abc", id="it is still to be read"),
        pytest.param(30, 20, (), "ab", id="as much as may be"),
        pytest.param(30, 19, (), "a", id="a byte more"),
        pytest.param(30, 19, ("b",), "ab", id="the oldest but what is still to be read"),
        pytest.param(30, 1, (), "", id="the youngest is too large too"),
    ],
)
def test_what_goes(
    tmp_path: Path, now: datetime, days: float, most_bytes: int, in_use: tuple[str, ...], left: str
) -> None:
    for age, name in enumerate("abc"):
        (tmp_path / name).mkdir()
        file = tmp_path / name / "hall.mp4"
        file.write_bytes(bytes(10))
        sent_s = now.timestamp() - (age + 0.5) * DAY_S
        os.utime(file, (sent_s, sent_s))
    clean_uploads(tmp_path, days, most_bytes, [str(tmp_path / name / "hall.mp4") for name in in_use])
    assert "".join(sorted(path.name for path in tmp_path.iterdir())) == left


def test_links_and_folders_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "up").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "hall.mp4").write_bytes(bytes(10))
    (tmp_path / "up" / "link").symlink_to(tmp_path / "mine")
    assert clean_uploads(tmp_path / "up", 1e-9, 1, ()) == clean_uploads(tmp_path / "none", 1, 1, ()) == 0
    assert (tmp_path / "mine" / "hall.mp4").exists()
