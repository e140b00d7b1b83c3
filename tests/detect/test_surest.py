"""The least sure of too many detections go, those that stay keep their order."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.detect.surest import surest
from reidtrack.types import Detections

CASES = {
    "none": ([], 3, []),
    "fewer": ([0.2, 0.9], 3, [0, 1]),
    "as many": ([0.2, 0.9, 0.1], 3, [0, 1, 2]),
    "one more": ([0.2, 0.9, 0.1, 0.5], 3, [0, 1, 3]),
    "equal ones: the earlier stay": ([0.5, 0.5, 0.5, 0.9], 2, [0, 3]),
}


@pytest.mark.parametrize("case", CASES)
def test_surest(case: str) -> None:
    score, most, kept = CASES[case]
    xyxy = np.arange(len(score) * 4, dtype=np.float32).reshape(-1, 4)
    found = surest(Detections(xyxy, np.array(score, np.float32)), most)
    assert found.xyxy.tolist() == xyxy[kept].tolist()
