"""Distances that a calibration is found from: between cameras, and between the halves of single tracklets.

Up to 1,400 tracklets all pairs are taken. Beyond, tracklets are shuffled by a fixed seed and put into lots whose pairs
are taken: each is compared with as many others drawn at random, half a million to a million pairs in all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import cosine_distances, unit
from reidtrack.types import DoubleArray, IntArray, Tracklet

_LEAST_WEIGHT = 0.2
"""Pairs of tracklets that count less together are left out: a few blurred crops say little. Not tuned."""
_MOST_PAIRS = 1_000_000
"""Pairs that are taken in all; bounds time and memory."""
LEAST_FEATURES = 4
"""A tracklet of fewer features has no halves to speak of; not tuned."""
_MOST_HALVES = 5000
"""Of more tracklets, every so many are halved; bounds time."""


class CrossPairs(NamedTuple):
    """Pairs of tracklets in two cameras.

    Attributes:
        pairs: (P, 2) indices of the tracklets.
        camera: (P, 2) camera indices of both.
        distance: (P,) cosine distance.
        weight: (P,) how much each counts.
        whole: Whether these are all there are.
    """

    pairs: IntArray
    camera: IntArray
    distance: DoubleArray
    weight: DoubleArray
    whole: bool


def cross_pairs(appearance: DoubleArray, camera: IntArray, weight: DoubleArray) -> CrossPairs:
    """Pairs of tracklets in two cameras that have enough weight.

    Args:
        appearance: (N, D) unit rows, or zero where nothing is known.
        camera: (N,) camera index of each tracklet.
        weight: (N,) in 0..1; pairs of little weight are left out.
    """
    lots = _lots(np.flatnonzero(appearance.any(axis=1)))
    found = [_across(lot, appearance[lot], camera[lot], weight[lot]) for lot in lots]
    pairs, distance = (np.concatenate(column) for column in zip(*found, strict=True))
    return CrossPairs(pairs, camera[pairs], distance, weight[pairs].prod(axis=1), len(lots) == 1)


def _lots(rows: IntArray) -> list[IntArray]:
    """Rows in lots that have about `_MOST_PAIRS` pairs together; one lot where all pairs are fewer."""
    count = math.ceil(len(rows) ** 2 / (2 * _MOST_PAIRS))
    return [rows] if count < 2 else np.array_split(np.random.default_rng(0).permutation(rows), count)


def _across(
    rows: IntArray, appearance: DoubleArray, camera: IntArray, weight: DoubleArray
) -> tuple[IntArray, DoubleArray]:
    taken = np.triu(camera[:, None] != camera[None, :], 1)
    taken &= weight[:, None] * weight[None, :] > _LEAST_WEIGHT
    return rows[np.argwhere(taken)], cosine_distances(appearance, appearance)[taken]


def half_distances(tracklets: Sequence[Tracklet], bias: Callable[[int], DoubleArray]) -> DoubleArray:
    """Cosine distance between the mean appearances of both halves of each tracklet with enough features: (H,).

    The halves lie as far apart in time as they can: how far one tracklet lies from itself.

    Args:
        tracklets: N of them.
        bias: Index of a tracklet to the bias (D,) of its camera, found without the tracklet.
    """
    step = 1 + len(tracklets) // _MOST_HALVES
    found = []
    for i in range(0, len(tracklets), step):
        tracklet = tracklets[i]
        if len(tracklet.features) >= LEAST_FEATURES:
            middle = len(tracklet.features) // 2
            rows = unit(tracklet.features.astype(np.float64) - bias(i))
            weight = (tracklet.feature_quality.astype(np.float64) + 1e-3) ** 2
            ends = unit(np.stack([weight[part] @ rows[part] for part in (slice(middle), slice(-middle, None))]))
            found.append(1 - float(ends[0] @ ends[1]))
    return np.array(found, np.float64)
