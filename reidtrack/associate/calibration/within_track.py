"""How far one visit lies from itself: the looks of its first part against those of its last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from reidtrack.associate.appearance import unit
from reidtrack.types import DoubleArray, Tracklet

LEAST_FEATURES = 4
"""Fewer have no halves to speak of."""
_MOST = 5000
"""Of more visits, every so many are taken."""


def half_distances(tracklets: Sequence[Tracklet], bias: Callable[[int], DoubleArray]) -> DoubleArray:
    """Cosine distances between the mean looks of both halves of visits, far apart in time as they are.

    Args:
        tracklets: N of them.
        bias: Row of a tracklet to the bias (D,) of its camera, found without the tracklet.
    """
    step = 1 + len(tracklets) // _MOST
    found = []
    for row in range(0, len(tracklets), step):
        tracklet = tracklets[row]
        if len(tracklet.features) >= LEAST_FEATURES:
            middle = len(tracklet.features) // 2
            rows = unit(tracklet.features.astype(np.float64) - bias(row))
            weight = (tracklet.feature_quality.astype(np.float64) + 1e-3) ** 2
            ends = unit(np.stack([weight[part] @ rows[part] for part in (slice(middle), slice(-middle, None))]))
            found.append(1 - float(ends[0] @ ends[1]))
    return np.array(found, np.float64)
