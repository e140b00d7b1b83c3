"""Regions in which nobody is looked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from reidtrack.pipeline.live.regions import IgnoringDetector, inside
from reidtrack.types import Detections, Frame

SQUARE = np.array([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]])
ARROW = np.array([[0.0, 0.0], [1.0, 0.5], [0.0, 1.0], [0.5, 0.5]])
CASES = {
    "in a square": (SQUARE, (0.5, 0.5), True),
    "left of it": (SQUARE, (0.1, 0.5), False),
    "on its edge": (SQUARE, (0.2, 0.5), True),
    "on a corner": (SQUARE, (0.8, 0.8), True),
    "at a corner's height": (SQUARE, (0.1, 0.2), False),
    "in a notch": (ARROW, (0.3, 0.5), False),
    "beside a notch": (ARROW, (0.6, 0.5), True),
}


@pytest.mark.parametrize("turn", [1, -1], ids=["this way round", "the other"])
@pytest.mark.parametrize("name", CASES)
def test_a_point(name: str, turn: int) -> None:
    polygon, point, expected = CASES[name]
    assert inside(polygon[::turn], np.array([point])).tolist() == [expected]


class Two:
    """Sees somebody on the left and somebody on the right whose feet are below the picture."""

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        boxes = np.array([[0, 10, 20, 80], [70, 10, 90, 130]], np.float32)
        return [Detections(boxes, np.array([0.9, 0.8], np.float32)) for _ in frames]


def test_who_stands_there_is_not_seen() -> None:
    frames = [Frame(camera, 0, 0.0, np.zeros((100, 100, 3), np.uint8)) for camera in ("hall", "yard")]
    right = ((0.6, 0.5), (1.0, 0.5), (1.0, 1.0), (0.6, 1.0))
    hall, yard = IgnoringDetector(Two(), {"hall": [right]}).detect(frames)
    assert hall.score.tolist() == pytest.approx([0.9])
    assert len(yard) == 2
