"""Tracklets that went over to somebody else: cut where there was occasion, and by crops that show something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from associate.people_data import DIM, chained, directions, tracklet

from reidtrack.associate.occasions import gaps, jumps
from reidtrack.associate.split import split_switched
from reidtrack.types import Tracklet

PERSON = directions(4, seed=1)
STEP_PX = 3.0


class NoBias:
    """Cameras that do nothing."""

    def without(self, i: int) -> np.ndarray:
        return np.zeros(DIM)

    def without_lookalikes(self, i: int) -> tuple[np.ndarray, float]:
        return np.zeros(DIM), 1.0


def cut(tracklets: Sequence[Tracklet], threshold: float = 0.85) -> list[Tracklet]:
    """Without any bias."""
    return split_switched(tracklets, NoBias(), threshold)


def walker(
    pause: int = 0, jump_px: float = 0.0, grow: float = 1.0, looks: int = 1, length: int = 60, lowest_px: float = 999
) -> Tracklet:
    """Somebody who walks to the right for twice six seconds, and perhaps is another one from the middle on."""
    first, second = tracklet("a", 1, PERSON[0], 0, length), tracklet("a", 1, PERSON[looks], length + pause, length)
    whole = chained(first, second)
    frame = whole.frame.astype(np.float32)
    late = frame >= length
    left, size = 10 + STEP_PX * frame + jump_px * late, np.where(late, grow, 1.0)
    box = np.stack([left, np.full(len(frame), 100.0), left + 20 * size, np.minimum(100 + 60 * size, lowest_px)], axis=1)
    return replace(whole, xyxy=box.astype(np.float32))


def beside(whole: Tracklet, rows: slice, right_px: float, camera: str = "a") -> Tracklet:
    """Somebody else in some frames of a tracklet, so far to the right of it."""
    frame = whole.frame[rows]
    other = tracklet(camera, 2, PERSON[2], int(frame[0]), len(frame))
    return replace(other, xyxy=whole.xyxy[rows] + np.array([right_px, 0, right_px, 0], np.float32))


W = walker()
EVERY_TENTH = np.arange(0, 120, 10)
OCCASIONS: dict[str, tuple[list[Tracklet], int]] = {
    "nothing happens": ([W], 1),
    "a crossing": ([W, beside(W, slice(55, 65), 5)], 2),
    "somebody close by, not overlapping": ([W, beside(W, slice(55, 65), 23)], 2),
    "somebody well aside": ([W, beside(W, slice(55, 65), 100)], 1),
    "somebody above": ([W, replace(b := beside(W, slice(55, 65), 5), xyxy=b.xyxy - np.float32([0, 95, 0, 95]))], 1),
    "a crossing in another camera": ([W, beside(W, slice(55, 65), 5, "b")], 1),
    "a crossing a second and a half before": ([W, beside(W, slice(40, 45), 5)], 2),
    "a crossing long before": ([W, beside(W, slice(5, 12), 5)], 1),
    "a crossing long after": ([W, beside(W, slice(105, 115), 5)], 1),
    "where the other ends as the change comes": ([W, beside(W, slice(0, 58), 5)], 2),
    "at a place where somebody was before": ([W, replace(beside(W, slice(0, 20), 5), xyxy=W.xyxy[60:80])], 1),
    "lost for half a second": ([walker(pause=5)], 2),
    "lost for a frame": ([walker(pause=1)], 1),
    "a gap that was filled": ([replace(W, score=np.where(abs(W.frame - 60) < 4, 0, W.score).astype(np.float32))], 2),
    "a jump": ([walker(jump_px=50)], 2),
    "a small step aside": ([walker(jump_px=8)], 1),
    "grows at once": ([walker(grow=1.6)], 2),
    "grows a little": ([walker(grow=1.15)], 1),
    "legs leave the picture": (
        [replace(walker(), xyxy=np.minimum(walker(grow=1.6).xyxy, np.float32([999, 999, 999, 165])))],
        1,
    ),
    "the same person after a crossing": ([walker(looks=0), beside(W, slice(55, 65), 5)], 1),
    "the same person after a jump and a gap": ([walker(looks=0, jump_px=50, pause=8)], 1),
}
"""Tracklets, and how many the first one becomes."""


@pytest.mark.parametrize("case", OCCASIONS)
def test_it_takes_an_occasion_to_change_over(case: str) -> None:
    tracklets, parts = OCCASIONS[case]
    assert len(cut(tracklets)) == parts + len(tracklets) - 1


@pytest.mark.parametrize("rate", [2, 5, 10, 25, 50])
@pytest.mark.parametrize(("pause_s", "parts"), [(0.0, 1), (1.0, 2)])
def test_a_gap_is_one_at_every_rate(rate: int, pause_s: float, parts: int) -> None:
    whole = walker(pause=round(pause_s * rate), length=6 * rate)
    box = whole.xyxy - np.float32([1, 0, 1, 0]) * (STEP_PX * (1 - 10 / rate) * whole.frame[:, None]).astype(np.float32)
    assert len(cut([replace(whole, time_s=whole.frame / rate, xyxy=box)])) == parts


def quality(before: float, after: float) -> Tracklet:
    """A crossing, with so good crops before and after it."""
    return replace(W, feature_quality=np.repeat(np.float32([before, after]), 10))


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        pytest.param(quality(0.9, 0.9), 2, id="good crops"),
        pytest.param(quality(0.3, 0.3), 2, id="bad ones, all alike"),
        pytest.param(quality(0.9, 0.7), 2, id="a little worse"),
        pytest.param(quality(0.9, 0.4), 1, id="cut off by the picture's edge afterwards"),
        pytest.param(quality(0.4, 0.9), 1, id="cut off by the picture's edge before"),
        pytest.param(quality(0.0, 0.0), 2, id="of none"),
    ],
)
def test_what_is_cut_off_by_the_edge_decides_nothing(whole: Tracklet, parts: int) -> None:
    assert len(cut([whole, beside(W, slice(55, 65), 5)])) == parts + 1


def test_parts_hold_all_boxes_and_features_once() -> None:
    whole = quality(0.9, 0.9)
    worse = replace(whole, feature_quality=np.where(np.arange(20) % 4 == 1, 0.2, 0.9).astype(np.float32))
    first, second, _ = cut([worse, beside(W, slice(55, 65), 5)])
    assert [first.track_id, second.track_id, second.split_from] == [1, 3, 1]
    assert np.array_equal(np.concatenate([first.frame, second.frame]), whole.frame)
    assert np.array_equal(np.concatenate([first.feature_frame, second.feature_frame]), whole.feature_frame)
    assert abs(int(second.frame[0]) - 60) <= 8


@pytest.mark.parametrize("features", [0, 1, 2, 5])
def test_few_features_are_no_evidence(features: int) -> None:
    whole = chained(tracklet("a", 1, PERSON[0], 0, features=features), tracklet("a", 1, PERSON[1], 60, features=0))
    assert len(cut([whole])) == 1


@pytest.mark.parametrize(
    ("pause", "features", "parts"),
    [
        pytest.param(10, (10, 3), 2, id="lost, three after"),
        pytest.param(10, (10, 2), 2, id="lost, two after"),
        pytest.param(10, (2, 10), 2, id="lost, two before"),
        pytest.param(10, (2, 2), 2, id="lost, two on both sides"),
        pytest.param(10, (10, 1), 1, id="lost, one after"),
        pytest.param(0, (10, 3), 2, id="beside somebody, three after"),
        pytest.param(0, (10, 2), 1, id="beside somebody, two after"),
    ],
)
def test_two_features_will_do_where_the_track_was_lost(pause: int, features: tuple[int, int], parts: int) -> None:
    first = tracklet("a", 1, PERSON[0], 0, 40, features=features[0])
    whole = chained(first, tracklet("a", 1, PERSON[1], 40 + pause, 12, features=features[1]))
    others = [] if pause else [beside(whole, slice(35, 45), 5)]
    assert len(cut([whole, *others])) == parts + len(others)


def test_two_cuts_nothing() -> None:
    opposite = chained(tracklet("a", 1, PERSON[0], 0), tracklet("a", 1, -PERSON[0], 60))
    assert len(cut([opposite], 1.9)) == 2
    assert len(cut([opposite], 2.0)) == 1


@pytest.mark.parametrize("length", [1, 2, 3, 30])
def test_a_still_box_neither_jumps_nor_pauses(length: int) -> None:
    still = tracklet("a", 1, PERSON[0], 0, length, features=1)
    assert not jumps(still).any()
    assert not gaps(still)[1:].any()
