"""What speaks for or against two tracklets being one person beside their appearance: space, time, the plan view.

All evidence is put into one unit, the natural logarithm of how much likelier a pair is if both are one person; it adds
up, and with the calibrated log-odds of the appearance gives the probability of a link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from reidtrack.associate.clustering.pairs import PairValues, pair_keys
from reidtrack.types import DoubleArray, IntArray, Tracklet

LOG_ODDS = "log_odds"
"""Name, among a link's terms, of the sum of all evidence beside appearance."""


@dataclass(frozen=True, eq=False, slots=True)
class PairTerms:
    """What one source says of some pairs; it knows nothing of all others.

    Attributes:
        pairs: (P, 2) indices i < j of the tracklets, each pair once.
        log_odds: (P,) natural logarithm of the likelihood ratio, above zero for one person; minus infinity where both
            cannot be one person.
        values: Named measurements (P,) for people to read, such as `travel_s` or `ground_m`; nan where there is none.
    """

    pairs: IntArray
    log_odds: DoubleArray
    values: Mapping[str, DoubleArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.pairs.ndim != 2 or self.pairs.shape[1] != 2 or (self.pairs[:, 0] >= self.pairs[:, 1]).any():
            raise ValueError(f"PairTerms.pairs: expected (P, 2) with i < j, got shape {self.pairs.shape}")
        columns = {"log_odds": self.log_odds, **self.values}
        for name, column in columns.items():
            if column.shape != (len(self.pairs),):
                raise ValueError(f"PairTerms.{name}: expected shape ({len(self.pairs)},), got {column.shape}")

    @classmethod
    def none(cls) -> PairTerms:
        """Terms of no pairs."""
        return cls(np.zeros((0, 2), np.int64), np.zeros(0))


def sum_terms(parts: Sequence[PairTerms]) -> PairTerms:
    """Sum of the terms of several sources; a measurement that several give under one name is that of the first."""
    if not parts:
        return PairTerms.none()
    pairs, index = np.unique(np.concatenate([p.pairs for p in parts]), axis=0, return_inverse=True)
    index = index.reshape(-1)
    odds = np.zeros(len(pairs))
    np.add.at(odds, index, np.concatenate([p.log_odds for p in parts]))
    values: dict[str, DoubleArray] = {}
    starts = np.cumsum([0, *(len(p.pairs) for p in parts)])
    for part, first in zip(parts, starts, strict=False):
        for name, column in part.values.items():
            known = values.setdefault(name, np.full(len(pairs), np.nan))
            rows = index[first : first + len(column)]
            known[rows] = np.where(np.isnan(known[rows]), column, known[rows])
    return PairTerms(pairs, odds, values)


class Evidence(Protocol):
    """A source of evidence; may learn from a first clustering by appearance alone."""

    def __call__(self, tracklets: Sequence[Tracklet], label: IntArray, appearance: DoubleArray, /) -> PairTerms:
        """Judge pairs.

        Args:
            tracklets: N of them, sorted by time.
            label: (N,) cluster of each by appearance alone, from 0.
            appearance: (N, D) unit rows, zero where nothing was embedded.
        """
        ...


class EvidenceTable(NamedTuple):
    """What all sources together say of the pairs of N tracklets.

    Attributes:
        log_odds: Their sum, for pairs that may be one person.
        cannot_link: (Q, 2) pairs that cannot be one person, each once, the lower first.
        values: Name of a measurement to the `pair_keys` of the pairs that have it, increasing, and its values; where
            several sources measure a pair under one name, that of the first.
    """

    log_odds: PairValues
    cannot_link: IntArray
    values: dict[str, tuple[IntArray, DoubleArray]]

    @classmethod
    def of(cls, count: int, sources: Sequence[PairTerms]) -> EvidenceTable:
        """Add up what the sources say of `count` tracklets."""
        pairs = np.concatenate([np.zeros((0, 2), np.int64), *(terms.pairs for terms in sources)])
        odds = np.concatenate([np.zeros(0), *(terms.log_odds for terms in sources)])
        never = odds == -np.inf
        cannot_link = np.unique(pairs[never], axis=0)
        return cls(PairValues.of(count, pairs[~never], odds[~never]), cannot_link, _columns(count, sources))

    def of_pair(self, a: int, b: int) -> dict[str, float]:
        """Name to value of all that is known of one pair, `LOG_ODDS` and every measurement; empty where nothing is."""
        found = {}
        key = int(pair_keys(np.array([[a, b]]), self.log_odds.count)[0])
        for name, (known, value) in (*self.values.items(), (LOG_ODDS, (self.log_odds.key, self.log_odds.value))):
            index = int(np.searchsorted(known, key))
            if index < len(known) and known[index] == key:
                found[name] = float(value[index])
        return found


def _columns(count: int, sources: Sequence[PairTerms]) -> dict[str, tuple[IntArray, DoubleArray]]:
    """For each name the keys of the measured pairs, increasing, and the measurements."""
    columns = {}
    for name in sorted({name for terms in sources for name in terms.values}):
        having = [terms for terms in sources if name in terms.values]
        key = np.concatenate([pair_keys(terms.pairs, count) for terms in having])
        value = np.concatenate([terms.values[name] for terms in having])
        known, first = np.unique(key[~np.isnan(value)], return_index=True)
        columns[name] = known, value[~np.isnan(value)][first]
    return columns
