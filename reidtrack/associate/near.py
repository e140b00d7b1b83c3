"""Which looks lie near each other, exactly and in blocks: no matrix of all distances is ever made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.types import DoubleArray, IntArray

_BLOCK = 1024


class NearPairs(NamedTuple):
    """All pairs of looks up to a distance.

    Attributes:
        pairs: (P, 2) rows i < j, sorted.
        distance: (P,) cosine distance, `limit` or less.
        limit: Nothing is known of pairs beyond.
    """

    pairs: IntArray
    distance: DoubleArray
    limit: float


def near_pairs(look: DoubleArray, limit: float) -> NearPairs:
    """Find all pairs up to a cosine distance.

    Args:
        look: (N, D) unit rows; zero rows have no distance to anybody.
        limit: The distance.
    """
    known = np.flatnonzero(look.any(axis=1))
    pairs, distances = [np.zeros((0, 2), np.int64)], [np.zeros(0)]
    for first in _blocks(len(known)):
        for second in _blocks(len(known), first.start):
            rows, columns = known[first], known[second]
            distance = cosine_distances(look[rows], look[columns])
            i, j = np.nonzero(distance <= limit)
            found = np.stack([rows[i], columns[j]], axis=1)
            once = found[:, 0] < found[:, 1]
            pairs.append(found[once])
            distances.append(distance[i, j][once])
    together, distance = np.concatenate(pairs), np.concatenate(distances)
    order = np.lexsort((together[:, 1], together[:, 0]))
    return NearPairs(together[order], distance[order], limit)


def nearest_others(look: DoubleArray, label: IntArray, rows: IntArray, near: NearPairs) -> DoubleArray:
    """Distance from some looks to the nearest one of another label.

    Args:
        look: (N, D) unit rows, or zero.
        label: (N,).
        rows: (R,) those to look from, none of them zero.
        near: Of these looks; whoever has none of another label among them looks at all.

    Returns:
        (R,) cosine distances; infinity where there is nobody else.
    """
    least = np.full(len(look), np.inf)
    apart = label[near.pairs[:, 0]] != label[near.pairs[:, 1]]
    for side in (0, 1):
        np.minimum.at(least, near.pairs[apart, side], near.distance[apart])
    far = rows[least[rows] > near.limit]
    least[far] = _nearest_of_all(look, label, far)
    return least[rows]


def _nearest_of_all(look: DoubleArray, label: IntArray, rows: IntArray) -> DoubleArray:
    known = np.flatnonzero(look.any(axis=1))
    least = np.full(len(rows), np.inf)
    for first in _blocks(len(rows)):
        for second in _blocks(len(known)):
            own, others = rows[first], known[second]
            distance = cosine_distances(look[own], look[others])
            distance[label[own][:, None] == label[others]] = np.inf
            least[first] = np.minimum(least[first], distance.min(axis=1))
    return least


def _blocks(count: int, first: int = 0) -> Iterator[slice]:
    for start in range(first, count, _BLOCK):
        yield slice(start, min(start + _BLOCK, count))
