"""How well some tracklets make one person: the marginal likelihood of a simple model of people.

A person's look is drawn around the mean of all, a tracklet's look around the person's (two-covariance model, PLDA:
Ioffe, ECCV 2006; Brümmer and de Villiers, Odyssey 2010). With spread 1 between people and `noise` within, n tracklets
whose looks sum up to s are one person at the cost, up to a factor and a sum that all groupings share, of

    log(1 + n / noise) - (1 + noise) / (noise * (noise + n)) * |s|^2

Evidence that says the same twice counts less than twice: many tracklets that each look a little like another do not
outweigh one that looks just like it, as they would if the costs of pairs were added up (correlation clustering, Bansal
et al., Machine Learning 2004; that is what is left for much noise). For two tracklets alone the cost of being one is
the distance less a threshold, which the noise determines: where there is little, two must look more alike.

The model takes tracklets of a person to differ independently. They do not: visits to one camera look more alike than
to two, and few looks make a person's mean seem surer than it is. So more noise is assumed than the threshold tells,
`CAUTION` times as much, and the threshold is kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from reidtrack.types import DoubleArray

CAUTION = 16.0
"""From 3 on results on recordings are the same. Of real visits of 20 to 751 people 12 to 16 are best, of drawn ones,
which are independent, 1 to 4."""
_LEAST_NOISE, _MOST_NOISE = 0.05, 20.0


@dataclass(frozen=True, slots=True)
class PersonModel:
    """Costs of groups.

    Attributes:
        noise: Variance within a person over that between people, above zero.
    """

    noise: float

    @classmethod
    @lru_cache(maxsize=64)
    def of_threshold(cls, threshold: float) -> PersonModel:
        """The model for looks of which two may be one person up to this cosine distance; 0.17 to 0.97 tell apart."""
        low, high = math.log(_LEAST_NOISE), math.log(_MOST_NOISE)
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if 1 - cls(math.exp(middle)).gate < threshold else (low, middle)
        return cls(CAUTION * math.exp((low + high) / 2))

    @property
    def gate(self) -> float:
        """Cosine similarity at which two are as well one person as two."""
        both, two = math.log1p(2 / self.noise), 2 * math.log1p(1 / self.noise)
        return (both - two + 2 / self.noise) / (2 * self._gain(2.0)) - 1

    def _gain(self, mass: float) -> float:
        return (1 + self.noise) / (self.noise * (self.noise + mass))

    def cost(self, mass: DoubleArray, square: DoubleArray) -> DoubleArray:
        """What groups cost; that of two tracklets alone, less what they cost apart, is their distance less the gate's.

        Args:
            mass: (G,) how many tracklets there are, each counted by its weight.
            square: (G,) squared length of the sum of their looks, each times its weight.
        """
        unit = self.noise * (self.noise + 2) / (2 * (1 + self.noise))
        found: DoubleArray = unit * np.log1p(mass / self.noise)
        found -= (self.noise + 2) / (2 * (self.noise + mass)) * square
        return found
