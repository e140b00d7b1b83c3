"""How well tracklets make one person: the marginal likelihood of a cluster in a two-covariance model (PLDA).

A person's appearance is drawn around the mean of all, a tracklet's appearance around the person's (Ioffe, ECCV 2006;
Brümmer and de Villiers, Odyssey 2010). With variance 1 between people and `noise` within a person, n tracklets whose
appearances sum up to s are one person at the cost, up to a factor and a sum that all clusterings share, of

    log(1 + n / noise) - (1 + noise) / (noise * (noise + n)) * |s|^2

Evidence that says the same twice counts less than twice: many tracklets that each look a little like another do not
outweigh one that looks just like it, as they would if the costs of pairs were added up (correlation clustering, Bansal
et al., Machine Learning 2004; that is what is left for much noise). For two tracklets alone the cost of being one is
the distance less a threshold, which the noise determines: where there is little, two must look more alike.

The model takes tracklets of a person to differ independently. They do not: tracklets of one camera look more alike than
those of two, and few crops make a person's mean seem surer than it is. So more noise is assumed than the threshold
tells, `CAUTION` times as much, and the threshold is kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from reidtrack.types import DoubleArray

CAUTION = 16.0
"""How much more noise is assumed than the threshold tells.

Measured at 1, 2, 4, 8, 16 and 32 (docs/results/many_people.md): on tracklets of 50 to 751 real people 16 to 32
are best, on drawn ones, which are independent as the model has it, 1 to 2; on whole recordings all from 3 on are the
same."""
_LEAST_NOISE, _MOST_NOISE = 0.05, 20.0
"""Noise is looked for between these; not tuned: they stand for thresholds 0.17 and 0.97, wider than any in use."""


@dataclass(frozen=True, slots=True)
class PldaClusterModel:
    """Costs of clusters in the two-covariance model.

    Attributes:
        noise: Variance within a person over that between people, above zero.
    """

    noise: float

    @classmethod
    @lru_cache(maxsize=64)
    def of_threshold(cls, threshold: float) -> PldaClusterModel:
        """The model in which two tracklets may be one person up to this cosine distance; 0.17 to 0.97 tell apart."""
        low, high = math.log(_LEAST_NOISE), math.log(_MOST_NOISE)
        for _ in range(60):
            middle = (low + high) / 2
            within = 1 - cls(math.exp(middle)).break_even < threshold
            low, high = (middle, high) if within else (low, middle)
        return cls(CAUTION * math.exp((low + high) / 2))

    @property
    def break_even(self) -> float:
        """Cosine similarity at which two tracklets cost as much as one person as they do as two."""
        both, two = math.log1p(2 / self.noise), 2 * math.log1p(1 / self.noise)
        return (both - two + 2 / self.noise) / (2 * self._gain(2.0)) - 1

    def _gain(self, weight: float) -> float:
        return (1 + self.noise) / (self.noise * (self.noise + weight))

    def cost(self, weight: DoubleArray, sum_sq_norm: DoubleArray) -> DoubleArray:
        """Costs of clusters (G,), scaled so that joining two tracklets costs `break_even` less their similarity.

        Args:
            weight: (G,) how many tracklets a cluster has, each counted by its weight.
            sum_sq_norm: (G,) squared length of the sum of their appearances, each times its weight.
        """
        unit = self.noise * (self.noise + 2) / (2 * (1 + self.noise))
        found: DoubleArray = unit * np.log1p(weight / self.noise)
        found -= (self.noise + 2) / (2 * (self.noise + weight)) * sum_sq_norm
        return found
