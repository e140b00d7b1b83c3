"""Boxes in frames between two looks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from reidtrack.pipeline.live.between import BetweenLooks
from reidtrack.types import Frame, Tracks

PICTURE = np.zeros((4, 4, 3), np.uint8)


def frame(index: int) -> Frame:
    return Frame("hall", index, index / 10, PICTURE)


def tracks(*rows: tuple[int, int]) -> Tracks:
    """Rows of track and frame; a box moves by one pixel a frame."""
    track_id, index = np.array(rows, np.int64).reshape(-1, 2).T
    left = index.astype(np.float32)
    box = np.stack([left, 0 * left, left + 2, 0 * left + 4], axis=1)
    return Tracks(track_id.copy(), index.copy(), index / 10, box, np.ones(len(rows), np.float32))


def play(looks: dict[int, Sequence[tuple[int, int]]], count: int) -> list[tuple[int, int, float]]:
    """Track, frame and left edge of each box that was filled in while frames passed."""
    between, found = BetweenLooks(), []
    for index in range(count):
        if index in looks:
            filled = between.fill(frame(index), tracks(*looks[index]))
            assert (filled.score == 0).all()
            found += list(zip(filled.track_id.tolist(), filled.frame.tolist(), filled.xyxy[:, 0].tolist(), strict=True))
        between.passed(frame(index))
    return found


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({0: [(1, 0)], 1: [(1, 1)]}, [], id="every frame"),
        pytest.param({0: [(1, 0)], 2: [(1, 2)]}, [(1, 1, 1.0)], id="every second"),
        pytest.param({0: [(1, 0)], 3: [(1, 3)], 5: [(2, 5)]}, [(1, 1, 1.0), (1, 2, 2.0)], id="nobody is carried on"),
        pytest.param({0: [(1, 0)], 2: [], 4: [(1, 4)]}, [(1, 1, 1.0), (1, 2, 2.0), (1, 3, 3.0)], id="missed once"),
        pytest.param({0: [(1, 0)], 5: [(1, 5)]}, [(1, n, float(n)) for n in range(1, 5)], id="half a second"),
        pytest.param({0: [(1, 0)], 6: [(1, 6)]}, [], id="more"),
        pytest.param(
            {0: [], 2: [], 4: [(1, 0), (1, 2), (1, 4)]}, [(1, 1, 1.0), (1, 3, 3.0)], id="a track that is confirmed"
        ),
    ],
)
def test_what_is_filled_in(looks: dict[int, Sequence[tuple[int, int]]], expected: list[tuple[int, int, float]]) -> None:
    assert sorted((t, f, round(left, 4)) for t, f, left in play(looks, 8)) == sorted(expected)


def test_frames_of_long_ago_and_clocks_set_back_fill_nothing() -> None:
    between = BetweenLooks()
    between.fill(frame(100), tracks((1, 100)))
    between.passed(frame(100))
    assert not len(between.fill(frame(3), tracks((1, 3))))
    for index in range(10_000):
        between.passed(frame(index))
    assert len(between._frames) == 21
