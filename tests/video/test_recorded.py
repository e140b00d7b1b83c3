from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from reidtrack.video.recorded import offsets_recorded, recorded_at

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def write(path: Path, **tags: str) -> Path:
    with av.open(str(path), "w") as container:
        container.metadata.update(tags)
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height = 64, 48
        for value in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), value * 50, np.uint8), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"creation_time": "2026-05-01T12:00:00Z"}, NOON, id="UTC"),
        pytest.param({"creation_time": "2026-05-01T12:00:00.250000Z"}, NOON + timedelta(seconds=0.25), id="fraction"),
        pytest.param({"creation_time": "1970-01-01T00:00:00Z"}, None, id="a clock that was never set"),
    ],
)
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_when_a_file_was_recorded(tmp_path: Path, tags: dict[str, str], expected: datetime | None, ending: str) -> None:
    found = recorded_at(write(tmp_path / f"film.{ending}", **tags))
    assert found == (None if expected is None else found)
    if expected is not None:
        assert found is not None
        assert abs((found - expected).total_seconds()) < 1  # MP4 keeps whole seconds


@pytest.mark.parametrize("what", ["absent.mp4", "text.mp4", "folder", "folder/*.jpg", "rtsp://127.0.0.1:9/x"])
def test_nothing_else_says_when(tmp_path: Path, what: str) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "folder").mkdir()
    assert recorded_at(what if "://" in what else tmp_path / what) is None


@pytest.mark.parametrize(
    ("seconds", "offsets", "said"),
    [
        pytest.param([5], [0], None, id="one camera"),
        pytest.param([None, None], [0, 0], None, id="nobody says"),
        pytest.param([3, 3], [0, 0], None, id="together"),
        pytest.param([7.5, 5, 5], [2.5, 0, 0], "a 2.5, b 0, c 0 seconds", id="apart"),
        pytest.param([0, 24 * 3600], [0, 86400], "b 86400", id="a day apart"),
        pytest.param([0, 24 * 3600 + 1], [0, 0], "b was recorded 1.0 days after a, which is not believed", id="more"),
        pytest.param([-40 * 86400.0, 0, 1], [0, 0, 0], "c was recorded 40.0 days after a", id="one of three elsewhere"),
        pytest.param([0, None], [0, 0], "a say when they were recorded, b not: all are taken", id="only one says"),
        pytest.param([None, 0, 9], [0, 0, 0], "b and 1 more say when they were recorded, a not", id="all but one say"),
    ],
)
def test_offsets(seconds: list[float | None], offsets: list[float], said: str | None) -> None:
    moments = [None if s is None else NOON + timedelta(seconds=s) for s in seconds]
    found = offsets_recorded("abc"[: len(seconds)], moments)
    assert found.offsets_s == offsets
    assert (found.told is None) == (said is None)
    assert said is None or said in str(found.told)
