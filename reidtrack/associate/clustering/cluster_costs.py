"""Clusters that know what they cost while tracklets move between them: O(1) cluster sums in place of pair lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np

from reidtrack.associate.clustering.pairs import Adjacency
from reidtrack.associate.clustering.problem import ClusterProblem
from reidtrack.types import DoubleArray, IntArray

_ROOM = 16
"""Numbers kept free for new clusters at first."""


class ClusterCosts:
    """Weight, summed vectors, squared norm of the sum and cost of each cluster, kept up to date.

    Args:
        label: (N,) cluster of each tracklet, from 0 without gaps.
        problem: N tracklets.

    Attributes:
        label: (N,) clusters as they are now; numbers may have gaps.
    """

    def __init__(self, label: IntArray, problem: ClusterProblem) -> None:
        self.label = label.copy()
        self._problem, self._model = problem, problem.model
        self._vectors, self._metric = problem.costs.vectors, problem.costs.metric
        self._offset = problem.model.break_even - problem.costs.base
        self._extra = None
        if problem.costs.extra is not None:
            extra = problem.costs.extra.times(problem.weight)
            self._extra = Adjacency.of(len(label), extra.pairs, extra.value)
        clusters = problem.merged(label)
        count, room = len(clusters), len(clusters) + _ROOM
        self._weight, self._sum_sq_norm, self._cost = (np.zeros(room) for _ in range(3))
        self._sum, self._size = np.zeros((room, self._vectors.shape[1])), np.zeros(room, np.int64)
        self._weight[:count], self._sum_sq_norm[:count] = clusters.weight, clusters.sum_sq_norm
        self._sum[:count] = clusters.weight[:, None] * clusters.costs.vectors
        self._cost[:count] = self._model.cost(clusters.weight, clusters.sum_sq_norm)
        self._size[:count] = np.bincount(label, minlength=count)
        self._free = list(range(room - 1, count - 1, -1))
        self._singleton_cost = self._model.cost(problem.weight, problem.sum_sq_norm)
        self._saved: dict[int, tuple[float, float, float, int, DoubleArray]] | None = None
        self._moved: list[tuple[int, int]] = []

    def singleton_cost(self, i: int) -> float:
        """What tracklet `i` costs in a cluster of its own."""
        return float(self._singleton_cost[i])

    def cost_to_add(self, i: int, clusters: IntArray) -> DoubleArray:
        """By how much each of some clusters (G,), none of them its own, costs more with tracklet `i`: (G,)."""
        weight = self._weight[clusters] + self._problem.weight[i]
        sum_sq_norm = self._sum_sq_norm[clusters] + self._problem.sum_sq_norm[i] + 2 * self._product(i, clusters)
        found: DoubleArray = self._model.cost(weight, sum_sq_norm) - self._cost[clusters]
        return found

    def saving_of_removal(self, i: int) -> float:
        """By how much the cluster of tracklet `i` costs less without it."""
        return float(self._cost[self.label[i]] - self._without(i)[2])

    def cost_to_swap(self, i: int, k: int) -> float:
        """By how much the cluster of `k`, once `k` has left it, costs more with `i`, which is in another."""
        cluster = np.array([self.label[k]])
        weight, sum_sq_norm, cost = self._without(k)
        pair_weight = self._problem.weight[i] * self._problem.weight[k]
        both = pair_weight * (self._offset + float((self._metric * self._vectors[i]) @ self._vectors[k]))
        if self._extra is not None:
            both -= float(self._extra.values(i)[self._extra.neighbours(i) == k].sum())
        sum_sq_norm += self._problem.sum_sq_norm[i] + 2 * (float(self._product(i, cluster)[0]) - both)
        weight += self._problem.weight[i]
        return float(self._model.cost(np.array([weight]), np.array([sum_sq_norm]))[0]) - cost

    def move(self, i: int, cluster: int) -> float:
        """Put tracklet `i` into another cluster, or alone into an empty one (-1); returns how much the total rises."""
        own = int(self.label[i])
        cluster = self._empty() if cluster < 0 else cluster
        if cluster == own:
            return 0.0
        self._keep(i, own, cluster)
        before = self._cost[own] + self._cost[cluster]
        weight = self._problem.weight[i]
        sum_sq_norm = self._sum_sq_norm[cluster] + self._problem.sum_sq_norm[i]
        sum_sq_norm = sum_sq_norm + 2 * self._product(i, np.array([cluster]))[0]
        self._set(own, -1, *self._without(i), -weight * self._vectors[i])
        total = self._weight[cluster] + weight
        cost = float(self._model.cost(np.array([total]), np.array([sum_sq_norm]))[0])
        self._set(cluster, 1, total, sum_sq_norm, cost, weight * self._vectors[i])
        self.label[i] = cluster
        return float(self._cost[own] + self._cost[cluster] - before)

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Whatever is moved within this context is moved back at its end, to the last digit."""
        self._saved, self._moved = {}, []
        free, room = self._free.copy(), len(self._weight)
        try:
            yield
        finally:
            for i, cluster in reversed(self._moved):
                self.label[i] = cluster
            for cluster, (weight, sum_sq_norm, cost, size, total) in self._saved.items():
                self._weight[cluster], self._sum_sq_norm[cluster], self._cost[cluster] = weight, sum_sq_norm, cost
                self._size[cluster], self._sum[cluster] = size, total
            self._free, self._saved = [*range(len(self._weight) - 1, room - 1, -1), *free], None

    def release(self, clusters: Iterable[int]) -> None:
        """Let the numbers of those of some clusters that are empty be given again."""
        for cluster in sorted(clusters):
            if not self._size[cluster]:
                self._sum[cluster] = 0
                self._free.append(cluster)

    def _product(self, i: int, clusters: IntArray) -> DoubleArray:
        """Inner products (G,) of tracklet `i` with the sums of clusters (G,), itself counted in its own."""
        weight = self._problem.weight[i]
        found: DoubleArray = self._offset * weight * self._weight[clusters]
        found += weight * (self._sum[clusters] @ (self._metric * self._vectors[i]))
        if self._extra is not None:
            found -= (clusters[:, None] == self.label[self._extra.neighbours(i)]) @ self._extra.values(i)
        return found

    def _without(self, i: int) -> tuple[float, float, float]:
        """Weight, squared norm of the sum and cost of the cluster of tracklet `i` without it."""
        own = int(self.label[i])
        if self._size[own] == 1:
            return 0.0, 0.0, 0.0
        weight, vector = self._problem.weight[i], self._vectors[i]
        itself = weight**2 * (self._offset + float((self._metric * vector) @ vector))
        others = float(self._product(i, np.array([own]))[0]) - itself
        left = self._weight[own] - weight
        sum_sq_norm = self._sum_sq_norm[own] - self._problem.sum_sq_norm[i] - 2 * others
        return left, sum_sq_norm, float(self._model.cost(np.array([left]), np.array([sum_sq_norm]))[0])

    def _set(self, cluster: int, more: int, weight: float, sum_sq_norm: float, cost: float, added: DoubleArray) -> None:
        self._weight[cluster], self._sum_sq_norm[cluster], self._cost[cluster] = weight, sum_sq_norm, cost
        self._size[cluster] += more
        self._sum[cluster] += added

    def _keep(self, i: int, *clusters: int) -> None:
        """Note what a trial is about to change."""
        if self._saved is None:
            return
        self._moved.append((i, int(self.label[i])))
        for cluster in clusters:
            if cluster not in self._saved:
                state = float(self._weight[cluster]), float(self._sum_sq_norm[cluster]), float(self._cost[cluster])
                self._saved[cluster] = (*state, int(self._size[cluster]), self._sum[cluster].copy())

    def _empty(self) -> int:
        """The number of an empty cluster; the tables grow where there is none."""
        if not self._free:
            old, more = len(self._weight), max(_ROOM, len(self._weight) // 8)
            self._weight, self._sum_sq_norm, self._cost = (
                np.concatenate([column, np.zeros(more)]) for column in (self._weight, self._sum_sq_norm, self._cost)
            )
            self._sum = np.concatenate([self._sum, np.zeros((more, self._sum.shape[1]))])
            self._size = np.concatenate([self._size, np.zeros(more, np.int64)])
            self._free = list(range(old + more - 1, old - 1, -1))
        return self._free.pop()
