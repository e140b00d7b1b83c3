"""Cutting tracklets in which the tracker went over from one person to another.

A tracker that knows motion alone can leave one person for another where they cross. The appearances before and after
then differ as those of two people do: far more than one person's do over a tracklet. Cutting is worth 5.8 points of
cross-camera IDF1 over five recordings (docs/results/association.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from reidtrack.associate.appearance import unit
from reidtrack.types import DoubleArray, Tracklet

LEAST_FEATURES = 3
"""Fewer features on either side of a cut are no evidence; not tuned."""


def split_switched(
    tracklets: Sequence[Tracklet], bias: Callable[[int], DoubleArray], threshold: float
) -> list[Tracklet]:
    """Tracklets, cut where their appearance changes from one person's to another's.

    Args:
        tracklets: Tracklets of all cameras.
        bias: Index of a tracklet to the bias (D,) of its camera, found without the tracklet; taken away before features
            are compared.
        threshold: Cosine distance between the mean appearances before and after a cut, 0..2, from which on they are two
            people's; 2 cuts nothing.

    Returns:
        The tracklets in their order, each cut one replaced by its parts: the first keeps the track id, the others get
        the camera's next free ones.
    """
    free: dict[str, int] = {}
    for tracklet in tracklets:
        free[tracklet.camera] = max(free.get(tracklet.camera, 1), tracklet.track_id + 1)
    result = []
    for row, tracklet in enumerate(tracklets):
        parts = _cut(tracklet, bias(row), threshold)
        result.append(parts[0])
        for part in parts[1:]:
            result.append(replace(part, track_id=free[part.camera], split_from=tracklet.logged_id))
            free[part.camera] += 1
    return result


def _cut(tracklet: Tracklet, bias: DoubleArray, threshold: float) -> list[Tracklet]:
    """The parts of one tracklet, by time; the tracklet itself where nothing is cut."""
    features = unit(tracklet.features.astype(np.float64) - bias) if len(tracklet.features) else np.zeros((0, 0))
    weight = tracklet.feature_quality.astype(np.float64) + 1e-3
    cuts = sorted(_cuts(features, weight, 0, len(features), threshold))
    if not cuts:
        return [tracklet]
    edges = [0, *cuts, len(features)]
    # A cut lies half-way between the frames of the features on its two sides.
    bounds = [-1, *((tracklet.feature_frame[k - 1] + tracklet.feature_frame[k]) // 2 for k in cuts), tracklet.frame[-1]]
    return [
        tracklet.part((tracklet.frame > low) & (tracklet.frame <= high), slice(*span))
        for (low, high), span in zip(pairwise(bounds), pairwise(edges), strict=True)
    ]


def _cuts(features: DoubleArray, weight: DoubleArray, first: int, last: int, threshold: float) -> list[int]:
    """Indices of the features from `first` to `last` with which a new person begins."""
    starts = np.arange(first + LEAST_FEATURES, last - LEAST_FEATURES + 1)
    if not len(starts):
        return []
    sums = np.cumsum(weight[first:last, None] * features[first:last], axis=0)
    before = sums[starts - first - 1]
    distance = 1 - np.sum(unit(before) * unit(sums[-1] - before), axis=1)
    # Of cuts that part the appearances alike, the one that leaves the longer parts on both sides is meant.
    balance = np.sqrt((starts - first) * (last - starts)) / (last - first)
    best = int((distance * balance).argmax())
    if distance[best] < threshold:
        return []
    start = int(starts[best])
    left = _cuts(features, weight, first, start, threshold)
    return [*left, start, *_cuts(features, weight, start, last, threshold)]
