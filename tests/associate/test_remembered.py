"""Evidence that is asked now and then, and remembered in between."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidtrack.associate.evidence import PairTerms
from reidtrack.associate.live.remembered import RememberedEvidence
from reidtrack.types import DoubleArray, IntArray, Tracklet


def says(tracklets: Sequence[Tracklet], label: IntArray, appearance: DoubleArray) -> PairTerms:
    return PairTerms(np.array([[0, 1], [1, 2]]), np.array([2.0, -np.inf]))


def test_what_was_said_goes_with_the_names() -> None:
    evidence = RememberedEvidence([says, says])
    assert len(evidence.again(np.array([5, 3])).pairs) == 0
    evidence.names = np.array([10, -7, 30])
    told = evidence([], np.zeros(3, np.int64), np.zeros((3, 2)))
    assert told.log_odds.tolist() == [4.0, -np.inf]
    again = evidence.again(np.array([30, 99, 10, -7]))  # another order, and somebody new
    assert again.pairs.tolist() == [[2, 3], [0, 3]]
    assert again.log_odds.tolist() == [4.0, -np.inf]
    assert evidence.again(np.array([10, 30])).pairs.shape == (0, 2)
    assert evidence.again(np.zeros(0, np.int64)).pairs.shape == (0, 2)
