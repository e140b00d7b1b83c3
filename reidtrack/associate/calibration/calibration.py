"""What a calibration says: thresholds, probabilities, how often a threshold errs, how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from reidtrack.associate.calibration.mixture import EDGES, Mixture
from reidtrack.types import DoubleArray

CHOSEN = 2.0
"""Log-odds that it adds to a pair that the assignment chose it, from among all that either might have been given.

A pair at the threshold is as likely one person as not if it is chosen. Measured: docs/results/calibration.md."""
EVERYWHERE = ("*", "*")
_SMOOTH = 20.0
_GRID = np.round(np.arange(0.2, 1.2001, 0.02), 2)

Confidence = Literal["good", "fair", "poor"]


@dataclass(frozen=True, slots=True)
class RocPoint:
    """What a threshold does.

    Attributes:
        threshold: Cosine distance.
        false_accept: Share of pairs of two people that lie within it.
        false_reject: Share of one person's pairs that lie beyond it.
    """

    threshold: float
    false_accept: float
    false_reject: float


@dataclass(frozen=True, eq=False, slots=True)
class PairCalibration:
    """What distances mean between two cameras.

    Attributes:
        cameras: Their names, sorted; `EVERYWHERE` for all pairs together.
        positives: Tracklets of the two that are each other's nearest beyond doubt.
        negatives: Pairs known to be two people: together in one camera (for all), or beside such a match (between two).
        slope: Log-odds for each unit of distance.
        midpoint: Distance at which any pair is as likely one person as not.
        mixture: How the distances are distributed.
        same: (B,) pairs in the bins of `mixture.EDGES`, as many as are expected to be one person's.
        different: (B,) the others.
    """

    cameras: tuple[str, str]
    positives: int
    negatives: int
    slope: float
    midpoint: float
    mixture: Mixture
    same: DoubleArray
    different: DoubleArray

    def rates(self, threshold: DoubleArray) -> list[RocPoint]:
        """What thresholds do to these pairs, and `_SMOOTH` more of either kind that lie as the mixture has it."""
        within = _within(self.different, threshold) + _SMOOTH * self.mixture.false_accept(threshold)
        beyond = self.same.sum() - _within(self.same, threshold) + _SMOOTH * self.mixture.false_reject(threshold)
        accept, reject = within / (self.different.sum() + _SMOOTH), beyond / (self.same.sum() + _SMOOTH)
        columns = (column.tolist() for column in (threshold, accept, reject))
        return [RocPoint(*point) for point in zip(*columns, strict=True)]

    def roc(self) -> list[RocPoint]:
        """Both rates at thresholds from 0.2 to 1.2."""
        return self.rates(_GRID)


@dataclass(frozen=True, eq=False, slots=True)
class Calibration:
    """What distances mean in a recording.

    Attributes:
        threshold: Largest distance at which a chosen pair of two cameras is rather one person than two.
        same_camera_threshold: The same within a camera.
        source: Whether the threshold in use was found or given.
        confidence: How far to trust it, in a word.
        reason: And why, in words.
        everywhere: Of all pairs of cameras.
        pairs: Of each pair that has any.
        together: Pairs seen together in one camera, of which looks are known.
        together_within: How many of them lie within the threshold, which nobody should.
        moved: By how much corrections moved the threshold; probabilities go with it.
        halves: Visits whose halves were compared.
        halves_within: How many of them lie within the threshold of each other, as they should.
        by_default: Whether the prior alone gave the threshold, for want of pairs.
        chosen: Log-odds that it adds to a pair to have been chosen.
    """

    threshold: float
    same_camera_threshold: float
    source: Literal["auto", "fixed"]
    confidence: Confidence
    reason: str
    everywhere: PairCalibration
    pairs: dict[tuple[str, str], PairCalibration] = field(default_factory=dict)
    together: int = 0
    together_within: int = 0
    moved: float = 0.0
    halves: int = 0
    halves_within: int = 0
    by_default: bool = False
    chosen: float = CHOSEN

    @property
    def slope(self) -> float:
        """Log-odds that a unit of distance is worth."""
        return self.everywhere.slope

    def log_odds(self, distance: float, camera_a: str, camera_b: str) -> float:
        """Of a pair that was chosen, by its looks alone.

        Args:
            distance: Cosine distance with casts removed.
            camera_a: Where one was seen.
            camera_b: Where the other was.
        """
        if camera_a == camera_b:
            return self.everywhere.slope * (self.same_camera_threshold - distance)
        pair = self.pairs.get((min(camera_a, camera_b), max(camera_a, camera_b)), self.everywhere)
        return pair.slope * (pair.midpoint + self.moved - distance) + self.chosen

    def probability(self, distance: float, camera_a: str, camera_b: str, log_odds: float = 0.0) -> float:
        """That a pair which was chosen is one person, in 0..1.

        Args:
            distance: See `log_odds`.
            camera_a: See `log_odds`.
            camera_b: See `log_odds`.
            log_odds: What else speaks for it.
        """
        total = self.log_odds(distance, camera_a, camera_b) + log_odds
        return float(1 / (1 + np.exp(-np.clip(total, -50, 50))))

    def rates(self, threshold: float | None = None) -> RocPoint:
        """False accepts and rejects between any two cameras, at the threshold in use unless another is named."""
        return self.everywhere.rates(np.array([self.threshold if threshold is None else threshold]))[0]

    def threshold_for(self, false_accept: float) -> float:
        """The largest threshold that takes no larger share of pairs of two people for one."""
        return max(
            (point.threshold for point in self.everywhere.rates(EDGES) if point.false_accept <= false_accept),
            default=0.0,
        )


def _within(counts: DoubleArray, threshold: DoubleArray) -> DoubleArray:
    """How many of some binned pairs lie within thresholds."""
    within: DoubleArray = np.interp(threshold, EDGES, np.concatenate([[0.0], np.cumsum(counts)]))
    return within
