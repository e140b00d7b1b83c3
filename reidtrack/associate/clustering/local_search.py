"""Local search over the total cost of a clustering: late evidence moves tracklets.

The total is the sum of what all clusters cost (`PldaClusterModel`). A tracklet moves to the cluster where it costs
least, also where a tracklet that it cannot be linked with stands already: that one is evicted and goes where it fits
best. Only what lowers the total is done.

A tracklet is attracted only by clusters in which at least one pair with it costs less than zero; no others are looked
at. What it costs in a cluster follows from the cluster's sum of vectors.
"""

from __future__ import annotations

import numpy as np

from reidtrack.associate.clustering.cluster_costs import ClusterCosts
from reidtrack.associate.clustering.pairs import Adjacency
from reidtrack.associate.clustering.problem import ClusterProblem
from reidtrack.types import BoolArray, IntArray

_LEAST_GAIN = 1e-9
"""Savings below this are rounding; not tuned."""
_MOST_TARGETS = 16
"""Of more clusters from which others would have to go, those are tried in which a tracklet costs least: in a crowd in
which hundreds look alike, trying all takes the cube of their number. Eight people in a picture are nowhere near it."""
_MANY = 1 << 14
"""Comparisons beyond which sorting is quicker; changes no result."""
_SWEEPS = 20
"""Most rounds through all tracklets, a bound for safety; not tuned."""


def local_search(label: IntArray, problem: ClusterProblem) -> IntArray:
    """Improve a clustering until no move helps.

    Args:
        label: (N,) cluster of each tracklet.
        problem: N tracklets.

    Returns:
        (N,) a clustering whose total is no higher, numbered from 0 in the order of the clusters' first members.
    """
    search = _LocalSearch(renumbered(label), problem)
    for _ in range(_SWEEPS):
        moves = [search.improve(i) for i in range(len(label))]
        if not any(moves):
            break
    return renumbered(search.clusters.label)


def renumbered(label: IntArray) -> IntArray:
    """The clusters (N,) of a labelling, numbered from 0 in the order of their first members."""
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank: IntArray = np.argsort(np.argsort(first))[inverse].astype(np.int64)
    return rank


class _LocalSearch:
    """Moves of single tracklets, and of those that they evict.

    A tracklet that could not be improved is tried again only when a cluster has changed that was looked at.
    """

    def __init__(self, label: IntArray, problem: ClusterProblem) -> None:
        cost = problem.costs.of(problem.candidates)
        self.clusters = ClusterCosts(label, problem)
        self._attractive = Adjacency.of(len(label), problem.candidates[cost < 0], cost[cost < 0])
        self._cannot_link = Adjacency.of(len(label), problem.cannot_link)
        self._step = 0
        self._changed: dict[int, int] = {}  # the step at which each cluster last changed
        self._tried = np.full(len(label), -1, np.int64)  # the step at which each tracklet was last left where it is
        self._looked_at: list[set[int]] = [set() for _ in range(len(label))]

    def improve(self, i: int) -> bool:
        """Make the best move of tracklet `i`, if one lowers the total; returns whether one did."""
        if self._nothing_new(i):
            return False
        label, own = self.clusters.label, int(self.clusters.label[i])
        targets = _distinct(label[self._attractive.neighbours(i)])
        targets = targets[targets != own]
        self._looked_at[i] = {own, *targets.tolist()}
        taken = _among(targets, label[self._cannot_link.neighbours(i)])
        stay = self.clusters.saving_of_removal(i)
        # Into a cluster where nothing forbids it, or alone ...
        target, least = self._cheapest(i, targets[~taken])
        best, gain = [(i, target)], stay - least
        # ... or into one from which others have to go.
        for cluster in self._likeliest(i, targets[taken]).tolist():
            steps, found = self._evict(i, cluster, stay)
            if found > gain:
                best, gain = steps, found
        if gain <= _LEAST_GAIN:
            self._tried[i] = self._step
            return False
        self._make(best)
        return True

    def _likeliest(self, i: int, clusters: IntArray) -> IntArray:
        """Some clusters (G,), in their order; of many those in which tracklet `i` would cost least."""
        if len(clusters) <= _MOST_TARGETS:
            return clusters
        cost = self.clusters.cost_to_add(i, clusters)
        return clusters[np.sort(np.argsort(cost, kind="stable")[:_MOST_TARGETS])]

    def _nothing_new(self, i: int) -> bool:
        tried = self._tried[i]
        return bool(tried >= 0 and all(self._changed.get(cluster, -1) <= tried for cluster in self._looked_at[i]))

    def _cheapest(self, i: int, clusters: IntArray) -> tuple[int, float]:
        """Cluster in which tracklet `i` costs least, alone (-1) among them, and that cost."""
        alone = self.clusters.singleton_cost(i)
        if len(clusters):
            cost = self.clusters.cost_to_add(i, clusters)
            best = int(cost.argmin())
            if cost[best] < alone:
                return int(clusters[best]), float(cost[best])
        return -1, alone

    def _evict(self, i: int, target: int, stay: float) -> tuple[list[tuple[int, int]], float]:
        """Steps that bring tracklet `i` into `target`, and what they save; none where `i` would gain nothing.

        Those that it cannot be linked with go where each costs least.
        """
        clusters = self.clusters
        conflicting = self._cannot_link.neighbours(i)
        evicted: list[int] = conflicting[clusters.label[conflicting] == target].tolist()
        if len(evicted) == 1 and clusters.cost_to_swap(i, evicted[0]) >= stay:  # as below, without trying
            return [], 0.0
        steps = [(k, -1) for k in evicted]
        with clusters.trial():
            saved = -sum(clusters.move(*step) for step in steps)
            if clusters.cost_to_add(i, np.array([target]))[0] >= stay:
                return [], 0.0
            steps.append((i, target))
            saved -= clusters.move(i, target)
            for k in evicted:
                refuge = self._refuge(k, i)
                if refuge >= 0:
                    steps.append((k, refuge))
                    saved -= clusters.move(k, refuge)
        return steps, saved

    def _refuge(self, k: int, i: int) -> int:
        """Cluster in which the evicted tracklet `k` costs least, or -1; noted as looked at for `i`."""
        label = self.clusters.label
        targets = _distinct(label[self._attractive.neighbours(k)])
        self._looked_at[i].update(targets.tolist())
        taken = _among(targets, label[self._cannot_link.neighbours(k)])
        return self._cheapest(k, targets[~taken & (targets != label[k])])[0]

    def _make(self, steps: list[tuple[int, int]]) -> None:
        clusters, touched = self.clusters, set()
        self._step += 1
        for k, cluster in steps:
            touched.add(int(clusters.label[k]))
            clusters.move(k, cluster)
            touched.add(int(clusters.label[k]))
            self._tried[k] = -1
        self._changed.update(dict.fromkeys(touched, self._step))
        clusters.release(touched)


# np.unique and np.isin take ten times as long as these for the dozen numbers there are.
def _distinct(label: IntArray) -> IntArray:
    ordered = np.sort(label)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _among(label: IntArray, others: IntArray) -> BoolArray:
    if len(label) * len(others) > _MANY:
        return np.isin(label, others)
    found: BoolArray = (label[:, None] == others).any(axis=1)
    return found
