"""`archive plan`: what was found, what is missing, and tasks whose borders lie on one grid."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import even_times, write_video

from reidtrack.cli.main import main
from reidtrack.pipeline.archive.tasks import Task, cut
from reidtrack.video.segment_list import Segment, SegmentList

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def listed(*stretches: tuple[float, float]) -> SegmentList:
    """Files that begin so many seconds after noon and are so long."""
    return SegmentList(
        tuple(
            Segment(Path(f"{n}.mp4"), NOON + timedelta(seconds=begins), "name", length, (64, 48), f"{n}", 1)
            for n, (begins, length) in enumerate(stretches)
        )
    )


def told(tasks: list[Task]) -> list[tuple[float, list[str]]]:
    return [((t.start - NOON).total_seconds(), [p.path.stem for p in t.pieces]) for t in tasks]


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        pytest.param([(0, 60)], [(0, ["0"])], id="shorter than a task"),
        pytest.param([(0, 300)], [(0, ["0"])], id="just a task"),
        pytest.param([(0, 301)], [(0, ["0"]), (300, ["0"])], id="a second more"),
        pytest.param(
            [(0, 290), (290, 60)], [(0, ["0", "1"]), (300, ["0", "1"])], id="the lead reaches the file before"
        ),
        pytest.param([(0, 60), (3600, 60)], [(0, ["0"]), (3600, ["1"])], id="nothing where there is no file"),
        pytest.param([(-10, 20)], [(-300, ["0"]), (0, ["0"])], id="across a line of the grid"),
    ],
)
def test_tasks(stretches: list[tuple[float, float]], expected: list[tuple[float, list[str]]]) -> None:
    assert told(cut("cam", listed(*stretches), 300, 20)) == expected


def test_files_that_come_later_leave_tasks_as_they_are() -> None:
    before = cut("cam", listed((0, 300), (300, 300)), 300, 20)
    after = cut("cam", listed((0, 300), (300, 300), (600, 300)), 300, 20)
    assert [t.key({}, {}) for t in after[:2]] == [t.key({}, {}) for t in before]


def test_what_a_key_depends_on() -> None:
    (task,) = cut("cam", listed((0, 60)), 300, 20)
    (moved,) = cut("door", listed((0, 60)), 300, 20)
    (later,) = cut("cam", listed((1, 60)), 300, 20)
    assert task.key({}, {}) == moved.key({}, {})
    assert len({task.key({}, {}), later.key({}, {}), task.key({"a": 1}, {}), task.key({}, {"reid": "x"})}) == 4


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two cameras as Frigate writes them, one with a hole and a file that was cut off, and one of which nothing is."""
    for camera, starts in (("front", (0, 4, 8)), ("back", (0, 8))):
        for start_s in starts:
            moment = NOON + timedelta(seconds=start_s)
            path = tmp_path / "rec" / moment.strftime("%Y-%m-%d/%H") / camera / moment.strftime("%M.%S.mp4")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_video(path, even_times(40 + (camera == "back"), 10), size=(96, 64), fps=10)
    (tmp_path / "rec/2026-11-29/12/back/00.04.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(500))
    names = ("front", "back", "gone")
    entries = [f"- {{name: {name}, source: 'rec/*/*/{name}/*.mp4'}}" for name in names]
    path = tmp_path / "archive.yaml"
    path.write_text("\n".join(["cameras:", *entries]))
    return path


def test_what_there_is_and_what_is_missing(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "plan", str(archive), "--no-measure"]) == 3
    out, err = capsys.readouterr()
    words = " ".join(out.split())
    assert "front: 3 files, 2026-11-29 12:00:00 UTC to 2026-11-29 12:00:12 UTC" in words
    assert "back: nothing from 2026-11-29 12:00:04 UTC to 2026-11-29 12:00:08 UTC" in words
    assert "00.04.mp4 is left out: cut off before its index" in words
    assert "2 tasks" in words
    assert "gone" in err


def test_the_same_for_programs(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive.write_text(archive.read_text().replace("- {name: gone", "# "))
    assert main(["archive", "plan", str(archive), "--json", "--quiet", "--no-measure"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["tasks"] == 2
    assert said["cameras"]["back"]["files"] == 2
    assert len(said["cameras"]["back"]["gaps"]) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("cameras: []", 2, id="no camera"),
        pytest.param("cameras: [{name: a, source: b}, {name: A, source: c}]", 2, id="a name twice"),
        pytest.param("cameras: [{name: ../a, source: b}]", 2, id="a name that leads elsewhere"),
        pytest.param("cameras: [{name: a, source: 'rtsp://u:word@h/x'}]", 2, id="an address"),
        pytest.param("cameras: [{name: a, source: rec, time_zone: Mars}]", 2, id="no such zone"),
        pytest.param("since: yesterday\ncameras: [{name: a, source: rec}]", 2, id="no moment"),
        pytest.param("cameras: [{name: a, source: nowhere}]", 3, id="a folder that is not there"),
    ],
)
def test_lists_that_are_wrong(archive: Path, text: str, expected: int, capsys: pytest.CaptureFixture[str]) -> None:
    archive.write_text(text)
    assert main(["archive", "plan", str(archive), "--quiet"]) == expected
    assert "word" not in capsys.readouterr().err
