"""The clustering problem: what pairs of tracklets cost, which cannot be one person, how much each tracklet counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reidtrack.associate.clustering.cluster_model import PldaClusterModel
from reidtrack.associate.clustering.pairs import PairValues, unique_pairs
from reidtrack.graph import component_labels
from reidtrack.types import DoubleArray, IntArray

_SLACK = 1e-6
"""Pairs that cost this little are looked at too: rounding must lose none. Not tuned; far above rounding errors."""
_CHUNK = 4096
"""Pairs whose vectors are gathered at once; bounds memory, changes no result."""


@dataclass(frozen=True, eq=False, slots=True)
class PairCosts:
    """What each pair costs as one person, without a matrix of all pairs: `base - sum(metric * v[i] * v[j]) + extra`.

    Being linear in either vector, the weighted mean of the costs between two clusters is the cost of their mean
    vectors: a cluster needs no list of its pairs. What is known of single pairs is added to that.

    Attributes:
        vectors: (N, E).
        metric: (E,) weight of each component, of either sign.
        base: The constant.
        extra: What some pairs cost beside; None where there is nothing.
    """

    vectors: DoubleArray
    metric: DoubleArray
    base: float
    extra: PairValues | None = None

    @classmethod
    def of_appearance(
        cls, appearance: DoubleArray, camera: IntArray, threshold: float, same_camera_threshold: float
    ) -> PairCosts:
        """Cosine distance less the threshold of the pair's kind; below zero speaks for one person.

        Args:
            appearance: (N, D) unit rows.
            camera: (N,) camera index from 0.
            threshold: For pairs of two cameras.
            same_camera_threshold: For pairs of one.
        """
        cameras = int(camera.max(initial=-1)) + 1
        one_hot = (camera[:, None] == np.arange(cameras)).astype(np.float64)
        metric = np.concatenate([np.ones(appearance.shape[1]), np.full(cameras, same_camera_threshold - threshold)])
        return cls(np.concatenate([appearance, one_hot], axis=1), metric, 1 - threshold)

    def of(self, pairs: IntArray) -> DoubleArray:
        """Costs (P,) of pairs (P, 2)."""
        cost = np.empty(len(pairs))
        for first in range(0, len(pairs), _CHUNK):
            a, b = pairs[first : first + _CHUNK].T
            product = np.einsum("pe,pe->p", self.vectors[a] * self.metric, self.vectors[b])
            cost[first : first + _CHUNK] = self.base - product
        return cost if self.extra is None else cost + self.extra.at(pairs)

    def with_vectors(self, vectors: DoubleArray) -> PairCosts:
        """Costs of the same kind between other vectors, such as the means of clusters, without `extra`."""
        return replace(self, vectors=vectors, extra=None)

    def with_extra(self, pairs: IntArray, cost: DoubleArray) -> PairCosts:
        """Costs in which pairs (P, 2) cost (P,) beside all else."""
        return replace(self, extra=PairValues.of(len(self.vectors), pairs, cost))

    def plus(self, pairs: IntArray, cost: DoubleArray) -> PairCosts:
        """Costs in which pairs (P, 2) cost (P,) more than they do here."""
        if self.extra is None:
            return self.with_extra(pairs, cost)
        return self.with_extra(np.concatenate([self.extra.pairs, pairs]), np.concatenate([self.extra.value, cost]))

    def candidates(self, near: IntArray) -> IntArray:
        """Pairs (P, 2), each once, that cost zero or less, or hardly more.

        Args:
            near: (Q, 2) each once; at least those that do so without what single pairs cost beside.
        """
        if self.extra is not None:
            near = unique_pairs(np.concatenate([near, self.extra.pairs]), len(self.vectors))[0]
        return near[self.of(near) <= _SLACK]


@dataclass(frozen=True, eq=False, slots=True)
class ClusterProblem:
    """Tracklets, or clusters of them that are handled as one, to be put into clusters at the least total cost.

    Attributes:
        costs: Costs of pairs of N things, mean costs where things are clusters; below zero speaks for one person.
        candidates: (P, 2) each once; at least all pairs whose cost is zero or less.
        cannot_link: (Q, 2) each once; pairs that cannot be one person.
        weight: (N,) above zero; how much each thing counts.
        sum_sq_norm: (N,) squared length of each thing's weighted sum of appearances (`PldaClusterModel.cost`).
        model: What clusters cost.
    """

    costs: PairCosts
    candidates: IntArray
    cannot_link: IntArray
    weight: DoubleArray
    sum_sq_norm: DoubleArray
    model: PldaClusterModel

    @classmethod
    def of(
        cls, costs: PairCosts, near: IntArray, cannot_link: IntArray, weight: DoubleArray, whole: IntArray | None = None
    ) -> ClusterProblem:
        """The problem of single tracklets.

        Args:
            costs: What pairs of N tracklets cost.
            near: As in `PairCosts.candidates`.
            cannot_link: (Q, 2) pairs that cannot be one person.
            weight: (N,) above zero.
            whole: (N,) number of what each tracklet is part of, from 0, those of one number being put together: the
                cannot-links are left out between whom no chain of candidates, or of what is whole, lies. Nobody else
                can come into one cluster. In a crowd that is almost everybody: each was seen beside all others.
        """
        weight = weight.astype(np.float64)
        model = PldaClusterModel.of_threshold(1 - costs.base)
        candidates = costs.candidates(near)
        if whole is not None:
            component = component_labels(int(whole.max(initial=-1)) + 1, whole[candidates])[whole]
            a, b = cannot_link.T
            cannot_link = cannot_link[component[a] == component[b]]
        cannot_link = unique_pairs(cannot_link, len(weight))[0]
        return cls(costs, candidates, cannot_link, weight, weight**2, model)

    def __len__(self) -> int:
        return len(self.weight)

    def inner_products(self, pairs: IntArray) -> DoubleArray:
        """Inner products (P,) of the weighted sums of appearances of pairs (P, 2)."""
        found: DoubleArray = self.weight[pairs].prod(axis=1) * (self.model.break_even - self.costs.of(pairs))
        return found

    def merged(self, cluster: IntArray) -> ClusterProblem:
        """The problem in which each cluster is one thing; cannot-links within a cluster are dropped.

        Args:
            cluster: (N,) number of each thing's cluster, from 0 without gaps.
        """
        from scipy.sparse import csr_array

        n, count = len(cluster), int(cluster.max(initial=-1)) + 1
        weight = np.asarray(np.bincount(cluster, self.weight, count), np.float64)
        member = csr_array((self.weight / weight[cluster], (cluster, np.arange(n))), shape=(count, n))
        costs = self.costs.with_vectors(np.asarray(member @ self.costs.vectors, np.float64))
        # The summed vector gives the norm of a cluster's sum, but for what each thing's norm is beyond its vector's.
        beyond = self.sum_sq_norm - self._vector_sq_norm(self.costs, self.weight)
        sum_sq_norm = self._vector_sq_norm(costs, weight) + np.bincount(cluster, beyond, count)
        if self.costs.extra is not None:
            extra = self.costs.extra.times(self.weight)
            ends = cluster[extra.pairs]
            within = ends[:, 0] == ends[:, 1]
            sum_sq_norm -= 2 * np.bincount(ends[within, 0], extra.value[within], count)
            between = extra.merged(cluster, count)
            costs = costs.with_extra(between.pairs, between.times(1 / weight).value)
        near, apart = (unique_pairs(cluster[pairs], count)[0] for pairs in (self.candidates, self.cannot_link))
        return ClusterProblem(costs, near, apart, weight, sum_sq_norm, self.model)

    def _vector_sq_norm(self, costs: PairCosts, weight: DoubleArray) -> DoubleArray:
        """Squared lengths (N,) of weighted vectors, by the metric of the costs."""
        found: DoubleArray = weight**2 * (self.model.break_even - costs.base + costs.vectors**2 @ costs.metric)
        return found
