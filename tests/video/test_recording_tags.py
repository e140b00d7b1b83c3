"""What recordings of live cameras tell of themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from builders import even_times, write_video
from recording import FPS, ORIGIN, Bench

from reidtrack.video.recorded import recorded_at
from reidtrack.video.recording_tags import file_tags, read_start, read_start_s, recording_start_s


def test_what_is_put_down_is_read_back() -> None:
    moment = datetime(2026, 11, 30, 10, 15, 0, 250_004, timezone(timedelta(hours=1)))
    tags = file_tags(-12.3456789, moment)
    assert tags["creation_time"] == "2026-11-30T09:15:00.250004Z"
    assert read_start_s(tags) == -12.345679
    assert read_start({"COMMENT": tags["comment"]}) == moment


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "reidtrack",
        "reidtrack start_s= utc=2026-11-30T09:15:00Z",
        "reidtrack start_s=nan utc=yesterday",
        "reidtrack start_s=x utc=9999-12-31T23:59:59-10:00",
        "holiday start_s=1 utc=2026-11-30T09:15:00Z",
        "reidtrack start_s=1 utc=2026-11-30T09:15:00Z and more",
    ],
)
def test_comments_that_tell_nothing(comment: str) -> None:
    assert read_start_s({"comment": comment}) is None
    assert read_start({"comment": comment}) is None


def test_a_recording_tells_when_it_began(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", even_times(25, FPS), options={"g": "25", "bf": "2"})
    bench = Bench(tmp_path / "recordings")
    bench.play(clip, 7.1234)
    (path,) = bench.files()
    assert recording_start_s(path) == 7.1234
    assert recorded_at(path) == ORIGIN + timedelta(seconds=7.123)
    path.write_bytes(b"")
    assert recording_start_s(path) is None
    assert recording_start_s(tmp_path / "nowhere.mp4") is None
    assert recorded_at(tmp_path / "nowhere.mp4") is None
    assert ORIGIN.tzinfo is UTC
