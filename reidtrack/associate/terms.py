"""All evidence of a recording in one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.clustering.pair_keys import PairValues, keys
from reidtrack.associate.evidence import PairTerms
from reidtrack.types import DoubleArray, IntArray

LOG_ODDS = "log_odds"
"""Name, among a link's terms, of what all evidence beside looks says together."""


class Terms(NamedTuple):
    """What several sources say of the pairs of N tracklets.

    Attributes:
        log_odds: Their sum, of pairs that may be one person.
        clash: (Q, 2) pairs that cannot be one person, each once, the lower first.
        values: Named measurements; of a pair that several sources measure under one name, any.
    """

    log_odds: PairValues
    clash: IntArray
    values: dict[str, tuple[IntArray, DoubleArray]]

    @classmethod
    def of(cls, count: int, said: Sequence[PairTerms]) -> Terms:
        """Add up.

        Args:
            count: N.
            said: By each source.
        """
        pairs = np.concatenate([np.zeros((0, 2), np.int64), *(part.pairs for part in said)])
        odds = np.concatenate([np.zeros(0), *(part.log_odds for part in said)])
        never = odds == -np.inf
        clash = np.unique(pairs[never], axis=0)
        return cls(PairValues.of(count, pairs[~never], odds[~never]), clash, _columns(count, said))

    def of_pair(self, a: int, b: int) -> dict[str, float]:
        """What is known of one pair: `LOG_ODDS` and every measurement; empty where nothing is."""
        found = {}
        key = int(keys(np.array([[a, b]]), self.log_odds.count)[0])
        for name, (known, value) in (*self.values.items(), (LOG_ODDS, (self.log_odds.key, self.log_odds.value))):
            place = int(np.searchsorted(known, key))
            if place < len(known) and known[place] == key:
                found[name] = float(value[place])
        return found


def _columns(count: int, said: Sequence[PairTerms]) -> dict[str, tuple[IntArray, DoubleArray]]:
    """For each name the keys of the measured pairs, increasing, and the measurements."""
    columns = {}
    for name in sorted({name for part in said for name in part.values}):
        sources = [part for part in said if name in part.values]
        key = np.concatenate([keys(part.pairs, count) for part in sources])
        value = np.concatenate([part.values[name] for part in sources])
        known, first = np.unique(key[~np.isnan(value)], return_index=True)
        columns[name] = known, value[~np.isnan(value)][first]
    return columns
