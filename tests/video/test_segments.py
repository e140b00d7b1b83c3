"""A camera in many files: their order, and what is told of those that are wrong; the others are read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import even_times, read_counter, write_video

from reidtrack.errors import InputError, UsageError
from reidtrack.video.part import Part
from reidtrack.video.segmented import SegmentedSource
from reidtrack.video.segments import SegmentTimes, find_segments, is_segmented
from reidtrack.video.source import open_source

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
FPS = 10.0


def write(folder: Path, start_s: float, frames: int = 20, *, name: str = "", size: tuple[int, int] = (96, 64)) -> Path:
    """A file that begins so many seconds after noon."""
    stamp = (NOON + timedelta(seconds=start_s)).strftime("%Y-%m-%d_%H-%M-%S")
    folder.mkdir(parents=True, exist_ok=True)
    return write_video(folder / f"{name}{stamp}.mp4", even_times(frames, FPS), size=size, fps=10)


def frames_of(source: str | Path, part: Part | None = None) -> list[tuple[int, float, int]]:
    """Number, time and counter of each frame."""
    with open_source(source, "cam", part=part or Part()) as opened:
        return [(frame.index, round(frame.time_s, 3), read_counter(frame.image)) for frame in opened]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files, the third after a hole of six seconds."""
    for start_s in (0, 2, 10):
        write(tmp_path / "cam", start_s)
    return tmp_path / "cam"


def test_a_folder_is_one_camera(folder: Path) -> None:
    found = frames_of(folder)
    assert [number for number, _, _ in found] == list(range(60))
    assert [counter for _, _, counter in found] == list(range(20)) * 3
    assert [time_s for _, time_s, _ in found] == pytest.approx(
        [start + i / FPS for start in (0, 2, 10) for i in range(20)], abs=2e-3
    )


@pytest.mark.parametrize(
    ("part", "first", "last", "count"),
    [
        pytest.param(Part(2.5, 11), 25, 49, 25, id="from within a file into another"),
        pytest.param(Part(11), 50, 59, 10, id="whole files before are not decoded, but counted"),
        pytest.param(Part(0, 1), 0, 9, 10, id="within the first"),
        pytest.param(Part(stride=20), 0, 40, 3, id="every twentieth, over all files"),
    ],
)
def test_a_part_of_it(folder: Path, part: Part, first: int, last: int, count: int) -> None:
    found = frames_of(folder, part)
    assert (found[0][0], found[-1][0], len(found)) == (first, last, count)


def test_gaps_are_told(folder: Path) -> None:
    listed = find_segments(folder)
    assert [gap.seconds for gap in listed.gaps] == [pytest.approx(6.0)]
    assert any(
        "nothing from 2026-11-29 12:00:04 UTC to 2026-11-29 12:00:10 UTC" in line for line in listed.lines("cam")
    )


def test_time_does_not_go_back_where_files_overlap(tmp_path: Path) -> None:
    write(tmp_path, 0, 40)
    write(tmp_path, 1, 41)
    times = [time_s for _, time_s, _ in frames_of(tmp_path)]
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(5.0, abs=1e-3)
    assert any("3 s before" in line for line in find_segments(tmp_path).lines("cam"))


def spoil_empty(folder: Path) -> None:
    (folder / "2026-11-29_12-00-04.mp4").touch()


def spoil_cut(folder: Path) -> None:
    whole = write(folder, 4)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])


def spoil_twice(folder: Path) -> None:
    shutil.copy(folder / "2026-11-29_12-00-02.mp4", folder / "copy of 2026-11-29_12-00-02.mp4")


def spoil_size(folder: Path) -> None:
    write(folder, 4, size=(64, 96))


def spoil_name(folder: Path) -> None:
    write(folder, 0, 21, name="back_")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        pytest.param(spoil_empty, "the file is empty", id="empty"),
        pytest.param(spoil_cut, "cut off before its index", id="truncated"),
        pytest.param(spoil_twice, "the same recording as", id="twice"),
        pytest.param(spoil_size, "another camera's?", id="of another camera, by its pictures"),
        pytest.param(spoil_name, "by its name another camera's", id="of another camera, by its name"),
    ],
)
def test_what_is_wrong_is_told_and_the_rest_is_read(folder: Path, spoil: object, told: str) -> None:
    assert callable(spoil)
    if spoil is spoil_name:
        for path in list(folder.iterdir()):
            path.rename(folder / f"front_{path.name}")
    spoil(folder)
    listed = find_segments(folder)
    assert [why for _, why in listed.left_out if told in why] != []
    assert len(listed.left_out) == 1
    assert len(frames_of(folder)) == 60


def test_one_that_breaks_off_loses_no_other(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A .ts is cut in its middle; the index of an .mp4 would be gone."""
    second = folder / "2026-11-29_12-00-02.mp4"
    second.unlink()
    write_video(folder / "2026-11-29_12-00-02.ts", even_times(20, FPS), size=(96, 64), fps=10)
    path = folder / "2026-11-29_12-00-02.ts"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    counters = [counter for _, _, counter in frames_of(folder)]
    assert counters[:20] == counters[-20:] == list(range(20))
    assert 40 < len(counters) < 60


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["b.mp4", "a.mp4"], ["a.mp4", "b.mp4"], id="without times, by name"),
        pytest.param(["10.mp4", "2.mp4"], ["2.mp4", "10.mp4"], id="two before ten"),
        pytest.param(
            ["z/2026-11-29_12-00-00.mp4", "a/2026-11-29_12-00-05.mp4"],
            ["2026-11-29_12-00-00.mp4", "2026-11-29_12-00-05.mp4"],
            id="by time, whatever the folders",
        ),
    ],
)
def test_order(tmp_path: Path, names: Sequence[str], expected: list[str]) -> None:
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_video(tmp_path / name, even_times(10 + number, FPS), size=(96, 64), fps=10)
    assert [segment.path.name for segment in find_segments(tmp_path).segments] == expected


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        pytest.param(None, 12, id="UTC where none is given"),
        pytest.param("Europe/Berlin", 11, id="winter in Berlin"),
        pytest.param("America/New_York", 17, id="New York"),
    ],
)
def test_zones(folder: Path, zone: str | None, hour: int) -> None:
    listed = find_segments(folder, SegmentTimes(zone=zone))
    assert listed.segments[0].start == NOON.replace(hour=hour)
    assert any(zone or "no time zone was given" in line for line in listed.notes)


def test_the_hour_that_comes_twice(tmp_path: Path) -> None:
    """On 25 October 2026 at three o'clock clocks in Berlin are set back to two."""
    paths = [
        write_video(tmp_path / f"2026-10-25_02-{m}-00.mp4", even_times(9 + m, FPS), size=(96, 64), fps=10)
        for m in (10, 40)
    ]
    for path, written in zip(paths, ("2026-10-25T01:10:01+00:00", "2026-10-25T00:40:05+00:00"), strict=True):
        stamp = datetime.fromisoformat(written).timestamp()
        os.utime(path, (stamp, stamp))
    starts = [segment.start for segment in find_segments(tmp_path, SegmentTimes(zone="Europe/Berlin")).segments]
    assert starts == [datetime(2026, 10, 25, 0, 40, tzinfo=UTC), datetime(2026, 10, 25, 1, 10, tzinfo=UTC)]


def test_a_glob_with_a_pattern_is_one_camera(folder: Path) -> None:
    pattern = "%Y-%m-%d_%H-%M-%S"
    source = f"{folder.parent}/**/*.mp4"
    assert is_segmented(source, SegmentTimes(pattern))
    assert not is_segmented(source)
    assert len(frames_of(source, Part(time_pattern=pattern))) == 60


@pytest.mark.parametrize(
    ("times", "error"),
    [
        pytest.param(SegmentTimes(zone="Mars/Olympus"), UsageError, id="no such zone"),
        pytest.param(SegmentTimes(zone="../etc/passwd"), UsageError, id="a path"),
        pytest.param(SegmentTimes("%Q"), UsageError, id="no pattern"),
    ],
)
def test_what_cannot_be(folder: Path, times: SegmentTimes, error: type[Exception]) -> None:
    with pytest.raises(error):
        find_segments(folder, times)


def test_a_folder_without_one_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "2026-11-29_12-00-00.mp4").write_bytes(b"no video at all, " * 10)
    with pytest.raises(InputError, match="holds no recording that can be read"):
        find_segments(tmp_path)


def test_images_stay_images(tmp_path: Path) -> None:
    write(tmp_path, 0)
    (tmp_path / "000001.jpg").touch()
    assert not is_segmented(tmp_path)


def test_it_says_what_it_is(folder: Path) -> None:
    source = SegmentedSource(find_segments(folder), "cam")
    with source:
        assert source.size == (96, 64)
        assert source.frame_count == 60
        assert source.duration_s == pytest.approx(12.0)
