"""Tracklets to people: rounds of Hungarian assignment, in which groups that agree on each other become one.

A pair's cost is its appearance distance minus the threshold of its kind (one camera or two), so that below zero it
speaks for one person; a pair that stands in one camera at the same time is forbidden. Groups cost each other the
weighted mean of their pairs (average linkage): a chain of lucky pairs does not pull two people together. Each round
assigns all groups to each other at once; what is matched both ways is joined, costs are averaged, and the next round
follows until nothing below zero is left. What late evidence speaks against is mended at the end (`refine`).
"""

from __future__ import annotations

import numpy as np

from reidtrack.assign import assign
from reidtrack.associate.refine import refine
from reidtrack.types import BoolArray, DoubleArray, IntArray

_FORBIDDEN = np.inf


def group(cost: DoubleArray, clash: BoolArray, weight: DoubleArray) -> IntArray:
    """Join tracklets to people.

    Args:
        cost: (N, N) symmetric; below zero speaks for one person, infinity says nothing is known.
        clash: (N, N) symmetric; pairs that cannot be one person.
        weight: (N,) above zero; how much a tracklet counts in the mean of its group.

    Returns:
        (N,) number of each tracklet's group, from 0, in the order of their first tracklets.
    """
    return refine(_join(cost, clash, weight), cost, clash, weight)


def _join(cost: DoubleArray, clash: BoolArray, weight: DoubleArray) -> IntArray:
    """Rounds of mutual assignment between groups."""
    n = len(cost)
    label = np.arange(n, dtype=np.int64)
    alive = np.arange(n, dtype=np.int64)
    mean, mass = np.where(clash, _FORBIDDEN, cost).astype(np.float64), weight.astype(np.float64).copy()
    np.fill_diagonal(mean, _FORBIDDEN)
    while len(alive) > 1:
        pairs = _mutual_pairs(mean[np.ix_(alive, alive)])
        if not len(pairs):
            break
        for a, b in alive[pairs]:
            row = (mass[a] * mean[a] + mass[b] * mean[b]) / (mass[a] + mass[b])
            mean[a], mean[:, a] = row, row
            mean[a, a] = _FORBIDDEN
            mass[a] += mass[b]
            label[label == b] = a
        alive = np.setdiff1d(alive, alive[pairs[:, 1]])
    return label


def _mutual_pairs(mean: DoubleArray) -> IntArray:
    """Pairs (a < b) that the assignment of all groups to all others gives to each other; the best one if none does.

    Pairs of one round are joined together, so those that a better neighbour contests wait: a pair is taken only if
    neither side has a cheaper partner.
    """
    match = assign(mean, 0.0).pairs
    partner = np.full(len(mean), -1, np.int64)
    partner[match[:, 0]] = match[:, 1]
    rows = np.flatnonzero(partner >= 0)
    mutual = rows[(partner[partner[rows]] == rows) & (rows < partner[rows])]
    pairs = np.stack([mutual, partner[mutual]], axis=1)
    best = mean.min(axis=1)
    settled = mean[pairs[:, 0], pairs[:, 1]] <= np.minimum(best[pairs[:, 0]], best[pairs[:, 1]])
    if settled.any():
        chosen: IntArray = pairs[settled]
        return chosen
    a, b = divmod(int(mean.argmin()), len(mean))
    return np.array([[min(a, b), max(a, b)]], np.int64) if mean[a, b] <= 0 else np.zeros((0, 2), np.int64)
