"""Sparse tables over pairs of things: one key for each pair, values of the few pairs that have one, neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reidtrack.types import DoubleArray, IntArray


def pair_keys(pairs: IntArray, count: int) -> IntArray:
    """One number (P,) for each pair (P, 2) of `count` things, whichever of the two comes first."""
    a, b = pairs[:, 0], pairs[:, 1]  # a reduction over two columns takes many times as long
    keys: IntArray = np.minimum(a, b) * count + np.maximum(a, b)
    return keys


def distinct_keys(key: IntArray) -> IntArray:
    """Each of some keys (P,) once, increasing; `np.unique`, which hashes, takes many times as long for millions."""
    ordered = np.sort(key)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def unique_pairs(pairs: IntArray, count: int) -> tuple[IntArray, IntArray]:
    """Pairs of two different things, each once, the lower first, sorted; and the rows (P,) they are taken from."""
    key, row = np.unique(pair_keys(pairs, count), return_index=True)
    found = np.stack(np.divmod(key, max(count, 1)), axis=1)
    two = found[:, 0] != found[:, 1]
    return found[two], row[two]


@dataclass(frozen=True, eq=False, slots=True)
class PairValues:
    """A number for some pairs of N things, zero for all others.

    Attributes:
        count: N.
        key: (P,) `pair_keys` of the pairs, increasing.
        value: (P,).
    """

    count: int
    key: IntArray
    value: DoubleArray

    @classmethod
    def of(cls, count: int, pairs: IntArray, value: DoubleArray) -> PairValues:
        """Make the table; values of a pair that is named several times add up, a thing paired with itself is dropped.

        Args:
            count: N.
            pairs: (P, 2) in either order.
            value: (P,).
        """
        two = pairs[:, 0] != pairs[:, 1]
        key, index = np.unique(pair_keys(pairs[two], count), return_inverse=True)
        return cls(count, key, np.asarray(np.bincount(index, value[two], len(key)), np.float64))

    def __len__(self) -> int:
        return len(self.key)

    @property
    def pairs(self) -> IntArray:
        """The pairs (P, 2), the lower first, sorted."""
        return np.stack(np.divmod(self.key, max(self.count, 1)), axis=1)

    def at(self, pairs: IntArray) -> DoubleArray:
        """Values (Q,) of pairs (Q, 2)."""
        if not len(self.key):
            return np.zeros(len(pairs))
        wanted = pair_keys(pairs, self.count)
        index = np.minimum(np.searchsorted(self.key, wanted), len(self.key) - 1)
        return np.where(self.key[index] == wanted, self.value[index], 0.0)

    def merged(self, cluster: IntArray, count: int) -> PairValues:
        """Sums over pairs of clusters, where thing `i` is in cluster `cluster[i]` of `count`."""
        if not len(self):
            return PairValues(count, self.key, self.value)
        return PairValues.of(count, cluster[self.pairs], self.value)

    def times(self, weight: DoubleArray) -> PairValues:
        """The table with each value times the weights (N,) of its two things."""
        return PairValues(self.count, self.key, self.value * weight[self.pairs].prod(axis=1))


class Adjacency(NamedTuple):
    """The neighbours of each of N things, in compressed rows.

    Attributes:
        start: (N + 1,) index in `other` of each one's first neighbour.
        other: (2 P,) the neighbours, increasing for each thing.
        value: (2 P,) what belongs to the pair.
    """

    start: IntArray
    other: IntArray
    value: DoubleArray

    @classmethod
    def of(cls, count: int, pairs: IntArray, value: DoubleArray | None = None) -> Adjacency:
        """Make the rows from pairs, in both directions.

        Args:
            count: N.
            pairs: (P, 2), each pair once.
            value: (P,); None is 1 for all.
        """
        value = np.ones(len(pairs)) if value is None else value
        rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
        order = np.lexsort((columns, rows))
        start = np.searchsorted(rows[order], np.arange(count + 1))
        return cls(start.astype(np.int64), columns[order], np.concatenate([value, value])[order])

    def neighbours(self, i: int) -> IntArray:
        """Neighbours of `i`, increasing."""
        return self.other[self.start[i] : self.start[i + 1]]

    def values(self, i: int) -> DoubleArray:
        """Values of the pairs of `i` with its neighbours, in their order."""
        return self.value[self.start[i] : self.start[i + 1]]
