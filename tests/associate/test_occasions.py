from __future__ import annotations

import numpy as np
import pytest

from reidtrack.associate import occasions
from reidtrack.associate.constraints import overlapping_pairs
from reidtrack.associate.occasions import Occasions, gaps, jumps
from reidtrack.types import DoubleArray, Tracklet

NOTHING = np.zeros(0, np.int64)


def crowd(people: int, seed: int, cameras: str = "ab") -> list[Tracklet]:
    """Tracklets that walk about, some frames of which are missing."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(people):
        frame = np.arange(rng.integers(0, 20), rng.integers(25, 45))
        frame = frame[(rng.random(len(frame)) < rng.choice([0.6, 1.0])) | (frame == frame[0])]
        corner = rng.uniform(0, 300, 2) + np.cumsum(rng.normal(0, 4, (len(frame), 2)), axis=0)
        xyxy = np.hstack([corner, corner + np.array([20, 50])]).astype(np.float32)
        score, features = np.ones(len(frame), np.float32), np.zeros((0, 4), np.float32)
        camera = cameras[number % len(cameras)]
        made.append(
            Tracklet(camera, number, frame, frame / 10, xyxy, score, features, NOTHING, np.zeros(0, np.float32))
        )
    return made


def meetings_one_by_one(tracklets: list[Tracklet], i: int) -> DoubleArray:
    own, margin = tracklets[i], 0.25 * np.array([20, 50])
    met = gaps(own) | jumps(own)
    for other in tracklets:
        if other is own or other.camera != own.camera:
            continue
        for row, frame in enumerate(own.frame.tolist()):
            for box in other.xyxy[other.frame == frame]:
                low, high = own.xyxy[row, :2] - margin, own.xyxy[row, 2:] + margin
                met[row] |= bool((low < box[2:]).all() and (box[:2] < high).all())
    times: DoubleArray = own.time_s[met]
    return times


@pytest.mark.parametrize("block", [1, 7, 1 << 20], ids=["row by row", "small blocks", "at once"])
@pytest.mark.parametrize("people", [1, 2, 30])
def test_meetings_are_those_that_are_found_one_by_one(monkeypatch: pytest.MonkeyPatch, block: int, people: int) -> None:
    monkeypatch.setattr(occasions, "_BLOCK", block)
    tracklets = crowd(people, people)
    found = Occasions(tracklets)
    for i in range(people):
        np.testing.assert_array_equal(found.times_s(i), meetings_one_by_one(tracklets, i))


@pytest.mark.parametrize("people", [0, 1, 2, 40])
def test_who_was_seen_together_is_found_one_by_one(people: int) -> None:
    tracklets = crowd(people, 100 + people)
    expected = {
        (i, k)
        for i in range(people)
        for k in range(i + 1, people)
        if tracklets[i].camera == tracklets[k].camera and set(tracklets[i].frame) & set(tracklets[k].frame)
    }
    assert {(a, b) for a, b in overlapping_pairs(tracklets).tolist()} == expected


def test_meetings_in_a_crowd_are_those_of_all_pairs_also_where_edges_touch() -> None:
    rng = np.random.default_rng(0)
    count, frames = 40, np.arange(5)
    corner = rng.integers(0, 12, (frames.size, count, 2)) * 10  # on a grid: edges are equal, exactly
    boxes = np.concatenate([corner, corner + rng.integers(1, 5, corner.shape) * 8], axis=2).astype(np.float32)
    none, features = np.zeros(0, np.float32), np.zeros((0, 4), np.float32)
    tracklets = [
        Tracklet("a", k, frames, frames / 10, boxes[:, k], np.ones(5, np.float32), features, NOTHING, none)
        for k in range(count)
    ]
    found = Occasions(tracklets)
    for k in range(count):
        own, margin = boxes[:, [k]], 0.25 * (boxes[:, [k], 2:] - boxes[:, [k], :2])
        met = (own[..., :2] - margin < boxes[..., 2:]).all(2) & (boxes[..., :2] < own[..., 2:] + margin).all(2)
        met[:, k] = False
        expected = gaps(tracklets[k]) | jumps(tracklets[k]) | met.any(axis=1)
        np.testing.assert_array_equal(found.times_s(k), frames[expected] / 10)
