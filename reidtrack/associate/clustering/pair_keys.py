"""Lists of pairs: each once, under one number; values of the few pairs that have one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reidtrack.types import DoubleArray, IntArray


def keys(pairs: IntArray, count: int) -> IntArray:
    """One number (P,) for each pair (P, 2) of `count` things, whichever comes first in it."""
    numbers: IntArray = pairs.min(axis=1) * count + pairs.max(axis=1)
    return numbers


def once(pairs: IntArray, count: int) -> tuple[IntArray, IntArray]:
    """Pairs of two different things, each once, the lower first, sorted; and the places (P,) they are taken from."""
    key, place = np.unique(keys(pairs, count), return_index=True)
    found = np.stack(np.divmod(key, max(count, 1)), axis=1)
    two = found[:, 0] != found[:, 1]
    return found[two], place[two]


@dataclass(frozen=True, eq=False, slots=True)
class PairValues:
    """A number for some pairs of N things, zero for all others.

    Attributes:
        count: N.
        key: (P,) of each pair, increasing (`keys`).
        value: (P,).
    """

    count: int
    key: IntArray
    value: DoubleArray

    @classmethod
    def of(cls, count: int, pairs: IntArray, value: DoubleArray) -> PairValues:
        """Of pairs (P, 2) with values (P,); those of a pair that is named several times add up, of one thing fall."""
        two = pairs[:, 0] != pairs[:, 1]
        key, place = np.unique(keys(pairs[two], count), return_inverse=True)
        return cls(count, key, np.asarray(np.bincount(place, value[two], len(key)), np.float64))

    def __len__(self) -> int:
        return len(self.key)

    @property
    def pairs(self) -> IntArray:
        """(P, 2) the lower first, sorted."""
        return np.stack(np.divmod(self.key, max(self.count, 1)), axis=1)

    def at(self, pairs: IntArray) -> DoubleArray:
        """Values (Q,) of pairs (Q, 2)."""
        if not len(self.key):
            return np.zeros(len(pairs))
        wanted = keys(pairs, self.count)
        place = np.minimum(np.searchsorted(self.key, wanted), len(self.key) - 1)
        return np.where(self.key[place] == wanted, self.value[place], 0.0)

    def merged(self, into: IntArray, count: int) -> PairValues:
        """The sums over groups: thing `i` is in group `into[i]` of `count`."""
        return (
            PairValues.of(count, into[self.pairs], self.value) if len(self) else PairValues(count, self.key, self.value)
        )

    def times(self, weight: DoubleArray) -> PairValues:
        """Each value times the weights (N,) of its two."""
        return PairValues(self.count, self.key, self.value * weight[self.pairs].prod(axis=1))
