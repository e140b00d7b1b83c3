"""How alike is alike enough: a threshold from the recording itself.

Among many people some look alike by chance, so the more there are, the stricter the threshold must be. Distances
between cameras are nearly all between different people; their upper half, which no true match reaches, tells how those
spread. The threshold is where, of all the people of a camera, only a given number of strangers is still expected.

Up to 2,000 tracklets all pairs are counted. Beyond, tracklets are shuffled by a fixed seed and put into lots whose
pairs are counted: each is compared with as many others drawn at random, one to two million pairs in all. The two
quantiles are then uncertain by about 0.1 % of the spread.
"""

from __future__ import annotations

import math
import statistics

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.types import DoubleArray, IntArray

FALLBACK = 0.8
"""Where there are too few pairs to tell."""
SAME_CAMERA_SHARE = 0.85
"""Within a camera, one person's visits lie nearer to each other, by about this."""
LEAST_PAIRS = 6
_LIMITS = (0.3, 0.9)
_LEAST_WEIGHT = 0.2
_MOST_PAIRS = 2_000_000


def cross_camera_threshold(look: DoubleArray, camera: IntArray, weight: DoubleArray, strangers: float) -> float:
    """Distance up to which tracklets of two cameras are taken for one person.

    Args:
        look: (N, D) unit rows with the cameras' casts removed, or zero where nothing is known.
        camera: (N,) camera of each tracklet.
        weight: (N,) in 0..1; pairs of little weight are left out.
        strangers: How many strangers, of all a camera saw, may be expected to look that much alike.

    Returns:
        A distance in 0.3..0.9, `FALLBACK` where there is too little to go by.
    """
    known = np.flatnonzero(look.any(axis=1))
    found = np.concatenate([_across(look[lot], camera[lot], weight[lot]) for lot in _lots(known)])
    if len(found) < LEAST_PAIRS:
        return FALLBACK
    middle, high = np.quantile(found, [0.5, statistics.NormalDist().cdf(1)])
    seen = float(np.mean(np.unique(camera, return_counts=True)[1]))
    share = min(0.5, strangers / seen)
    limit = float(middle) + float(high - middle) * statistics.NormalDist().inv_cdf(share)
    return min(max(limit, _LIMITS[0]), _LIMITS[1])


def _lots(rows: IntArray) -> list[IntArray]:
    """Rows in lots that have about `_MOST_PAIRS` pairs together; one lot where all pairs are fewer."""
    count = math.ceil(len(rows) ** 2 / (2 * _MOST_PAIRS))
    return [rows] if count < 2 else np.array_split(np.random.default_rng(0).permutation(rows), count)


def _across(look: DoubleArray, camera: IntArray, weight: DoubleArray) -> DoubleArray:
    """Distances of all pairs of two cameras that have enough weight."""
    pairs = np.triu(camera[:, None] != camera[None, :], 1)
    pairs &= weight[:, None] * weight[None, :] > _LEAST_WEIGHT
    found: DoubleArray = cosine_distances(look, look)[pairs]
    return found
