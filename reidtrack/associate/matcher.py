"""Tracklets to people: rounds of Hungarian assignment, in which groups that agree on each other become one.

A pair's cost is its appearance distance minus the threshold of its kind (one camera or two), so that below zero it
speaks for one person; a pair that stands in one camera at the same time is forbidden. Groups cost each other the
weighted mean of their pairs (average linkage): a chain of lucky pairs does not pull two people together. Each round
assigns all groups to each other at once; those given to each other are joined, costs are averaged, and the next round
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
    """Pairs (a < b) that the assignment of all groups to all others gives to each other.

    Besides these, pairs of others that are each other's cheapest: an assignment may run in circles.
    """
    match = assign(mean, 0.0).pairs
    partner = np.full(len(mean), -1, np.int64)
    partner[match[:, 0]] = match[:, 1]
    pairs = _both_ways(partner)
    mean = mean.copy()
    mean[pairs.ravel()] = mean[:, pairs.ravel()] = _FORBIDDEN
    nearest = np.where(mean.min(axis=1) <= 0, mean.argmin(axis=1), -1)
    return np.concatenate([pairs, _both_ways(nearest)])


def _both_ways(partner: IntArray) -> IntArray:
    """Pairs (a < b) with `partner[a] == b` and `partner[b] == a`; -1 is nobody."""
    rows = np.flatnonzero(partner >= 0)
    mutual = rows[(partner[partner[rows]] == rows) & (rows < partner[rows])]
    return np.stack([mutual, partner[mutual]], axis=1)
