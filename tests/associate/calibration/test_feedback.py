"""Corrections move the threshold the way they say, and no farther than it takes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidtrack.associate.calibration.feedback import STEP, Feedback, threshold_after_feedback

Said = tuple[float, bool]
"""A distance, and whether that is one person."""


def moved(threshold: float, said: list[Said], weight: float = 1.0, cameras: tuple[int, int] = (0, 1)) -> float:
    """The threshold after pairs of the given distances."""
    look = np.array([row for d, _ in said for row in ((1.0, 0.0), (1 - d, np.sqrt(1 - (1 - d) ** 2)))]).reshape(-1, 2)
    keys = [("ab"[cameras[i % 2]], i) for i in range(2 * len(said))]
    taught = Feedback.of(keys, [(keys[2 * i], keys[2 * i + 1], same, weight) for i, (_, same) in enumerate(said)])
    return threshold_after_feedback(threshold, taught, look, np.tile(cameras, len(said)))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param([], 0.7, id="nothing said"),
        pytest.param([(0.6, True), (0.8, False)], 0.7, id="what it says already"),
        pytest.param([(0.9, True)], 0.7 + STEP, id="one person, far beyond"),
        pytest.param([(0.71, True)], 0.71, id="one person, just beyond"),
        pytest.param([(0.5, False)], 0.7 - STEP, id="two people, far within"),
        pytest.param([(0.69, False)], 0.69, id="two people, just within"),
        pytest.param([(0.9, True)] * 3, 0.7 + 3 * STEP, id="three times"),
        pytest.param([(0.75, True)] * 30, 0.75, id="no farther than it takes"),
        pytest.param([(0.9, True), (0.5, False)], 0.7, id="one against the other"),
    ],
)
def test_moves(said: list[Said], expected: float) -> None:
    assert moved(0.7, said) == pytest.approx(expected, abs=1e-6)


def test_a_correction_about_many_is_one_correction() -> None:
    assert moved(0.7, [(0.9, True)] * 4, weight=0.25) == pytest.approx(0.7 + STEP)


def test_one_camera_says_nothing_about_two() -> None:
    assert moved(0.7, [(0.9, True)], cameras=(0, 0)) == 0.7


said = st.lists(st.tuples(st.floats(0, 2), st.booleans()), max_size=8)


@given(st.floats(0.3, 0.9), said, st.floats(0, 2))
def test_one_person_never_lowers_it_and_two_never_raise_it(threshold: float, others: list[Said], d: float) -> None:
    before = moved(threshold, others)
    assert moved(threshold, [*others, (d, True)]) >= before - 1e-9
    assert moved(threshold, [*others, (d, False)]) <= before + 1e-9
