"""What YOLO's outputs mean."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.detect.families import YOLO


def raw(boxes: list[tuple[float, ...]], classes: int = 2, columns: int = 10) -> np.ndarray:
    """A raw prediction (4 + classes, columns) with (cx, cy, w, h, scores...) in its first columns."""
    out = np.zeros((4 + classes, columns), np.float32)
    for i, box in enumerate(boxes):
        out[:, i] = box
    return out


def test_raw_layout_gives_the_person_scores_above_conf() -> None:
    prediction = raw([(100, 100, 20, 40, 0.9, 0.1), (50, 50, 10, 10, 0.2, 0.95), (10, 10, 4, 4, 0.5, 0.0)])
    xyxy, score, distinct = YOLO.decode((prediction,), (640, 640), 0, 0.5)
    assert not distinct
    assert score.tolist() == pytest.approx([0.9, 0.5])
    assert xyxy.tolist() == [[90, 80, 110, 120], [8, 8, 12, 12]]


def test_final_layout_is_told_by_its_six_columns() -> None:
    prediction = np.zeros((300, 6), np.float32)
    prediction[0], prediction[1] = (1, 2, 3, 4, 0.8, 0), (1, 2, 3, 4, 0.9, 7)
    xyxy, score, distinct = YOLO.decode((prediction,), (640, 640), 0, 0.25)
    assert distinct
    assert xyxy.tolist() == [[1, 2, 3, 4]]
    assert score.tolist() == pytest.approx([0.8])
