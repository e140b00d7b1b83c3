"""Distances between cameras, of which a threshold is found (`calibration`).

Up to 1,400 tracklets all pairs are taken. Beyond, tracklets are shuffled by a fixed seed and put into lots whose pairs
are taken: each is compared with as many others drawn at random, half a million to a million pairs in all.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.types import DoubleArray, IntArray

SAME_CAMERA_SHARE = 0.85
"""Within a camera, one person's visits lie nearer to each other, by about this."""
LEAST_PAIRS = 6
"""Fewer are too few to tell; the prior alone decides (`prior`)."""
LIMITS = (0.3, 0.9)
"""No threshold is found beyond."""
_LEAST_WEIGHT = 0.2
_MOST_PAIRS = 1_000_000


class CrossPairs(NamedTuple):
    """Pairs of tracklets in two cameras.

    Attributes:
        pairs: (P, 2).
        camera: (P, 2) the cameras of both.
        distance: (P,) cosine distance.
        weight: (P,) how much each counts.
        whole: Whether these are all there are.
    """

    pairs: IntArray
    camera: IntArray
    distance: DoubleArray
    weight: DoubleArray
    whole: bool


def cross_pairs(look: DoubleArray, camera: IntArray, weight: DoubleArray) -> CrossPairs:
    """Pairs of two cameras that have enough weight.

    Args:
        look: (N, D) unit rows, or zero where nothing is known.
        camera: (N,) camera of each tracklet.
        weight: (N,) in 0..1; pairs of little weight are left out.
    """
    lots = _lots(np.flatnonzero(look.any(axis=1)))
    found = [_across(lot, look[lot], camera[lot], weight[lot]) for lot in lots]
    pairs, distance = (np.concatenate(column) for column in zip(*found, strict=True))
    return CrossPairs(pairs, camera[pairs], distance, weight[pairs].prod(axis=1), len(lots) == 1)


def _lots(rows: IntArray) -> list[IntArray]:
    """Rows in lots that have about `_MOST_PAIRS` pairs together; one lot where all pairs are fewer."""
    count = math.ceil(len(rows) ** 2 / (2 * _MOST_PAIRS))
    return [rows] if count < 2 else np.array_split(np.random.default_rng(0).permutation(rows), count)


def _across(rows: IntArray, look: DoubleArray, camera: IntArray, weight: DoubleArray) -> tuple[IntArray, DoubleArray]:
    taken = np.triu(camera[:, None] != camera[None, :], 1)
    taken &= weight[:, None] * weight[None, :] > _LEAST_WEIGHT
    return rows[np.argwhere(taken)], cosine_distances(look, look)[taken]
