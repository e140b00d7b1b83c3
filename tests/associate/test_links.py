"""What decided a link: appearance, evidence, the rest of the cluster, or a user."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.associate.calibration.fit import ObservedAppearance, calibrate
from reidtrack.associate.evidence import EvidenceTable, PairTerms
from reidtrack.associate.links import LinkContext, explain
from reidtrack.associate.nearest import near_pairs

NONE = np.zeros((0, 2), np.int64)
THRESHOLD, SAME_CAMERA = 0.6, 0.4


@pytest.mark.parametrize(
    ("distance", "units", "cameras", "must", "expected"),
    [
        pytest.param(0.5, 0.0, "ab", False, "appearance", id="within the threshold"),
        pytest.param(0.6, 0.0, "ab", False, "appearance", id="at it"),
        pytest.param(0.5, -0.05, "ab", False, "appearance", id="within it, evidence against"),
        pytest.param(0.7, 0.0, "ab", False, "cluster", id="beyond it"),
        pytest.param(0.7, 0.05, "ab", False, "cluster", id="beyond it, too little evidence"),
        pytest.param(0.7, 0.15, "ab", False, "evidence", id="beyond it, enough evidence"),
        pytest.param(0.5, 0.0, "aa", False, "cluster", id="beyond the threshold of one camera"),
        pytest.param(0.3, 0.0, "aa", False, "appearance", id="within the threshold of one camera"),
        pytest.param(0.1, 0.0, "ab", True, "must_link", id="a user said so, and they look alike"),
        pytest.param(0.9, 0.0, "ab", True, "must_link", id="a user said so"),
    ],
)
def test_decisions(distance: float, units: float, cameras: str, must: bool, expected: str) -> None:
    """`units`: evidence, in units of distance."""
    cosine = 1 - distance
    appearance = np.array([[1.0, 0.0], [cosine, np.sqrt(1 - cosine**2)]])
    observed = ObservedAppearance(appearance, np.array([0, int(cameras[1] == "b")]), np.ones(2), sorted({*cameras}))
    calibration = calibrate(observed, NONE, NONE, threshold=THRESHOLD, same_camera_threshold=SAME_CAMERA)
    pair = np.array([[0, 1]])
    said = [PairTerms(pair, np.array([units * calibration.slope]))] if units else []
    keys = [(cameras[0], 1), (cameras[1], 2)]
    context = LinkContext(
        keys, appearance, near_pairs(appearance, 1.0), EvidenceTable.of(2, said), pair if must else NONE, calibration
    )
    ((link,),) = explain([np.array([0, 1])], np.zeros(2, np.int64), context)
    assert link.decision == expected
    assert (link.a, link.b, link.runner_up) == (keys[1], keys[0], None)
    assert link.distance == pytest.approx(distance)
