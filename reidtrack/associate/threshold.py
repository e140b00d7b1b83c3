"""How alike is alike enough: a threshold from the recording itself.

Among many people some look alike by chance, so the more there are, the stricter the threshold must be. Distances
between cameras are nearly all between different people; their upper half, which no true match reaches, tells how those
spread. The threshold is where, of all the people of a camera, only a given number of strangers is still expected.
"""

from __future__ import annotations

import statistics

import numpy as np

from reidtrack.types import DoubleArray, IntArray

FALLBACK = 0.8
"""Where there are too few pairs to tell."""
SAME_CAMERA_SHARE = 0.85
"""Within a camera, one person's visits lie nearer to each other, by about this."""
LEAST_PAIRS = 6
_LIMITS = (0.3, 0.9)
_LEAST_WEIGHT = 0.2


def cross_camera_threshold(distance: DoubleArray, camera: IntArray, weight: DoubleArray, strangers: float) -> float:
    """Distance up to which tracklets of two cameras are taken for one person.

    Args:
        distance: (N, N) cosine distances with the cameras' casts removed; infinite where nothing is known.
        camera: (N,) camera of each tracklet.
        weight: (N,) in 0..1; pairs of little weight are left out.
        strangers: How many strangers, of all a camera saw, may be expected to look that much alike.

    Returns:
        A distance in 0.3..0.9, `FALLBACK` where there is too little to go by.
    """
    upper = np.triu(np.ones_like(distance, np.bool_), 1)
    pairs = upper & (camera[:, None] != camera[None, :]) & np.isfinite(distance)
    pairs &= weight[:, None] * weight[None, :] > _LEAST_WEIGHT
    found = distance[pairs]
    if len(found) < LEAST_PAIRS:
        return FALLBACK
    middle, high = np.quantile(found, [0.5, statistics.NormalDist().cdf(1)])
    seen = float(np.mean(np.unique(camera, return_counts=True)[1]))
    share = min(0.5, strangers / seen)
    limit = float(middle) + float(high - middle) * statistics.NormalDist().inv_cdf(share)
    return min(max(limit, _LIMITS[0]), _LIMITS[1])
