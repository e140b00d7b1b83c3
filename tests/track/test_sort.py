"""SORT's rules, one at a time, and its whole against filterpy and MOT15."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from filterpy.kalman import KalmanFilter

from reidtrack.mot import read_detections
from reidtrack.track.sort import Sort, state_to_xyxy, xyxy_to_measured
from reidtrack.types import Detections, Tracks


def boxes(*xyxy: tuple[float, float, float, float], score: float = 0.9) -> Detections:
    return Detections(np.array(xyxy, np.float32).reshape(-1, 4), np.full(len(xyxy), score, np.float32))


def at(x: float) -> tuple[float, float, float, float]:
    return x, 100.0, x + 40.0, 200.0


def feed(tracker: Sort, *frames: Detections) -> list[Tracks]:
    return [tracker.update(detections, index, index / 25) for index, detections in enumerate(frames)]


def test_every_track_is_reported_in_the_first_frames_then_only_steady_ones() -> None:
    old, new = at(0), at(500)
    frames = [boxes(old)] * 4 + [boxes(old, new)] * 5
    counts = [len(tracks) for tracks in feed(Sort(), *frames)]
    assert counts == [1, 1, 1, 1, 1, 1, 1, 2, 2]  # three hits in a row after the first


@pytest.mark.parametrize(
    ("max_age", "gap", "same"),
    [
        pytest.param(1, 1, True, id="one frame missed"),
        pytest.param(1, 2, False, id="two frames missed"),
        pytest.param(3, 3, True, id="at the longer limit"),
        pytest.param(3, 4, False, id="above it"),
    ],
)
def test_age(max_age: float, gap: int, same: bool) -> None:
    frames = [boxes(at(0))] * 5 + [boxes()] * gap + [boxes(at(0))] * 5
    ids = {int(tracks.track_id[0]) for tracks in feed(Sort(max_age=max_age), *frames) if len(tracks)}
    assert (len(ids) == 1) is same


def test_a_miss_breaks_the_streak() -> None:
    frames = [boxes(at(0))] * 6 + [boxes()] + [boxes(at(0))] * 4
    assert [len(tracks) for tracks in feed(Sort(), *frames)] == [1] * 6 + [0] + [0, 0, 1, 1]


def test_age_in_seconds_follows_the_time_stamps() -> None:
    tracker = Sort(time_unit="seconds", max_age=1.0)
    times_s = [0.0, 0.1, 0.2, 0.3, 1.25, 1.3, 1.4, 1.5, 4.0]
    ids = [tracker.update(boxes(at(0)), index, time_s).track_id.tolist() for index, time_s in enumerate(times_s)]
    assert ids == [[1]] * 9  # seen in every frame: no gap is too long
    assert tracker.update(boxes(), 9, 4.5).track_id.tolist() == []
    assert tracker.update(boxes(), 10, 5.1).track_id.tolist() == []
    assert tracker.update(boxes(at(0)), 11, 5.2).track_id.tolist() == []  # a new one, not yet steady


@pytest.mark.parametrize(
    "detections",
    [
        pytest.param(Detections.empty(), id="none"),
        pytest.param(boxes((10, 10, 10, 50)), id="no width"),
        pytest.param(boxes((10, 10, 50, 10)), id="no height"),
    ],
)
def test_nothing_to_track(detections: Detections) -> None:
    tracker = Sort()
    assert [len(tracks) for tracks in feed(tracker, *[detections] * 3)] == [0, 0, 0]
    assert tracker.pending_since_s is None


def test_a_shrinking_box_never_turns_inside_out() -> None:
    frames = [boxes((100, 100, 100 + 2.0 ** (8 - n), 100 + 2.0 ** (9 - n))) for n in range(8)] + [boxes()] * 3
    with np.errstate(all="raise"):
        for tracks in feed(Sort(max_age=30), *frames):
            assert (tracks.xyxy[:, 2:] > tracks.xyxy[:, :2]).all()


def test_each_camera_counts_for_itself() -> None:
    first, second = Sort(), Sort()
    assert feed(first, boxes(at(0), at(300)))[0].track_id.tolist() == [1, 2]
    assert feed(second, boxes(at(0)))[0].track_id.tolist() == [1]


def test_boxes_survive_the_round_trip() -> None:
    xyxy = np.array([[10, 20, 50, 140], [0.5, 0.25, 1000.5, 3.25]], np.float32)
    boxes = xyxy.T.astype(np.float64)
    np.testing.assert_allclose(state_to_xyxy(xyxy_to_measured(boxes)), boxes, rtol=1e-12)


class FilterpyTrack:
    """One person, filtered as SORT's paper says by filterpy alone."""

    def __init__(self, xyxy: np.ndarray) -> None:
        self.kalman = kalman = KalmanFilter(dim_x=7, dim_z=4)
        kalman.F = np.eye(7) + np.eye(7, k=4)
        kalman.H = np.eye(4, 7)
        kalman.P = np.diag([10.0] * 4 + [1e4] * 3)
        kalman.Q = np.diag([1, 1, 1, 1, 0.01, 0.01, 1e-4])
        kalman.R = np.diag([1.0, 1.0, 10.0, 10.0])
        kalman.x[:4] = self.measured(xyxy)

    @staticmethod
    def measured(xyxy: np.ndarray) -> np.ndarray:
        left, top, right, bottom = xyxy
        width, height = right - left, bottom - top
        return np.array([[left + width / 2], [top + height / 2], [width * height], [width / height]])

    def step(self, xyxy: np.ndarray | None) -> np.ndarray:
        if self.kalman.x[2, 0] + self.kalman.x[6, 0] <= 0:
            self.kalman.x[6] = 0
        self.kalman.predict()
        self.kalman.update(None if xyxy is None else self.measured(xyxy))
        x, y, area, ratio = self.kalman.x[:4, 0]
        width = np.sqrt(area * ratio)
        return np.array([x - width / 2, y - area / width / 2, x + width / 2, y + area / width / 2])


def test_equals_filterpy_on_people_far_apart() -> None:
    rng = np.random.default_rng(0)
    start = np.array([[x, 100.0, x + 60.0, 260.0] for x in (0.0, 500.0, 1000.0, 1500.0)])
    velocity = rng.normal(0, 2, (4, 1)) * [1, 0, 1, 0]
    tracker, references = Sort(max_age=2), []
    for index in range(80):
        xyxy = (start + index * velocity + rng.normal(0, 1, (4, 4))).astype(np.float32)
        seen = rng.random(4) < 0.9 if index > 3 else np.ones(4, bool)
        tracks = tracker.update(Detections(xyxy[seen], np.ones(seen.sum(), np.float32)), index, index / 25)
        if index == 0:
            references = [FilterpyTrack(box.astype(np.float64)) for box in xyxy]
            continue
        pairs = zip(references, xyxy.astype(np.float64), seen, strict=True)
        expected = np.array([reference.step(box if hit else None) for reference, box, hit in pairs])
        np.testing.assert_allclose(tracks.xyxy, expected[tracks.track_id - 1], rtol=1e-5, atol=1e-3)  # float32


@pytest.mark.shared
@pytest.mark.parametrize(
    ("sequence", "frames", "tracks", "boxes_reported"),
    [
        pytest.param("TUD-Stadtmitte", 179, 20, 883, id="TUD-Stadtmitte"),
        pytest.param("KITTI-13", 340, 65, 427, id="KITTI-13"),
    ],
)
def test_mot15(shared: Path, sequence: str, frames: int, tracks: int, boxes_reported: int) -> None:
    """Counts recorded with docs/results/tracking.md, where their figures are compared with plain filterpy's."""
    found = read_detections(shared / "data" / "mot15" / sequence / "det" / "det.txt")
    tracker, empty = Sort(), Detections.empty()
    rows = [tracker.update(found.get(index, empty), index, index / 25) for index in range(frames)]
    assert sum(map(len, rows)) == boxes_reported
    assert len(np.unique(np.concatenate([row.track_id for row in rows]))) == tracks
