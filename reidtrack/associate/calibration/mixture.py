"""Mixture of two kinds of pairs in one set of distances: one person's tracklets, and two people's.

The distances of different people spread like the halves of two normal distributions around their median; the lower
half, where people look alike by chance, is the wider one. The distances of one person in two cameras lie below, spread
like a normal distribution. How many there are, and where both lie, is found by expectation maximisation (Dempster,
Laird and Rubin, 1977) from a prior, which decides where there are few pairs. How far one person's distances spread, and
by how much the half of the alike is wider, is not left to so little data: the one stays what the network's prior says,
the other is found from people who are known to be two.

Distances are counted in bins, so that a million pairs cost no more than a hundred.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from reidtrack.types import DoubleArray

EDGES = np.linspace(0, 2, 401)
"""Bins of distances, 0.005 wide: far finer than any spread."""
CENTRES = (EDGES[:-1] + EDGES[1:]) / 2
SPREAD = 0.15
"""Standard deviation of one person's distances, where nothing is known of it.

Mean of three networks (Intel's 0286 and 0288, OSNet x0.25 of MSMT17) over Market-1501 and CUHK03
(docs/calibration.md)."""
ALIKE = 1.57
"""How much wider two people's distances spread towards those who look alike, where nothing is known of it.

Mean of the same and both shipped networks, measured in the tail, where thresholds lie (`prior_fit`): the lower half
measured at 1 % in place of 0.05 % costs 2 points of IDF1 from 60 people on (docs/results/few_people.md)."""
_ALIKE_BELIEF = 200.0
"""Pairs of people seen together that `ALIKE`, or the network's, is worth; not tuned on its own."""
_ALIKE_LIMITS = (1.0, 2.0)
"""Those who look alike never spread less than the other half, nor more than twice as much; not tuned."""
_LEAST_SPREAD = 0.03
"""No network's distances of different people spread less; keeps a handful of equal distances from meaning much."""
_LIMITS = {
    "same": (0, 2),
    "share": (1e-9, 1 - 1e-9),
    "other": (0, 2),
    "beyond": (1e-3, 2),
    "alike": (0.1, 10),
    "spread": (1e-3, 2),
}
"""What each parameter may be: only what makes the formulas meaningless is refused."""
_ONE_DEVIATION = 0.8413
"""Share of a normal distribution that lies below one standard deviation above its mean."""
_FEW = 10
"""Fewer pairs say nothing of a spread; not tuned."""
_ROUNDS = 200
_STILL = 1e-7
"""Expectation maximisation ends after so many rounds, or when both means move by less; numerical, not tuned."""
_MOST = 50.0
"""Log-odds beyond are all the same: probabilities within 1e-21 of 0 and 1."""
_SLOPES = (8.0, 40.0)
"""Log-odds of a unit of distance lie between these; not tuned."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """How distances between two cameras are distributed.

    The defaults hold for networks in general, measured over several on people unknown to them: docs/calibration.md.

    Attributes:
        same: Mean distance of one person's tracklets.
        share: Share of pairs that are one person's, in 0..1.
        other: Median distance of two people.
        beyond: Standard deviation of the upper half of two people's distances, those who look less alike.
        alike: How many times that the standard deviation of the lower half is.
        spread: Standard deviation of one person's distances.
    """

    same: float = 0.48
    share: float = 0.1
    other: float = 1.01
    beyond: float = 0.12
    alike: float = ALIKE
    spread: float = SPREAD

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"Mixture.{name}: expected {low} to {high}, got {getattr(self, name)}")

    def log_odds(self, distance: DoubleArray) -> DoubleArray:
        """Natural log-odds that pairs at these distances are one person's; never rising with the distance."""
        spread = np.where(distance < self.other, self.alike, 1.0) * self.beyond
        one = -0.5 * (np.maximum(distance - self.same, 0) / self.spread) ** 2 - math.log(self.spread)
        two = -0.5 * ((distance - self.other) / spread) ** 2 - np.log(spread)
        odds: DoubleArray = one - two + math.log(self.share) - math.log1p(-self.share)
        # Far beyond the middle the wider of the two would win again.
        floor = np.where(distance > self.other, -_MOST, odds)
        return np.clip(floor, -_MOST, _MOST)

    def false_reject(self, threshold: DoubleArray) -> DoubleArray:
        """Share of one person's pairs that lie beyond thresholds."""
        return 1 - _normal((threshold - self.same) / self.spread)

    def false_accept(self, threshold: DoubleArray) -> DoubleArray:
        """Share of different people's pairs that lie within thresholds."""
        return _normal((threshold - self.other) / (np.where(threshold < self.other, self.alike, 1.0) * self.beyond))

    def logistic(self) -> tuple[float, float]:
        """Slope and midpoint of the logistic curve that comes nearest to these odds where pairs are.

        Its cross-entropy with the odds, over all distances as they are distributed here, is the least.
        """
        target = 1 / (1 + np.exp(-self.log_odds(CENTRES)))
        weight = self._density()
        columns = np.stack([np.ones_like(CENTRES), -CENTRES], axis=1)
        found = np.array([10.0, 20.0])
        for _ in range(60):
            curve = 1 / (1 + np.exp(-np.clip(columns @ found, -_MOST, _MOST)))
            bend = (columns * (weight * curve * (1 - curve))[:, None]).T @ columns + 1e-12 * np.eye(2)
            step = np.linalg.solve(bend, columns.T @ (weight * (target - curve)))
            step *= min(1.0, 5 / float(np.abs(step).max() + 1e-300))
            found += step
            if np.abs(step).max() < _STILL:
                break
        slope = float(np.clip(found[1], *_SLOPES))
        return slope, float(np.clip(found[0] / found[1], self.same, self.other))

    def _density(self) -> DoubleArray:
        """Density of all distances at the centres of the bins, (B,); sums to one."""
        spread = np.where(self.other > CENTRES, self.alike, 1.0) * self.beyond
        one = self.share / self.spread * np.exp(-0.5 * ((CENTRES - self.same) / self.spread) ** 2)
        two = (1 - self.share) / spread * np.exp(-0.5 * ((CENTRES - self.other) / spread) ** 2)
        density: DoubleArray = (one + two) / (one + two).sum()
        return density


@dataclass(frozen=True, slots=True)
class Belief:
    """How many pairs a prior is worth against those of a recording.

    The defaults were chosen on parts of recordings and groups of people of Market-1501's training set
    (docs/results/association.md, docs/results/few_people.md); priors worth a thousandth of all pairs were no better
    (docs/results/many_people.md).

    Attributes:
        same: Pairs of one person, for where those lie.
        share: Pairs of any kind, for how many are one person's.
        other: Pairs of two people, for where those lie.
    """

    same: float = 2.0
    share: float = 10.0
    other: float = 6.0

    def __post_init__(self) -> None:
        for name in ("same", "share", "other"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"Belief.{name}: expected a number of pairs, got {getattr(self, name)}")


@dataclass(frozen=True, eq=False, slots=True)
class Counts:
    """Weighted numbers of pairs in the bins of `EDGES`.

    Attributes:
        unknown: (B,) pairs of whom nobody knows.
        same: (B,) pairs known to be one person's.
        different: (B,) pairs known to be two people's.
    """

    unknown: DoubleArray
    same: DoubleArray
    different: DoubleArray

    def split(self, mixture: Mixture) -> tuple[DoubleArray, DoubleArray]:
        """Expected number of pairs of one person, and of two, in each bin: (B,) and (B,)."""
        one = self.unknown / (1 + np.exp(-mixture.log_odds(CENTRES)))
        return one + self.same, self.unknown - one + self.different


def fit(counts: Counts, prior: Mixture, belief: Belief) -> Mixture:
    """The mixture that explains counts best (maximum a posteriori), by expectation maximisation from the prior.

    Args:
        counts: Pairs by distance.
        prior: What to expect.
        belief: How strongly.
    """
    every = counts.unknown + counts.same + counts.different
    found, rank = prior, np.cumsum(every) - every / 2
    for _ in range(_ROUNDS):
        one = counts.split(found)[0]  # expectation
        before, found = found, _maximised(found, one, counts, rank, prior, belief)
        if abs(found.same - before.same) + abs(found.other - before.other) < _STILL:
            break
    return found


def _maximised(
    found: Mixture, one: DoubleArray, counts: Counts, rank: DoubleArray, prior: Mixture, belief: Belief
) -> Mixture:
    """The mixture that explains pairs best, given how many of each bin are one person's.

    Args:
        found: The mixture before.
        one: (B,) expected pairs of one person.
        counts: All pairs.
        rank: (B,) how many pairs lie below the middle of each bin.
        prior: What to expect.
        belief: How strongly.
    """
    total, free = float((counts.unknown + counts.same + counts.different).sum()), float(counts.unknown.sum())
    mass, guessed = float(one.sum()), float((one - counts.same).sum())
    # One person's distances lie lowest; of the rest the median, and the quantile one deviation above it.
    middle, high = np.interp(mass + (total - mass) * np.array([0.5, _ONE_DEVIATION]), rank, CENTRES)
    rest, upper = total - mass, max(float(high - middle), _LEAST_SPREAD)
    return replace(
        found,
        same=(float(one @ CENTRES) + belief.same * prior.same) / (mass + belief.same),
        share=(guessed + belief.share * prior.share) / (free + belief.share),
        other=(rest * float(middle) + belief.other * prior.other) / (rest + belief.other),
        beyond=(rest * upper + belief.other * prior.beyond) / (rest + belief.other),
    )


def alike_among(distance: DoubleArray, expected: float = ALIKE) -> float:
    """How much wider two people's distances spread towards those who look alike, see `Mixture.alike`.

    Args:
        distance: (P,) distances of pairs known to be two people.
        expected: What to say where there are few.
    """
    if len(distance) < _FEW:
        return expected
    middle, high = np.quantile(distance, [0.5, _ONE_DEVIATION]).tolist()
    below = distance[distance < middle] - middle
    found = math.sqrt(float(below @ below) / max(1, len(below))) / max(high - middle, _LEAST_SPREAD)
    drawn: float = (len(distance) * found + _ALIKE_BELIEF * expected) / (len(distance) + _ALIKE_BELIEF)
    return float(np.clip(drawn, *_ALIKE_LIMITS))


def _normal(z: DoubleArray) -> DoubleArray:
    """Share of the standard normal distribution that lies below `z`."""
    from scipy.special import ndtr

    share: DoubleArray = ndtr(z)
    return share
