"""What speaks for or against two tracklets being one person beside their looks: space, time, the plan view.

All evidence is put into one unit, the natural logarithm of how much likelier a pair is if both are one person; it adds
up, and with the calibrated log-odds of the looks gives the probability of a link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from reidtrack.types import DoubleArray, IntArray, Tracklet


@dataclass(frozen=True, eq=False, slots=True)
class PairTerms:
    """What some pairs have beside their looks; nothing is known of all others.

    Attributes:
        pairs: (P, 2) rows i < j of the tracklets, each pair once.
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
        """No pairs."""
        return cls(np.zeros((0, 2), np.int64), np.zeros(0))


class Evidence(Protocol):
    """A source of evidence; may learn from who was put together by looks alone."""

    def __call__(self, tracklets: Sequence[Tracklet], label: IntArray, look: DoubleArray) -> PairTerms:
        """Judge pairs.

        Args:
            tracklets: N of them, sorted by time.
            label: (N,) who is who so far, from 0.
            look: (N, D) unit rows, zero where nothing was embedded.
        """
        ...
