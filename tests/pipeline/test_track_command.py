"""`reidtrack track`: files in, files out, and the settings that ship."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reidtrack.benchmark.tracking import score_tracking
from reidtrack.cli.main import main
from reidtrack.config.load import load
from reidtrack.config.run import TrackConfig
from reidtrack.detect.surest import MOST_BOXES
from reidtrack.errors import ConfigError, InputError, UsageError
from reidtrack.mot import read_mot
from reidtrack.pipeline.track import finish_values, track_detections, track_file
from reidtrack.track.finish import finish_tracks
from reidtrack.track.tracker import build_tracker
from reidtrack.types import Detections

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "track"


@pytest.fixture
def detections(tmp_path: Path) -> Path:
    """Somebody walks from frame 1 to 20 at 60 pixels a second and 10 frames a second, unseen in frames 8 to 11."""
    frames = [frame for frame in range(1, 21) if not 8 <= frame <= 11]
    path = tmp_path / "sequence" / "det" / "det.txt"
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{frame},-1,{100 + 6 * frame},50,40,100,0.9,-1,-1,-1\n" for frame in frames))
    return path


def test_default_fills_the_gap_and_counts_from_one(detections: Path, tmp_path: Path) -> None:
    summary = track_file(detections, tmp_path / "out.txt", TrackConfig(), fps=10)
    rows = read_mot(tmp_path / "out.txt")
    assert (summary.frames, summary.tracks, summary.boxes) == (20, 1, 20)
    assert rows.frame.tolist() == list(range(20))
    np.testing.assert_allclose(rows.xyxy[:, 0], 106 + 6 * rows.frame, atol=0.02)
    assert set(rows.score.tolist()) == {1.0}


def test_sort_adds_nothing(detections: Path, tmp_path: Path) -> None:
    config = load(TrackConfig, CONFIGS / "sort.yaml")
    summary = track_file(detections, tmp_path / "out.txt", config)
    assert read_mot(tmp_path / "out.txt").frame.tolist() == [*range(7), *range(14, 20)]
    assert summary.tracks == 2


@pytest.mark.parametrize(
    ("seqinfo", "fps", "expected"),
    [
        pytest.param(None, None, (25.0, "assumed"), id="nothing known"),
        pytest.param("[Sequence]\nframeRate=14\n", None, (14.0, "seqinfo.ini"), id="seqinfo"),
        pytest.param("[Sequence]\nframeRate=14\n", 7.0, (7.0, "given"), id="the option wins"),
        pytest.param("[Sequence]\nframeRate=fast\n", None, (25.0, "assumed"), id="unreadable rate"),
        pytest.param("frameRate=14\n", None, (25.0, "assumed"), id="no section"),
    ],
)
def test_frame_rate(
    detections: Path, tmp_path: Path, seqinfo: str | None, fps: float | None, expected: tuple[float, str]
) -> None:
    if seqinfo is not None:
        (detections.parent.parent / "seqinfo.ini").write_text(seqinfo)
    summary = track_file(detections, tmp_path / "out.txt", TrackConfig(), fps)
    assert (summary.fps, summary.fps_source) == expected


def test_an_empty_file_has_no_tracks(tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text("")
    assert track_file(tmp_path / "det.txt", tmp_path / "out.txt", TrackConfig()).frames == 0
    assert (tmp_path / "out.txt").read_text() == ""


@pytest.mark.parametrize("fps", [0.0, -7.0, float("nan"), float("inf")])
def test_an_impossible_rate(detections: Path, tmp_path: Path, fps: float) -> None:
    with pytest.raises(UsageError, match=r"^fps: "):
        track_file(detections, tmp_path / "out.txt", TrackConfig(), fps)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        track_file(tmp_path / "det.txt", tmp_path / "out.txt", TrackConfig())


def test_a_frame_number_beyond_reason(tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text("999999999999,-1,1,2,30,40,1\n")
    with pytest.raises(InputError, match="999999999999"):
        track_file(tmp_path / "det.txt", tmp_path / "out.txt", TrackConfig())


def test_gaps_in_frames() -> None:
    """`fill_gap` counts frames where the unit is frames, however long they took."""
    config = TrackConfig(method="sort", time_unit="frames", max_age=9, min_hits=1, fill_gap=4, smooth=0)
    box = Detections(np.array([[10, 10, 50, 110]], np.float32), np.ones(1, np.float32))
    frame, time_s = np.arange(8), np.arange(8) * 100.0
    tracks = track_detections(dict.fromkeys((0, 1, 2, 6, 7), box), frame, time_s, config)
    assert tracks.frame.tolist() == list(range(8))  # sort reports frames 0, 1, 2, 6 and 7
    np.testing.assert_allclose(tracks.time_s, 100.0 * tracks.frame)
    shorter = config.model_copy(update={"fill_gap": 3})
    seen = tracks[tracks.score > 0]
    assert finish_tracks(seen, frame, time_s, **finish_values(shorter)).frame.tolist() == [0, 1, 2, 6, 7]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("setting", "fps", "least_idf1", "least_mota"),
    [pytest.param("sort", None, 73.0, 71.5, id="sort"), pytest.param("default", 25.0, 76.0, 74.5, id="default")],
)
def test_figures_on_tud_stadtmitte(
    shared: Path, tmp_path: Path, setting: str, fps: float | None, least_idf1: float, least_mota: float
) -> None:
    """docs/results/tracking.md: sort 73.5 and 71.7, default 77.8 and 75.4."""
    sequence = shared / "data" / "mot15" / "TUD-Stadtmitte"
    config = load(TrackConfig, CONFIGS / f"{setting}.yaml")
    track_file(sequence / "det" / "det.txt", tmp_path / "out.txt", config, fps)
    score = score_tracking(read_mot(sequence / "gt" / "gt.txt"), read_mot(tmp_path / "out.txt"))
    assert score.idf1 >= least_idf1
    assert score.mota >= least_mota
    if setting == "sort":
        assert (score.fp, score.fn, score.idsw) == (22, 295, 10)  # those of filterpy, one filter per track


def test_command(detections: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "made" / "out.txt"
    arguments = ["track", "--detections", str(detections), "--out", str(out)]
    assert main([*arguments, "--set", "track.max_age=3", "fill_gap=0"]) == 0
    said = capsys.readouterr()
    assert "1 tracks, 16 boxes in 20 frames" in said.out
    assert "25 frames per second were assumed" in said.err
    assert len(read_mot(out)) == 16
    assert main([*arguments, "--fps", "10", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main([*arguments, "--set", "max_agee=3"]) == 2
    assert "did you mean 'max_age'?" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_first_line_is_the_command(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert first.startswith("# reidtrack track ")
    assert f"--config configs/track/{path.name}" in first
    build_tracker(**load(TrackConfig, path).tracker_options())


def test_every_setting_is_explained() -> None:
    assert all(field.description for field in TrackConfig.model_fields.values())


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(["time_unit=frames"], id="cascade in frames"),
        pytest.param(["cascade.high=0.05"], id="high below low"),
        pytest.param(["cascade.high=0.9"], id="start below high"),
        pytest.param(["max_age=-1"], id="negative age"),
    ],
)
def test_settings_that_contradict(overrides: list[str]) -> None:
    with pytest.raises(ConfigError):
        load(TrackConfig, None, overrides)


@pytest.mark.parametrize("count", [MOST_BOXES, MOST_BOXES + 1, 3 * MOST_BOXES])
def test_more_boxes_than_are_looked_at_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    rows = [f"1,-1,{20 * (k % 100)},{40 * (k // 100)},15,30,{0.6 + k / 1e5:.5f},-1,-1,-1" for k in range(count)]
    (tmp_path / "det.txt").write_text("\n".join([*rows, "2,-1,5,5,15,30,0.9,-1,-1,-1"]))
    assert main(["track", "--detections", str(tmp_path / "det.txt"), "--out", str(tmp_path / "out.txt")]) == 0
    said = capsys.readouterr().err
    assert ("were left out" in said) == (count > MOST_BOXES)
    assert count <= MOST_BOXES or f"{count - MOST_BOXES:,} boxes were left out, the least sure" in said
