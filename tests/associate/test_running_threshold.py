"""The calibration that live cameras use for days: it moves by small steps, and holds what is asked of it alone."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.associate.calibration.calibration import EVERYWHERE, Calibration, PairCalibration
from reidtrack.associate.calibration.mixture import EDGES, Mixture
from reidtrack.associate.live.threshold import RunningThreshold

MIXTURE = Mixture(same=0.4, beyond=0.2)


def pair(cameras: tuple[str, str], midpoint: float) -> PairCalibration:
    counts = np.ones(len(EDGES) - 1)
    return PairCalibration(cameras, 3, 4, 20.0, midpoint, MIXTURE, counts, counts)


def calibration(threshold: float) -> Calibration:
    pairs = {("a", "b"): pair(("a", "b"), 0.3), ("a", "c"): pair(("a", "c"), 0.6)}
    return Calibration(threshold, 0.9 * threshold, "auto", "good", "many", pair(EVERYWHERE, 0.5), pairs)


def test_it_moves_by_small_steps() -> None:
    running = RunningThreshold()
    running.take(calibration(0.5))
    assert running.threshold == 0.5
    running.take(calibration(0.9))
    assert running.threshold == pytest.approx(0.52)
    running.take(calibration(0.525))
    assert running.threshold == pytest.approx(0.52)
    assert running.now is not None
    assert running.now.same_camera_threshold == pytest.approx(0.9 * 0.52)


def test_what_is_held_for_days_is_small_and_says_the_same() -> None:
    """No array of each two cameras, of which sixteen have 120."""
    found, running = calibration(0.5), RunningThreshold()
    running.take(found)
    held = running.now
    assert held is not None
    arrays = {id(array) for one in held.pairs.values() for array in (one.same, one.different)}
    assert len(arrays) == 1
    for cameras in found.pairs:
        for distance in (0.2, 0.5, 0.8):
            assert held.probability(distance, *cameras) == found.probability(distance, *cameras)
    rates = held.pairs["a", "b"].roc()
    assert [point.false_accept for point in rates] == sorted(point.false_accept for point in rates)
