"""What is grouped: tracklets, or bundles of them that are handled as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reidtrack.associate.clustering.cluster_model import PersonModel
from reidtrack.associate.clustering.pair_costs import PairCosts
from reidtrack.associate.clustering.pair_keys import once
from reidtrack.types import DoubleArray, IntArray


@dataclass(frozen=True, eq=False, slots=True)
class Nodes:
    """A grouping problem.

    Attributes:
        costs: Of N things, mean costs of bundles; below zero speaks for one person.
        near: (P, 2) each once; at least all pairs whose cost is zero or less.
        clash: (Q, 2) each once; pairs that cannot be one person.
        mass: (N,) above zero; how much each counts.
        square: (N,) squared length of each one's sum of looks, as `PersonModel.cost` takes it.
        model: What groups cost.
    """

    costs: PairCosts
    near: IntArray
    clash: IntArray
    mass: DoubleArray
    square: DoubleArray
    model: PersonModel

    @classmethod
    def of(cls, costs: PairCosts, near: IntArray, clash: IntArray, weight: DoubleArray) -> Nodes:
        """Tracklets; `near` need not hold pairs that are near only by what is added to single pairs."""
        mass = weight.astype(np.float64)
        model = PersonModel.of_threshold(1 - costs.base)
        return cls(costs, costs.drawn(near), once(clash, len(mass))[0], mass, mass**2, model)

    def __len__(self) -> int:
        return len(self.mass)

    def alike(self, pairs: IntArray) -> DoubleArray:
        """Inner products (P,) of the sums of looks of pairs (P, 2)."""
        found: DoubleArray = self.mass[pairs].prod(axis=1) * (self.model.gate - self.costs.of(pairs))
        return found

    def contracted(self, bundle: IntArray) -> Nodes:
        """The same problem with each bundle as one thing; clashes within a bundle mean nothing.

        Args:
            bundle: (N,) number of each one's bundle, from 0.
        """
        from scipy.sparse import csr_array

        n, count = len(bundle), int(bundle.max(initial=-1)) + 1
        mass = np.asarray(np.bincount(bundle, self.mass, count), np.float64)
        member = csr_array((self.mass / mass[bundle], (bundle, np.arange(n))), shape=(count, n))
        costs = self.costs.with_vectors(np.asarray(member @ self.costs.vectors, np.float64))
        square = self._plain(costs, mass) + np.bincount(bundle, self.square - self._plain(self.costs, self.mass), count)
        if self.costs.extra is not None:
            extra = self.costs.extra.times(self.mass)
            rows = bundle[extra.pairs]
            within = rows[:, 0] == rows[:, 1]
            square -= 2 * np.bincount(rows[within, 0], extra.value[within], count)
            sums = extra.merged(bundle, count)
            costs = costs.with_extra(sums.pairs, sums.times(1 / mass).value)
        near, clash = (once(bundle[pairs], count)[0] for pairs in (self.near, self.clash))
        return Nodes(costs, near, clash, mass, square, self.model)

    def _plain(self, costs: PairCosts, mass: DoubleArray) -> DoubleArray:
        """Squared lengths (N,) if everybody were as alike to themselves as vectors say."""
        found: DoubleArray = mass**2 * (self.model.gate - costs.base + costs.vectors**2 @ costs.metric)
        return found
