"""Filling gaps and smoothing, on boxes whose right values are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidtrack.track.columns import join
from reidtrack.track.fill import fill_gaps, smooth_boxes
from reidtrack.types import Tracks

FRAME = np.arange(100)
TIME_S = FRAME / 10


def track(track_id: int, frames: list[int], time_s: np.ndarray = TIME_S, speed: float = 30.0) -> Tracks:
    frame = np.array(frames, np.int64)
    now = time_s[frame]
    left = (speed * now).astype(np.float32)
    xyxy = np.stack([left, np.full_like(left, 50), left + 40, np.full_like(left, 150)], axis=1)
    return Tracks(np.full(len(frame), track_id), frame, now, xyxy, np.full(len(frame), 0.8, np.float32))


@pytest.mark.parametrize(
    ("max_gap_s", "frames"),
    [
        pytest.param(0.0, [0, 1, 5, 6, 20], id="off"),
        pytest.param(0.3, [0, 1, 5, 6, 20], id="below"),
        pytest.param(0.4, [0, 1, 2, 3, 4, 5, 6, 20], id="at the longest"),
        pytest.param(9.0, list(range(21)), id="all"),
    ],
)
def test_which_gaps_are_filled(max_gap_s: float, frames: list[int]) -> None:
    rows = track(1, [0, 1, 5, 6, 20])
    full = fill_gaps(rows, FRAME, TIME_S, max_gap_s=max_gap_s)
    assert full.frame.tolist() == frames
    np.testing.assert_array_equal(full.score == 0, ~np.isin(full.frame, rows.frame))
    np.testing.assert_allclose(full.xyxy, track(1, frames).xyxy, rtol=1e-5)


def test_nothing_to_fill() -> None:
    assert not len(fill_gaps(Tracks.empty(), FRAME, TIME_S, max_gap_s=1.0))
    assert len(fill_gaps(track(1, [3]), FRAME, TIME_S, max_gap_s=1.0)) == 1


def test_tracks_do_not_run_into_each_other() -> None:
    rows = join(track(2, [0, 2], speed=-5), track(1, [4, 6]))
    full = fill_gaps(rows, FRAME, TIME_S, max_gap_s=5.0)
    assert list(zip(full.frame.tolist(), full.track_id.tolist(), strict=True)) == [
        (0, 2), (1, 2), (2, 2), (4, 1), (5, 1), (6, 1),
    ]  # fmt: skip


def test_only_frames_that_were_read_are_filled_at_their_own_times() -> None:
    frame = np.array([0, 3, 6, 9, 12])
    time_s = np.array([0.0, 0.1, 0.7, 0.8, 1.0])  # uneven
    lookup = np.zeros(13)
    lookup[frame] = time_s
    full = fill_gaps(track(1, [0, 12], lookup), frame, time_s, max_gap_s=1.0)
    assert full.frame.tolist() == frame.tolist()
    np.testing.assert_allclose(full.time_s, time_s)
    np.testing.assert_allclose(full.xyxy[:, 0], 30 * time_s, rtol=1e-5)


def test_an_even_walk_is_not_changed_by_smoothing() -> None:
    rows = track(1, [0, 1, 2, 4, 5, 9, 10, 11, 30])
    np.testing.assert_allclose(smooth_boxes(rows, spread_s=0.3).xyxy, rows.xyxy, atol=1e-3)


def test_smoothing_takes_jitter_away_and_keeps_the_order_of_rows() -> None:
    rng = np.random.default_rng(0)
    true = track(1, list(range(100)))
    noisy = Tracks(
        true.track_id, true.frame, true.time_s, true.xyxy + rng.normal(0, 2, (100, 4)).astype(np.float32), true.score
    )
    order = rng.permutation(100)
    smoothed = smooth_boxes(noisy[order], spread_s=0.3)
    np.testing.assert_array_equal(smoothed.frame, order)
    before, after = np.abs(noisy.xyxy - true.xyxy).mean(), np.abs(smoothed.xyxy - true.xyxy[order]).mean()
    assert after < before / 2


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(Tracks.empty(), id="none"),
        pytest.param(track(1, [4]), id="one"),
        pytest.param(join(track(1, [4]), track(2, [4], speed=99)), id="one each"),
    ],
)
def test_nothing_to_smooth(rows: Tracks) -> None:
    np.testing.assert_array_equal(smooth_boxes(rows, spread_s=0.3).xyxy, rows.xyxy)


def test_off() -> None:
    rows = track(1, [0, 1, 2])
    assert smooth_boxes(rows, spread_s=0.0) is rows


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 99)), max_size=40, unique=True), st.floats(0, 3), st.data())
def test_filled_and_smoothed_tracks_stay_sound(
    keys: list[tuple[int, int]], max_gap_s: float, data: st.DataObject
) -> None:
    n = len(keys)
    cells = data.draw(st.lists(st.tuples(*[st.floats(0, 500)] * 4, st.floats(0, 1)), min_size=n, max_size=n))
    table, numbers = np.array(cells, np.float32).reshape(-1, 5), np.array(keys, np.int64).reshape(-1, 2)
    xyxy = np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1)
    rows = Tracks(numbers[:, 0], numbers[:, 1], TIME_S[numbers[:, 1]], xyxy, table[:, 4])
    full = smooth_boxes(fill_gaps(rows, FRAME, TIME_S, max_gap_s=max_gap_s), spread_s=0.2)
    found = list(zip(full.track_id.tolist(), full.frame.tolist(), strict=True))
    assert len(set(found)) == len(found) >= n
    assert set(keys) <= set(found)
