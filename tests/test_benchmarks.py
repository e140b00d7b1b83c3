"""The arithmetic of the benchmarks, and that every table of what things cost has its command over it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import boxmot_side
import clips
import end_to_end
import growth
import numpy as np
import page
import pytest
import spending

from reidtrack.mot import read_detections
from reidtrack.video.sink import VideoSink

ROOT = Path(__file__).resolve().parents[1]
REPORT = """
│ ✓ Tracking complete  •  19.62 s runtime  •  2.0 FPS                                    │
│ Detector load                    1.795 s Tracker load                  369.2 ms        │
│ Component             Pre (ms)  Infer (ms)  Post (ms)  Total (ms)  Avg/frame (ms)  FPS │
│ Detector               4,848.6     6,350.9      127.6    11,336.2        1,283.41  3.5 │
│ ReID encoder             415.7     4,228.8       23.2     4,667.7          116.69  8.6 │
│ Pipeline        enrichment 26.0  ·  validation 92.1         118.2            2.95 1.5k │
│ Tracker         association —  ·  update 1,217.3          1,217.3           30.43 32.9 │
│ Other overhead                                            1,131.9           28.30 35.3 │
│ Overall                                                  19,621.8          490.54  2.0 │
"""


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    with VideoSink(path, (64, 48), fps_hint=10) as sink:
        for index in range(20):
            sink.write(np.full((48, 64, 3), 10 * index, np.uint8), index / 10)
    return path


def test_boxmots_report_is_read() -> None:
    assert boxmot_side.read_report(REPORT) == {
        "Detector": 1283.41,
        "ReID encoder": 116.69,
        "Pipeline": 2.95,
        "Tracker": 30.43,
        "Other overhead": 28.3,
        "Overall": 490.54,
    }


def test_boxmot_downloads_nothing_and_takes_the_threads_it_likes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    environment = boxmot_side.offline(tmp_path)
    assert "OMP_NUM_THREADS" not in environment
    assert environment["https_proxy"] == environment["HTTPS_PROXY"] == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("shape_hw", "expected"),
    [
        pytest.param((576, 768), (480, 640), id="four to three"),
        pytest.param((1080, 1920), (384, 640), id="rounded up"),
        pytest.param((1920, 1080), (640, 384), id="upright"),
        pytest.param((100, 100), (640, 640), id="square"),
    ],
)
def test_rectangle(shape_hw: tuple[int, int], expected: tuple[int, int]) -> None:
    assert end_to_end.rectangle(shape_hw) == expected


def turn(whole_s: float, short_s: float) -> end_to_end.Turn:
    return {
        "whole": {"wall_s": whole_s, "cpu_s": 2 * whole_s, "peak_mib": 100.0},
        "short": {"wall_s": short_s, "cpu_s": short_s},
    }


def test_frames_without_start_up() -> None:
    rounds = [turn(12.0, 2.0), turn(22.0, 2.0), turn(32.0, 2.0)]
    assert end_to_end.without_start(rounds, frames=110, short=10) == [100.0, 200.0, 300.0]
    (row,) = end_to_end.summarise({"a": rounds}, frames=110, short=10).values()
    assert row == {
        "wall_s": 22.0,
        "cpu_s": 44.0,
        "ms_a_frame": 200.0,
        "cpu_ms_a_frame": 420.0,
        "start_s": 0.0,
        "peak_mib": 100.0,
    }


def test_ratios_are_taken_round_by_round() -> None:
    sides = {name: end_to_end.Side(name, name == "theirs", lambda videos, out: []) for name in ("theirs", "ours")}
    turns = {"theirs": [turn(10, 0), turn(60, 0), turn(40, 0)], "ours": [turn(5, 0), turn(10, 0), turn(10, 0)]}
    ratios = end_to_end.compare_all(turns, sides, frames=20, short=10)
    assert ratios["ours"]["theirs"] == {"wall": (4, 2, 6), "cpu": (4, 2, 6), "frame": (4, 2, 6)}


def test_a_recording_is_cut_and_joined_without_encoding(video: Path, tmp_path: Path) -> None:
    assert clips.cut(video, tmp_path / "short.mp4", 7) == 7
    assert clips.join(video, tmp_path / "long.mp4", 3) == 20
    assert [clips.count_frames(tmp_path / name) for name in ("short.mp4", "long.mp4")] == [7, 60]
    assert clips.size_hw(video) == (48, 64)


def test_a_command_that_fails_is_quoted(tmp_path: Path) -> None:
    script = "import sys; print('what went wrong'); sys.exit(3)"
    with pytest.raises(SystemExit, match=r"ended with 3:\nwhat went wrong"):
        spending.spend([sys.executable, "-c", script], tmp_path / "log")


def test_a_command_is_measured_with_those_it_waits_for(tmp_path: Path) -> None:
    inner = "x = bytearray(200 << 20)\nfor _ in range(10**6): pass"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
    spent = spending.spend([sys.executable, "-c", outer], tmp_path / "log")
    assert spent.wall_s > 0
    assert spent.cpu_s > 0
    assert spent.peak_mib > 200


def test_further_frames_and_stages() -> None:
    rows = [{"frames": 10, "cpu_s": 5.0}, {"frames": 30, "cpu_s": 6.0}]
    assert growth.further(rows) == 50.0
    times = {"reading": 9.0, "decode": 1.0, "track": 0.5, "embed": 2.0, "decode again": 1.0, "associate": 3.0}
    assert growth.per_stage({"frames": 100, "timings_s": times}) == {"decode": 20.0, "track": 5.0, "embed": 20.0}


def test_a_crowd_walks_within_the_picture_and_is_noted(tmp_path: Path) -> None:
    boxes = growth.crowd(people=30, frames=200)
    assert boxes.shape == (200, 30, 4)
    assert (boxes[..., :2] >= 0).all()
    assert (boxes[..., 2:] <= growth.CROWD_HW[::-1]).all()
    assert np.abs(np.diff(boxes, axis=0)).max() <= 140 / growth.CROWD_FPS + 1
    growth.note(boxes, tmp_path / "det.txt")
    found = read_detections(tmp_path / "det.txt")
    assert sorted(found) == list(range(200))
    np.testing.assert_allclose(found[7].xyxy, boxes[7])


@pytest.mark.parametrize("kind", ["cameras", "people", "length", "tracklets"])
def test_growth_is_drawn(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    times = {"decode": 1.0, "track": 0.5, "embed": 2.0}
    rows = [
        {"wall_s": n, "cpu_s": 2 * n, "peak_mib": 300.0, "more_mib": 50 * n, "frames": 100 * n, "timings_s": times}
        | dict.fromkeys(("cameras", "people", "times", "tracklets"), n)
        for n in (1, 2, 4)
    ]
    growth.draw(kind, rows, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_a_part_of_a_page_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("before\n<!-- one -->\nold\n<!-- end of one -->\nafter\n")
    page.put(path, "one", "| new |\n")
    assert path.read_text() == "before\n<!-- one -->\n| new |\n<!-- end of one -->\nafter\n"
    with pytest.raises(SystemExit, match="no part <!-- two -->"):
        page.put(path, "two", "")


def test_tables_of_growth() -> None:
    row = {"boxes": 5, "wall_s": 1.0, "peak_mib": 300.4}
    rows = [row | {"times": n, "frames": 10 * n, "cpu_s": 1.0 + n} for n in (1, 2)]
    assert growth.table("times", rows)[2:] == [
        "| 1 | 10 | 5 | 1.0 | 2.0 |  | 300 |",
        "| 2 | 20 | 5 | 1.0 | 3.0 | 100.0 | 300 |",
    ]


@pytest.mark.parametrize("name", ["speed", "growth", "parts"])
def test_every_table_of_what_things_cost_has_its_command(name: str) -> None:
    """In its section, above it; and the script is there."""
    text = (ROOT / f"docs/results/{name}.md").read_text(encoding="utf-8")
    sections = re.split(r"^##+ ", text, flags=re.M)[1:]
    assert sections
    for section in sections:
        title = section.splitlines()[0]
        table = section.find("\n| ---")
        if table >= 0:
            scripts = re.findall(r"^    .*?python (benchmarks/\w+\.py)", section[:table], flags=re.M)
            command = re.search(r"^    reidtrack \w+ ", section[:table], flags=re.M)
            assert scripts or command, f"{title}: no command over the table"
            assert all((ROOT / script).is_file() for script in scripts), title
