"""The trackers say to the byte what they said in matrices and tables (`reference`), whatever they are given.

Their inner arithmetic is the same up to rounding (`test_kalman`, 1e-9), and the cascade decides by it but reports the
boxes that were detected; SORT's boxes come out of it in single precision, and are allowed its last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from track.crowd import FPS, walkers
from track.reference import cascade as reference_cascade
from track.reference import sort as reference_sort

from reidtrack.mot import MotRows, read_detections, read_mot
from reidtrack.track.cascade import Cascade
from reidtrack.track.sort import Sort
from reidtrack.types import Detections, Tracks

NONE = Detections.empty()
EXACT = ("track_id", "frame", "time_s", "score")


def compare(found: Sequence[Detections], times_s: Sequence[float], **values: float) -> None:
    """Both trackers against their references; `values` are for the cascade."""
    trackers = Cascade(**values), reference_cascade.Cascade(**values)  # type: ignore[arg-type]
    sorts = Sort(max_age=3), reference_sort.Sort(max_age=3)
    for index, (detections, time_s) in enumerate(zip(found, times_s, strict=True)):
        rows, expected = (tracker.update(detections, index, time_s) for tracker in trackers)
        assert [getattr(rows, name).tobytes() for name in (*EXACT, "xyxy")] == [
            getattr(expected, name).tobytes() for name in (*EXACT, "xyxy")
        ]
        assert trackers[0].pending_since_s == trackers[1].pending_since_s
        compare_sort(*(tracker.update(detections, index, time_s) for tracker in sorts))


def compare_sort(rows: Tracks, expected: Tracks) -> None:
    assert [getattr(rows, name).tobytes() for name in EXACT] == [getattr(expected, name).tobytes() for name in EXACT]
    np.testing.assert_allclose(rows.xyxy, expected.xyxy, rtol=1e-6, atol=1e-4)


def even(frames: int, fps: float = FPS) -> list[float]:
    return [index / fps for index in range(frames)]


@pytest.mark.parametrize(
    ("people", "frames"),
    [pytest.param(30, 100, id="30"), pytest.param(150, 30, id="150"), pytest.param(400, 10, id="400")],
)
def test_crowds(people: int, frames: int) -> None:
    compare(walkers(people, frames, seed=people), even(frames))


@settings(deadline=None, max_examples=20, derandomize=True)
@given(st.integers(0, 60), st.integers(0, 2**32 - 1), st.sampled_from([25.0, 7.0, 3.0]), st.floats(0, 0.5))
def test_crowds_with_gaps(people: int, seed: int, fps: float, lost: float) -> None:
    """Slow cameras, frames without detections, steps of uneven length, stalls, and a clock that jumps back."""
    rng = np.random.default_rng(seed)
    found = [NONE if rng.random() < lost else detections for detections in walkers(people, 30, seed)]
    steps = rng.choice([0.0, 1 / fps, 2 / fps, 4.0, -1.0], 30, p=[0.05, 0.7, 0.15, 0.05, 0.05])
    compare(found, np.cumsum(steps).tolist())


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"iou": 0.0, "low_iou": 0.0}, id="any overlap"),
        pytest.param({"iou": 0.9, "low_iou": 0.9}, id="near full overlap"),
        pytest.param({"iou": 1.0, "low_iou": 1.0}, id="full overlap"),
        pytest.param({"gate": 0.0}, id="no gate"),
        pytest.param({"gate": 30.0, "max_age": 10.0}, id="wide gate"),
        pytest.param({"high": 0.1, "low": 0.1, "start": 0.1}, id="every detection is sure"),
        pytest.param({"high": 0.9, "low": 0.0, "start": 0.95}, id="few are"),
        pytest.param({"min_hits": 1, "min_confirmation_time": 0.0, "max_unconfirmed_age": 0.0}, id="confirmed at once"),
        pytest.param({"min_confirmation_time": 2.0, "max_unconfirmed_age": 3.0, "max_age": 0.1}, id="confirmed late"),
        pytest.param({"acceleration_noise": 5.0}, id="sudden changes of pace"),
    ],
)
def test_settings(values: Mapping[str, float]) -> None:
    compare(walkers(25, 50, seed=1), even(50, 10.0), **values)


def test_detections_that_occur_twice() -> None:
    twice = [detections[np.repeat(np.arange(len(detections)), 2)] for detections in walkers(12, 60, seed=2)]
    compare(twice, even(60, 10.0))


@pytest.mark.parametrize(
    "found",
    [
        pytest.param([NONE] * 5, id="never any"),
        pytest.param([walkers(1, 1, seed=3)[0], *[NONE] * 9], id="one detection"),
        pytest.param(walkers(1, 40, seed=4), id="one person"),
        pytest.param([*[NONE] * 9, *walkers(5, 20, seed=5)], id="late"),
    ],
)
def test_few(found: Sequence[Detections]) -> None:
    compare(found, even(len(found), 10.0))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("sequence", "fps"), [("TUD-Stadtmitte", 25), ("ETH-Bahnhof", 14), ("ADL-Rundle-6", 30), ("KITTI-13", 10)]
)
def test_mot15(shared: Path, sequence: str, fps: float) -> None:
    found = read_detections(shared / "data" / "mot15" / sequence / "det" / "det.txt")
    frames = min(max(found) + 1, 300)
    compare([found.get(index, NONE) for index in range(frames)], even(frames, fps))


@pytest.mark.shared
@pytest.mark.parametrize("view", ["View_001", "View_006"])
def test_pets(shared: Path, view: str) -> None:
    """The people of the ground truth as a detector might see them: moved, missed, of different scores."""
    truth, rng = read_mot(shared / "data" / "pets-s2l1" / f"gt_{view}.txt"), np.random.default_rng(0)
    frames = 200
    compare([disturbed(truth[truth.frame == index], rng) for index in range(frames)], even(frames, 7.0))


def disturbed(truth: MotRows, rng: np.random.Generator) -> Detections:
    n = len(truth.frame)
    sides = np.tile(truth.xyxy[:, 2:] - truth.xyxy[:, :2], 2)
    moved = (truth.xyxy + 0.03 * rng.normal(size=(n, 4)) * sides).astype(np.float32)
    return Detections(moved, rng.uniform(0.05, 1, n).astype(np.float32))[rng.random(n) > 0.1]
