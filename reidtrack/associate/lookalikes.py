"""People who were seen side by side and whom appearance cannot tell apart."""

from __future__ import annotations

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.associate.clustering.pairs import pair_keys
from reidtrack.types import DoubleArray, IntArray

_LEAST_PAIRS = 4
"""From fewer pairs of one person's tracklets it does not follow how far those lie apart."""
_ALIKE = 1.1
"""Two whose tracklets lie apart by less than so many times what each one's own do are alike; not tuned."""
_MOST = 50
"""Tracklets of a person that are looked at; bounds time."""


def lookalikes(
    label: IntArray, appearance: DoubleArray, side_by_side: IntArray, same: float = 0.0
) -> list[tuple[int, int]]:
    """Pairs of clusters, lower first and sorted, that are surely two people and that appearance cannot tell apart.

    Their tracklets are as near to each other's as to their own, so which is whose was decided by place and time, or by
    nothing.

    Args:
        label: (N,) cluster of each tracklet, from 0.
        appearance: (N, D) unit rows; zero where nothing is known.
        side_by_side: (P, 2) tracklets that are two people whatever they look like.
        same: How far apart one person's tracklets usually lie here: for those who have too few of their own to tell.
    """
    count = int(label.max(initial=-1)) + 1
    pairs = np.sort(label[side_by_side], axis=1)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    unique = np.unique(pair_keys(pairs, count)) if len(pairs) else np.zeros(0, np.int64)
    known = appearance.any(axis=1)
    rows = {c: np.flatnonzero((label == c) & known)[:_MOST] for c in {*(unique // count), *(unique % count)}}
    found = [divmod(int(key), count) for key in unique]
    return [(a, b) for a, b in found if _alike(appearance[rows[a]], appearance[rows[b]], same)]


def _alike(a: DoubleArray, b: DoubleArray, same: float) -> bool:
    if not len(a) or not len(b):
        return False
    own = np.concatenate([_own(a), _own(b)])
    usual = _ALIKE * float(np.median(own)) if len(own) >= _LEAST_PAIRS else same
    return bool(np.median(cosine_distances(a, b)) < usual)


def _own(rows: DoubleArray) -> DoubleArray:
    distance: DoubleArray = cosine_distances(rows, rows)[np.triu_indices(len(rows), 1)]
    return distance
