"""Which crops are embedded when there are too many."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.embed.select import Candidate
from reidtrack.pipeline.live.crops import CropBudget

CROP = np.zeros((8, 4, 3), np.uint8)


def crop(track_id: int, frame: int = 0, camera: str = "hall") -> Candidate:
    return Candidate(camera, track_id, frame, frame / 10, 0.5, CROP)


def measured(crop_s: float) -> CropBudget:
    """A budget of a processor that takes so long for a crop."""
    budget = CropBudget()
    budget.choose([crop(-1)], 0)
    budget.measure(crop_s)
    assert budget.crop_s == crop_s
    return budget


@pytest.mark.parametrize(
    ("sparing", "frames"),
    [
        pytest.param(1, [0, 1, 2, 3, 4, 5, 6, 8, 10, 12], id="all, then every second"),
        pytest.param(2, [0, 1, 2, 4, 6, 8, 10, 12], id="every second, after the first ones"),
        pytest.param(4, [0, 1, 4, 8, 12], id="every fourth"),
    ],
)
def test_sparing(sparing: int, frames: list[int]) -> None:
    budget = CropBudget()
    budget.sparing = sparing
    chosen = [c.frame for frame in range(13) for c in budget.choose([crop(1, frame)], 0)]
    assert chosen == frames
    assert budget.left_out["hall"] == 13 - len(frames)


@pytest.mark.parametrize(
    ("waiting", "known", "new"),
    [
        pytest.param(5, True, True, id="a quarter of a second"),
        pytest.param(7, False, True, id="more"),
        pytest.param(20, False, True, id="one second"),
        pytest.param(21, False, False, id="more than one"),
    ],
)
def test_waiting(waiting: int, known: bool, new: bool) -> None:
    """A crop takes 50 ms; who has hardly any feature yet comes first."""
    budget = measured(0.05)
    for frame in range(2):
        budget.choose([crop(1, frame)], 0)
    assert len(budget.choose([crop(1, 5)], waiting)) == known
    assert len(budget.choose([crop(2, 5)], waiting)) == new


def test_a_fast_processor_spares_nothing() -> None:
    budget = measured(0.0005)
    assert len(budget.choose([crop(number) for number in range(900)], 0)) == 900


def test_memory_is_bounded() -> None:
    budget = CropBudget()
    for number in range(30_000):
        budget.choose([crop(number)], 0)
    assert len(budget._offered) == len(budget._given) == 10_000
