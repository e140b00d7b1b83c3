"""What evidence said of pairs when it was last asked, for clusterings in between: asking it takes longest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidtrack.associate.evidence import Evidence, PairTerms, sum_terms
from reidtrack.types import DoubleArray, IntArray, Tracklet


class RememberedEvidence:
    """Several sources of evidence as one, whose answers can be asked for again.

    Args:
        sources: The sources.
    """

    def __init__(self, sources: Sequence[Evidence]) -> None:
        self._sources = sources
        self._first, self._second = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self._log_odds: DoubleArray = np.zeros(0)
        self.names: IntArray = np.zeros(0, np.int64)

    def __call__(self, tracklets: Sequence[Tracklet], label: IntArray, appearance: DoubleArray) -> PairTerms:
        """Judge pairs, and remember it by `names`, which are those of these tracklets (N,)."""
        terms = sum_terms([judge(tracklets, label, appearance) for judge in self._sources])
        self._first, self._second = self.names[terms.pairs].T.reshape(2, -1)
        self._log_odds = terms.log_odds
        return terms

    def again(self, names: IntArray) -> PairTerms:
        """What was said of those of some tracklets, by name (N,), that were there; nothing of others."""
        order = np.argsort(names, kind="stable")
        index = [self._index(names, order, column) for column in (self._first, self._second)]
        there = (index[0] >= 0) & (index[1] >= 0)
        pairs = np.sort(np.stack(index, axis=1)[there], axis=1)
        return PairTerms(pairs, self._log_odds[there])

    @staticmethod
    def _index(names: IntArray, order: IntArray, wanted: IntArray) -> IntArray:
        """Index of each wanted name (P,) among others (N,), -1 where it is not there."""
        if not len(names):
            return np.full(len(wanted), -1)
        at = np.minimum(np.searchsorted(names[order], wanted), len(names) - 1)
        found = order[at]
        return np.where(names[found] == wanted, found, -1)
