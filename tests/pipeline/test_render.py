"""Annotated video on demand: of several recordings in a row, turned, of another size than was looked at."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import even_times, write_video
from recording import FPS, ORIGIN, Bench

from reidtrack.cli.main import main
from reidtrack.clock import file_time
from reidtrack.runs.live_folder import LiveFolder
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.manifest_sections import InputEntry
from reidtrack.types import ImageArray
from reidtrack.video.file import VideoFile
from reidtrack.video.palette import colour_of
from reidtrack.video.part import Part

SIZE = (320, 240)
GREY = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)


def record(site: Path, clip: Path, *starts_s: float, camera: str = "door", segment_s: float = 600.0) -> None:
    """Record a clip, once for each start."""
    bench = Bench(site / "recordings", camera=camera, segment_s=segment_s)
    for start_s in starts_s:
        bench.play(clip, start_s)
    assert bench.recorder.close()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of grey."""
    path = tmp_path_factory.mktemp("grey") / "grey.mp4"
    options = {"g": "25", "sc_threshold": "0", "bf": "2"}
    return write_video(path, even_times(50, FPS), size=SIZE, images=[GREY] * 50, options=options)


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def sighting(time_s: float, xyxy: list[float], identity: int = 1, track_id: int = 1, **more: Any) -> dict[str, Any]:
    place = {"camera": "door", "frame": round(time_s * FPS), "time_s": time_s, "track_id": track_id}
    return {**place, "identity": identity, "xyxy": xyxy, "score": 0.9, **more}


def describe(site: Path, **entry: Any) -> None:
    """Write `run.json`."""
    manifest = RunManifest.begin([], Part(), {}, {}, {}, ORIGIN)
    manifest.inputs = [InputEntry(camera="door", source="rtsp://camera/1", **entry)]
    LiveFolder(site).write_manifest(manifest)


def segment(site: Path, start_s: float, rows: list[dict[str, Any]]) -> None:
    write_lines(site / "sightings" / f"{file_time(ORIGIN + timedelta(seconds=start_s))}.jsonl", rows)


def render(site: Path, capsys: pytest.CaptureFixture[str], *options: str, code: int = 0) -> list[dict[str, Any]]:
    """Render, and what `--json` says."""
    assert main(["render", str(site), *options, "--quiet", "--json"]) == code
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def pictures(video: dict[str, Any]) -> list[tuple[float, ImageArray]]:
    with VideoFile(video["video"], "door") as source:
        return [(round(frame.time_s, 3), frame.image) for frame in source]


def boxed(image: ImageArray, xyxy: tuple[int, int, int, int], identity: int) -> bool:
    """Whether the left, right and lower edge of a box have the colour of an identity."""
    x1, y1, x2, y2 = xyxy
    wanted = np.array(colour_of(identity), float)
    places = [(x1, (y1 + y2) // 2), (x2, (y1 + y2) // 2), ((x1 + x2) // 2, y2)]
    near = [image[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).astype(float) for x, y in places]
    return all(np.abs(colours - wanted).max(1).min() < 70 for colours in near)


def test_several_recordings_in_a_row_with_a_gap(tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path, clip, 0.0, 2.0, 20.0, segment_s=1.0)
    describe(tmp_path, size=SIZE)
    box = [100.0, 80.0, 160.0, 200.0]
    segment(tmp_path, 0, [sighting(i / FPS, box, identity=-1) for i in range(100)])
    segment(tmp_path, 20, [sighting(20 + i / FPS, box, 2, 2) for i in range(50)])
    write_lines(
        tmp_path / "events.jsonl",
        [
            {"event": "camera_up", "time_s": 0.0, "camera": "door", "width": SIZE[0], "height": SIZE[1]},
            {"event": "identity", "time_s": 1.0, "camera": "door", "track_id": 1, "identity": 5, "provisional": True},
            {"event": "merge", "time_s": 3.0, "from": 5, "into": 4},
        ],
    )
    (video,) = render(tmp_path, capsys, "--from", "1.5", "--to", "2026-11-30T09:15:21")
    assert video["video"] == str(tmp_path / "rendered" / "door-20261130T091501Z.mp4")
    assert (video["first_time_s"], video["last_time_s"]) == (pytest.approx(1.52, abs=0.021), 21.0)
    assert video["gaps"] == [[pytest.approx(3.96), pytest.approx(20.0)]]
    assert video["people"] == [2, 4]
    found = pictures(video)
    assert len(found) == video["frames"] == 62 + 26
    assert found[-1][0] == pytest.approx(21.0 - 1.52 - (16.04 - 2.0), abs=0.03), "the gap is cut short"
    at = (100, 80, 160, 200)
    assert all(boxed(image, at, 4) for _, image in found[:62])
    assert all(boxed(image, at, 2) for _, image in found[62:])


def test_turned_and_looked_at_smaller_and_less_often(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path, clip, 10.0)
    describe(tmp_path, rotate=90, size=[120, 160])  # half of 240x320, as it stands once turned
    segment(tmp_path, 10, [sighting(10 + i, [20.0 + 20 * i, 40.0, 50.0 + 20 * i, 120.0], 3) for i in range(2)])
    (video,) = render(tmp_path, capsys, "--from", "0", "--cameras", "door", "--out", str(tmp_path / "videos"))
    assert Path(video["video"]).parent == tmp_path / "videos"
    found = pictures(video)
    assert found[0][1].shape == (320, 240, 3)
    assert len(found) == 50
    assert boxed(found[0][1], (40, 80, 100, 240), 3)
    assert boxed(found[10][1], (56, 80, 116, 240), 3), "on the way from one box to the next"
    assert boxed(found[25][1], (80, 80, 140, 240), 3)
    assert not boxed(found[40][1], (80, 80, 140, 240), 3), "nobody has been seen for long"


def test_what_was_settled_is_preferred_as_far_as_it_reaches(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path, clip, 0.0)
    describe(tmp_path, size=SIZE)
    live = [sighting(i / FPS, [100.0, 80.0, 160.0, 200.0], 7) for i in range(50)]
    segment(tmp_path, 0, live)
    settled = [sighting(i / FPS, [102.0, 82.0, 162.0, 202.0], 1, name="Ann") for i in range(25)]
    write_lines(tmp_path / "sightings.jsonl", settled)
    (video,) = render(tmp_path, capsys, "--from", "0")
    assert video["people"] == [1, 7]
    found = pictures(video)
    assert all(boxed(image, (102, 82, 162, 202), 1) for _, image in found[:25])
    assert all(boxed(image, (100, 80, 160, 200), 7) for _, image in found[25:])


def test_another_size_is_another_video_and_what_is_damaged_is_left_out(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = write_video(tmp_path / "small.mp4", even_times(25, FPS), size=(160, 120), options={"g": "25", "bf": "0"})
    site = tmp_path / "site"
    record(site, clip, 0.0)
    record(site, small, 2.0, 4.0)
    describe(site, size=SIZE)
    broken = LiveFolder(site).recordings("door")[1].path
    broken.write_bytes(b"no video")
    segment(site, 0, [sighting(4.0 + i / FPS, [40.0, 30.0, 80.0, 110.0], 6) for i in range(25)])
    write_lines(
        site / "events.jsonl",
        [
            {"event": "camera_up", "time_s": 0.0, "camera": "door", "width": SIZE[0], "height": SIZE[1]},
            {"event": "stream_changed", "time_s": 2.0, "camera": "door", "width": 160, "height": 120},
        ],
    )
    first, second = render(site, capsys, "--from", "0", code=3)
    assert [Path(video["video"]).name for video in (first, second)] == [
        "door-20261130T091500Z.mp4",
        "door-20261130T091504Z.mp4",
    ]
    assert [video["frames"] for video in (first, second)] == [50, 25]
    assert boxed(pictures(second)[10][1], (40, 30, 80, 110), 6)


def test_a_recording_that_a_kill_left(tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path, clip, 0.0)
    describe(tmp_path, size=SIZE)
    path = LiveFolder(tmp_path).recordings("door")[0].path
    path.write_bytes(path.read_bytes() + bytes(500))
    (video,) = render(tmp_path, capsys, "--from", "0")
    assert (video["frames"], video["people"]) == (50, [])


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        pytest.param(["--from", "100"], 3, "there is no recording of that time; recordings begin between", id="later"),
        pytest.param(["--from", "-9", "--to", "-1"], 3, "no recording of that time", id="earlier"),
        pytest.param(["--from", "1", "--to", "1"], 2, "--to: ends at 1.0 s (expected after the start", id="no time"),
        pytest.param(["--from", "0", "--cameras", "hall"], 2, "--cameras: no recordings of 'hall'", id="a camera"),
    ],
)
def test_what_cannot_be_rendered(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, says: str
) -> None:
    record(tmp_path, clip, 0.0)
    describe(tmp_path, size=SIZE)
    assert main(["render", str(tmp_path), *options, "--quiet"]) == code
    assert says in capsys.readouterr().err
    assert not (tmp_path / "rendered").exists()


def test_a_run(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--from", "1", "--to", "2", "--out", str(tmp_path)]
    videos = render(finished, capsys, *options)
    manifest = LiveFolder(finished).read_manifest()
    assert [video["camera"] for video in videos] == [entry.camera for entry in manifest.inputs]
    assert all(video["people"] and video["frames"] >= 5 for video in videos)
    assert all(1 <= video["first_time_s"] <= video["last_time_s"] <= 2 for video in videos)


def test_time_of_day_is_shown() -> None:
    from reidtrack.pipeline.render.video import _clock_text

    assert _clock_text(datetime(2026, 11, 30, 9, 15, tzinfo=UTC), 61.25) == "2026-11-30 09:16:01.2 UTC"
