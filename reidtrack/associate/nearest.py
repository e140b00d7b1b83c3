"""Which appearances lie near each other, exactly and in blocks: no matrix of all distances is ever made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.types import DoubleArray, IntArray

_BLOCK = 1024
"""Rows that are compared at once; bounds memory, changes no result."""


class NearPairs(NamedTuple):
    """All pairs of appearances up to a distance.

    Attributes:
        pairs: (P, 2) indices i < j, sorted.
        distance: (P,) cosine distance, `limit` or less.
        limit: Nothing is known of pairs beyond.
    """

    pairs: IntArray
    distance: DoubleArray
    limit: float


def near_pairs(appearance: DoubleArray, limit: float) -> NearPairs:
    """All pairs up to a cosine distance.

    Args:
        appearance: (N, D) unit rows; zero rows have no distance to anybody.
        limit: The distance.
    """
    known = np.flatnonzero(appearance.any(axis=1))
    pairs, distances = [np.zeros((0, 2), np.int64)], [np.zeros(0)]
    for first in _blocks(len(known)):
        for second in _blocks(len(known), first.start):
            rows, columns = known[first], known[second]
            distance = cosine_distances(appearance[rows], appearance[columns])
            i, j = np.nonzero(distance <= limit)
            found = np.stack([rows[i], columns[j]], axis=1)
            once = found[:, 0] < found[:, 1]
            pairs.append(found[once])
            distances.append(distance[i, j][once])
    near, distance = np.concatenate(pairs), np.concatenate(distances)
    order = np.lexsort((near[:, 1], near[:, 0]))
    return NearPairs(near[order], distance[order], limit)


def nearest_others(
    appearance: DoubleArray, label: IntArray, rows: IntArray, near: NearPairs
) -> tuple[IntArray, DoubleArray]:
    """Nearest tracklet of another cluster for each of some tracklets.

    Args:
        appearance: (N, D) unit rows, or zero, which lie at distance 1 from all.
        label: (N,) cluster of each.
        rows: (R,) indices of those to look from.
        near: Near pairs of these appearances; whoever has none of another cluster among them looks at all.

    Returns:
        (R,) indices, of equally near ones the first, and (R,) cosine distances; -1 and infinity where there is nobody.
    """
    least, who = np.full(len(appearance), np.inf), np.full(len(appearance), len(appearance))
    apart = label[near.pairs[:, 0]] != label[near.pairs[:, 1]]
    pairs, distance = near.pairs[apart], near.distance[apart]
    for side in (0, 1):
        np.minimum.at(least, pairs[:, side], distance)
    for side in (0, 1):
        hit = distance == least[pairs[:, side]]
        np.minimum.at(who, pairs[hit, side], pairs[hit, 1 - side])
    far = rows[least[rows] > near.limit]
    who[far], least[far] = _nearest_of_all(appearance, label, far)
    return who[rows], least[rows]


def _nearest_of_all(appearance: DoubleArray, label: IntArray, rows: IntArray) -> tuple[IntArray, DoubleArray]:
    known = np.flatnonzero(appearance.any(axis=1))
    least, who = np.full(len(rows), np.inf), np.full(len(rows), -1)
    for first in _blocks(len(rows)):
        for second in _blocks(len(known)):
            own, others = rows[first], known[second]
            distance = cosine_distances(appearance[own], appearance[others])
            distance[label[own][:, None] == label[others]] = np.inf
            nearest = distance.argmin(axis=1)
            found = distance[np.arange(len(own)), nearest]
            closer = found < least[first]
            least[first] = np.where(closer, found, least[first])
            who[first] = np.where(closer, others[nearest], who[first])
    return who, least


def _blocks(count: int, first: int = 0) -> Iterator[slice]:
    for start in range(first, count, _BLOCK):
        yield slice(start, min(start + _BLOCK, count))
