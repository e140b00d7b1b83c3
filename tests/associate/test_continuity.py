"""Who goes on as whom within one picture."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.associate.continuity import continuity
from reidtrack.types import Tracklet


def walked(number: int, begin_s: float, end_s: float, at: float, pace: float, camera: str = "a") -> Tracklet:
    """Somebody 100 px high who is at `at` pixels at second 10 and walks `pace` pixels a second to the right."""
    time_s = np.arange(round(begin_s * 10), round(end_s * 10) + 1) / 10
    x = at + pace * (time_s - 10)
    xyxy = np.stack([x - 20, np.full(len(x), 100.0), x + 20, np.full(len(x), 200.0)], axis=1).astype(np.float32)
    frame, score = np.round(time_s * 10).astype(np.int64), np.ones(len(x), np.float32)
    none = np.zeros((0, 4), np.float32)
    return Tracklet(camera, number, frame, time_s, xyxy, score, none, frame[:0], np.zeros(0, np.float32))


def odds(*tracklets: Tracklet) -> dict[tuple[int, int], float]:
    pairs, value = continuity(tracklets, np.arange(len(tracklets)))
    return {(a, b): v for (a, b), v in zip(pairs.tolist(), value.tolist(), strict=True)}


def test_two_who_cross_go_on_as_they_went() -> None:
    """Both are lost where they meet, so that places alone fit either way: paces tell."""
    right, left = walked(1, 5, 9.8, 300, 60), walked(2, 5, 9.8, 300, -60)
    found = odds(right, left, walked(3, 10.2, 15, 300, 60), walked(4, 10.2, 15, 300, -60))
    assert found[0, 2] > found[0, 3] + 2
    assert found[1, 3] > found[1, 2] + 2


@pytest.mark.parametrize(
    ("later", "for_one"),
    [
        pytest.param(walked(2, 10.5, 12, 300, 60), True, id="where he would have come to"),
        pytest.param(walked(2, 10.5, 12, 600, 60), False, id="three heights away"),
        pytest.param(walked(2, 10.5, 10.5, 300, 0), True, id="a single box there"),
        pytest.param(walked(2, 12.5, 14, 300, 60), None, id="long after"),
        pytest.param(walked(2, 9, 14, 300, 60), None, id="at the same time"),
        pytest.param(walked(2, 10.5, 12, 300, 60, "b"), None, id="in another camera"),
    ],
)
def test_soon_after_place_and_pace_speak(later: Tracklet, for_one: bool | None) -> None:
    found = odds(walked(1, 5, 10, 300, 60), later)
    assert (found[0, 1] > 0 if found else None) == for_one
