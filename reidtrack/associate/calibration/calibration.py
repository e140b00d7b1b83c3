"""What a calibration says: thresholds, probabilities, how often a threshold errs, how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from reidtrack.associate.calibration.mixture import EDGES, Mixture
from reidtrack.types import DoubleArray

CHOSEN = 2.0
"""Log-odds that being chosen by the assignment, from among all that either might have been given, adds to a pair.

A pair at the threshold is as likely one person as not if it is chosen. It was chosen on parts of five recordings
(docs/results/association.md); docs/results/calibration.md says how right the probabilities are."""
EVERYWHERE = ("*", "*")
"""Name of all pairs of cameras together."""
_SMOOTH = 20.0
"""Pairs of either kind that rates are drawn towards the mixture by; not tuned: as many as a pair of cameras' prior."""
_NO_PAIRS = np.zeros(len(EDGES) - 1)
_GRID = np.round(np.arange(0.2, 1.2001, 0.02), 2)
"""Thresholds of the curves for people to look at."""

Confidence = Literal["good", "fair", "poor"]


@dataclass(frozen=True, slots=True)
class RocPoint:
    """How often a threshold errs.

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
        positives: How many pairs are each other's nearest beyond doubt, or said to be one person.
        negatives: How many are known to be two people: together in one camera (for all), or beside such a match
            (between two).
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
        """Error rates at thresholds, of these pairs and `_SMOOTH` more of either kind, spread like the mixture."""
        within = _within(self.different, threshold) + _SMOOTH * self.mixture.false_accept(threshold)
        beyond = self.same.sum() - _within(self.same, threshold) + _SMOOTH * self.mixture.false_reject(threshold)
        accept, reject = within / (self.different.sum() + _SMOOTH), beyond / (self.same.sum() + _SMOOTH)
        columns = (column.tolist() for column in (threshold, accept, reject))
        return [RocPoint(*point) for point in zip(*columns, strict=True)]

    def roc(self) -> list[RocPoint]:
        """Error rates at thresholds from 0.2 to 1.2."""
        return self.rates(_GRID)

    def without_counts(self) -> PairCalibration:
        """The same without numbers of pairs: probabilities are what they were, rates are those of the mixture."""
        return replace(self, same=_NO_PAIRS, different=_NO_PAIRS)


@dataclass(frozen=True, eq=False, slots=True)
class Calibration:
    """What distances mean in a recording.

    Attributes:
        threshold: Largest distance at which a chosen pair of two cameras is rather one person than two.
        same_camera_threshold: Largest distance at which a pair of one camera is rather one person than two.
        source: Whether the threshold in use was found or given.
        confidence: How far to trust it, in a word.
        reason: Why to trust it so far, in words.
        everywhere: What distances mean between any two cameras.
        pairs: What they mean between each two cameras that have pairs.
        seen_together: How many pairs were seen together in one camera and have a known appearance.
        seen_together_within: How many of them lie within the threshold, which nobody should.
        moved: By how much corrections moved the threshold; probabilities go with it.
        halves: How many tracklets had their halves compared.
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
    seen_together: int = 0
    seen_together_within: int = 0
    moved: float = 0.0
    halves: int = 0
    halves_within: int = 0
    by_default: bool = False
    chosen: float = CHOSEN

    @property
    def thresholds(self) -> tuple[float, float]:
        """Thresholds between cameras and within one."""
        return self.threshold, self.same_camera_threshold

    @property
    def same_camera_share(self) -> float:
        """Threshold within a camera as a share of the other; 1 where that is zero."""
        return self.same_camera_threshold / self.threshold if self.threshold else 1.0

    @property
    def slope(self) -> float:
        """Log-odds that a unit of distance is worth."""
        return self.everywhere.slope

    def log_odds(self, distance: float, camera_a: str, camera_b: str) -> float:
        """Log-odds that a pair which was chosen is one person, by its appearance alone.

        Args:
            distance: Cosine distance with the cameras' biases removed.
            camera_a: Name of the one's camera.
            camera_b: Name of the other's.
        """
        if camera_a == camera_b:
            return self.everywhere.slope * (self.same_camera_threshold - distance)
        pair = self.pairs.get((min(camera_a, camera_b), max(camera_a, camera_b)), self.everywhere)
        return pair.slope * (pair.midpoint + self.moved - distance) + self.chosen

    def probability(self, distance: float, camera_a: str, camera_b: str, log_odds: float = 0.0) -> float:
        """Probability that a pair which was chosen is one person, in 0..1.

        Args:
            distance: Cosine distance with the cameras' biases removed.
            camera_a: Name of the one's camera.
            camera_b: Name of the other's.
            log_odds: Log-odds of all evidence beside appearance.
        """
        total = self.log_odds(distance, camera_a, camera_b) + log_odds
        return float(1 / (1 + np.exp(-np.clip(total, -50, 50))))

    def rates(self, threshold: float | None = None) -> RocPoint:
        """Error rates between any two cameras, at the threshold in use unless another is named."""
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
