"""Logs of pass one: what is written comes back, whatever cut the file short."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from reidtrack.errors import InputError, OutputError
from reidtrack.runs.features import (
    FeatureLog,
    FeatureTable,
    read_feature_log,
    read_tracklets,
    write_tracklets,
)
from reidtrack.runs.jsonl import AppendFile, read_json_lines
from reidtrack.runs.logs import (
    DetectionLog,
    TrackLog,
    read_detection_log,
    read_frame_times,
    read_track_log,
    round_detections,
)
from reidtrack.types import Detections, Tracks


def detections(count: int, seed: int = 0) -> Detections:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 500, (count, 2))
    xyxy = np.concatenate([corner, corner + rng.uniform(1, 90, (count, 2))], axis=1)
    return round_detections(Detections(xyxy.astype(np.float32), rng.uniform(0, 1, count).astype(np.float32)))


def tracks(*rows: tuple[int, int, float]) -> Tracks:
    """Rows of (track id, frame, time)."""
    track_id, frame, time_s = zip(*rows, strict=True)
    n = len(rows)
    box = np.tile(np.array([1.005, 2, 30, 40], np.float32), (n, 1))
    return Tracks(
        np.array(track_id, np.int64),
        np.array(frame, np.int64),
        np.array(time_s, np.float64),
        box,
        np.ones(n, np.float32),
    )


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_detections_come_back_bit_by_bit(tmp_path: Path) -> None:
    log = DetectionLog(tmp_path / "d.jsonl")
    found = {0: detections(5), 3: detections(0), 4: detections(2, seed=1)}
    for frame, part in found.items():
        log.add("a", frame, frame / 7, part)
    log.close()
    back = read_detection_log(tmp_path / "d.jsonl")
    assert back.end == (tmp_path / "d.jsonl").stat().st_size
    assert sorted(back.frames["a"]) == [0, 3, 4]
    for frame, part in found.items():
        np.testing.assert_array_equal(back.frames["a"][frame].xyxy, part.xyxy)
        np.testing.assert_array_equal(back.frames["a"][frame].score, part.score)
    numbers, times = read_frame_times(tmp_path / "d.jsonl")["a"]
    assert numbers.tolist() == [0, 3, 4]
    np.testing.assert_allclose(times, [0, 3 / 7, 4 / 7], atol=1e-6)


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_line_cut_short_by_a_kill_is_passed_over_and_written_over(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "d.jsonl"
    log = DetectionLog(path)
    for frame in range(3):
        log.add("a", frame, float(frame), detections(2, seed=frame))
    log.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    back = read_detection_log(path)
    assert sorted(back.frames["a"]) == [0, 1]
    log = DetectionLog(path, keep=back.end)
    log.add("a", 2, 2.0, detections(2, seed=2))
    log.close()
    assert path.read_bytes() == whole


def test_a_missing_log_is_an_empty_one(tmp_path: Path) -> None:
    assert read_detection_log(tmp_path / "none").frames == {}


def test_damage_in_the_middle_is_named(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"a": 1}\nnonsense\n{"a": 2}\n')
    with pytest.raises(InputError, match=r"d\.jsonl:2"):
        list(read_json_lines(tmp_path / "d.jsonl"))


def test_tracks_are_written_in_order_and_no_sooner_than_they_are_settled(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    log = TrackLog(path, ["b", "a"])
    log.add("a", tracks((1, 0, 0.0), (2, 0, 0.0)))
    log.add("b", tracks((9, 0, 0.0)))
    log.release(0.0)
    assert lines(path) == []
    log.add("a", tracks((3, 0, 0.0), (3, 1, 0.1), (1, 1, 0.1)))  # track 3 has just been confirmed
    log.release(0.1)
    written = [(r["camera"], r["track_id"], r["frame"]) for r in lines(path)]
    assert written == [("b", 9, 0), ("a", 1, 0), ("a", 2, 0), ("a", 3, 0)]  # cameras as on the command line
    log.close()
    assert [(r["track_id"], r["frame"]) for r in lines(path)[4:]] == [(1, 1), (3, 1)]
    back = read_track_log(path)
    assert back["a"].frame.tolist() == [0, 0, 0, 1, 1]
    assert back["a"].track_id.tolist() == [1, 2, 3, 1, 3]
    assert back["b"].time_s.tolist() == [0.0]


def unit(count: int, dim: int = 8) -> np.ndarray:
    rows = np.random.default_rng(count).normal(size=(count, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_features_survive_a_kill_up_to_the_last_whole_record(tmp_path: Path) -> None:
    path = tmp_path / "f.part"
    log = FeatureLog(path, ["a", "b"], 8)
    rows = unit(3)
    for i, row in enumerate(rows):
        log.add("b", 7, i, 0.5, row)
    log.close()
    path.write_bytes(path.read_bytes()[:-5])
    table = read_feature_log(path)
    assert table.frame.tolist() == [0, 1]
    np.testing.assert_allclose(table.feature, rows[:2], atol=1e-3)
    log = FeatureLog(path, ["a", "b"], 8, keep=True)
    log.add("a", 1, 5, 1.0, rows[2])
    log.close()
    table = read_feature_log(path)
    assert [table.cameras[c] for c in table.camera] == ["b", "b", "a"]
    assert table.frame.tolist() == [0, 1, 5]


def test_a_damaged_feature_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(b"\x00\x01nonsense")
    with pytest.raises(InputError, match="not a feature log"):
        read_feature_log(tmp_path / "f.part")


def test_tracklets_file_is_sorted_and_comes_back(tmp_path: Path) -> None:
    columns = [np.array(c, np.int64) for c in ([1, 0, 0], [4, 9, 9], [0, 8, 3])]
    table = FeatureTable(("a", "b"), *columns, np.array([0.1, 0.2, 0.3], np.float32), unit(3))
    write_tracklets(tmp_path / "t.npz", table)
    back = read_tracklets(tmp_path / "t.npz")
    assert back.cameras == ("a", "b")
    assert (back.camera.tolist(), back.track_id.tolist(), back.frame.tolist()) == ([0, 0, 1], [9, 9, 4], [3, 8, 0])
    np.testing.assert_allclose(back.feature, table.feature[[2, 1, 0]], atol=1e-3)
    assert {k: v.tolist() for k, v in back.by_track().items()} == {("a", 9): [0, 1], ("b", 4): [2]}
    assert back.only({("a", 9, 8)}).frame.tolist() == [8]
    assert len(back.only(set()).frame) == 0


def test_an_empty_table_comes_back(tmp_path: Path) -> None:
    write_tracklets(tmp_path / "t.npz", FeatureTable.empty(["a"], 8))
    assert read_tracklets(tmp_path / "t.npz").feature.shape == (0, 8)


def test_a_tracklets_file_with_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", cameras=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="cannot be read"):
        read_tracklets(tmp_path / "t.npz")


def test_a_place_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        AppendFile(tmp_path / "no" / "such" / "folder")
