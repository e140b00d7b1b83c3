"""Who is next to whom, where most pairs have nothing to do with each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reidtrack.types import DoubleArray, IntArray


class Adjacency(NamedTuple):
    """The neighbours of each of N things, in compressed rows.

    Attributes:
        start: (N + 1,) where each one's neighbours begin.
        other: (2 P,) the neighbours, increasing for each.
        value: (2 P,) what belongs to the pair.
    """

    start: IntArray
    other: IntArray
    value: DoubleArray

    @classmethod
    def of(cls, count: int, pairs: IntArray, value: DoubleArray) -> Adjacency:
        """Both directions of some pairs.

        Args:
            count: N.
            pairs: (P, 2), each pair once.
            value: (P,).
        """
        rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
        order = np.lexsort((columns, rows))
        start = np.searchsorted(rows[order], np.arange(count + 1))
        return cls(start.astype(np.int64), columns[order], np.concatenate([value, value])[order])

    def neighbours(self, i: int) -> IntArray:
        """Of `i`, increasing."""
        return self.other[self.start[i] : self.start[i + 1]]

    def values(self, i: int) -> DoubleArray:
        """Of the pairs of `i` with its neighbours."""
        return self.value[self.start[i] : self.start[i + 1]]
