"""The clustering of least total cost, where a problem is small enough to find it.

People are looked for among tracklets that chains of pairs below zero connect; every such component is a problem of its
own. In a small one the costs of all possible clusters are put in a table, and the best clustering of a set is built up
from the best clusterings of its subsets (dynamic programming over subsets). In larger ones the same is done for any two
clusters with a pair below zero between them: the best that their tracklets can be is found, whatever moves, swaps,
joins and splits that takes.

How much is tried is counted in table entries, never in seconds: a result does not depend on the machine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reidtrack.associate.clustering.cluster_model import PldaClusterModel
from reidtrack.associate.clustering.pairs import Adjacency, pair_keys, unique_pairs
from reidtrack.associate.clustering.problem import ClusterProblem
from reidtrack.graph import component_labels, component_members
from reidtrack.types import BoolArray, DoubleArray, IntArray

WORK = 3**14
"""Table entries of all exact solutions together, which bounds the time they take; not tuned."""
_LEAST_GAIN = 1e-9
"""Savings below this are rounding; not tuned."""


def improve_exactly(label: IntArray, problem: ClusterProblem, most: int) -> IntArray:
    """Replace clusters by the best that their tracklets can make.

    Args:
        label: (N,) cluster of each tracklet.
        problem: N tracklets.
        most: Most tracklets among which the best clustering is looked for.

    Returns:
        (N,) a clustering whose total is no higher; the same labels where nothing better is found.
    """
    count, pairs = len(label), problem.candidates
    forbidden = np.isin(pair_keys(pairs, count), pair_keys(problem.cannot_link, count))
    attractive = pairs[(problem.costs.of(pairs) < 0) & ~forbidden]
    search = _ExactSearch(label.copy(), problem, most)
    # Small components as a whole, the smallest first ...
    solved = np.zeros(count, np.bool_)
    for members in sorted(component_members(component_labels(count, attractive)), key=len):
        if search.affords(members):
            search.recluster(members)
            solved[members] = True
    # ... and of the larger ones any two clusters.
    search.recluster_pairs(attractive[~solved[attractive].all(axis=1)])
    return search.label


class DenseProblem(NamedTuple):
    """A few tracklets with tables of all their pairs.

    Attributes:
        weight: (N,) how much each counts.
        inner_product: (N, N) inner products of their weighted sums of appearances.
        cannot_link: (N, N) which pairs cannot be one person.
        model: What clusters cost.
    """

    weight: DoubleArray
    inner_product: DoubleArray
    cannot_link: BoolArray
    model: PldaClusterModel

    @classmethod
    def of(cls, problem: ClusterProblem, members: IntArray, cannot_link: Adjacency) -> DenseProblem:
        """Tables of some tracklets (N,) of a problem; `cannot_link` holds the neighbours of all its tracklets."""
        n = len(members)
        first, second = np.triu_indices(n, 1)
        product = np.zeros((n, n))
        product[first, second] = problem.inner_products(np.stack([members[first], members[second]], axis=1))
        product += product.T
        np.fill_diagonal(product, problem.sum_sq_norm[members])
        beside = np.stack([np.isin(members, cannot_link.neighbours(i)) for i in members.tolist()])
        return cls(problem.weight[members], product, beside, problem.model)

    def cost_of(self, label: IntArray) -> float:
        """Total cost of a clustering (N,)."""
        member = np.arange(int(label.max(initial=-1)) + 1)[:, None] == label
        sum_sq_norm = np.einsum("gi,ij,gj->g", member, self.inner_product, member)
        return float(self.model.cost(member @ self.weight, sum_sq_norm).sum())


def best_clustering(problem: DenseProblem) -> IntArray:
    """The clustering of least total cost, (N,) cluster numbers; takes 3^N steps and memory."""
    n = len(problem.weight)
    cluster_cost = _subset_costs(problem)
    best, last = np.zeros(1 << n), np.zeros(1 << n, np.int64)
    subsets = [np.zeros(1, np.int64)]  # of each set of the tracklets before
    for i in range(n):
        for rest in range(1 << i):  # i in a cluster with some of the rest, the others as they are best by themselves
            with_i = subsets[rest]
            total = cluster_cost[with_i | 1 << i] + best[rest ^ with_i]
            least = int(total.argmin())
            best[rest | 1 << i], last[rest | 1 << i] = total[least], with_i[least] | 1 << i
        if i + 1 < n:
            subsets += [np.concatenate([found, found | 1 << i]) for found in subsets]
    label, left = np.zeros(n, np.int64), (1 << n) - 1
    for number in range(n):
        label[(last[left] >> np.arange(n)) & 1 == 1] = number
        left ^= int(last[left])
    return label


def _subset_costs(problem: DenseProblem) -> DoubleArray:
    """Cost of every subset as one cluster, (2^N,), infinite where two cannot be linked; subset k holds i if bit i is.

    Each tracklet doubles the tables: the second half is the first with the tracklet added.
    """
    n = len(problem.weight)
    weight, sum_sq_norm, forbidden = np.zeros(1 << n), np.zeros(1 << n), np.zeros(1 << n, np.bool_)
    for i in range(n):
        product, conflicts = np.zeros(1), np.zeros(1, np.bool_)  # of i with every subset of the tracklets before
        for k in range(i):
            product = np.concatenate([product, product + problem.inner_product[i, k]])
            conflicts = np.concatenate([conflicts, conflicts | problem.cannot_link[i, k]])
        before, after = slice(0, 1 << i), slice(1 << i, 2 << i)
        weight[after] = weight[before] + problem.weight[i]
        sum_sq_norm[after] = sum_sq_norm[before] + problem.inner_product[i, i] + 2 * product
        forbidden[after] = forbidden[before] | conflicts
    cost = problem.model.cost(weight, sum_sq_norm)
    cost[forbidden] = np.inf
    return cost


class _ExactSearch:
    """A clustering that is improved a few tracklets at a time."""

    def __init__(self, label: IntArray, problem: ClusterProblem, most: int) -> None:
        self.label = label
        self._problem, self._most, self._work_left = problem, most, WORK
        self._cannot_link = Adjacency.of(len(label), problem.cannot_link)

    def affords(self, members: IntArray) -> bool:
        """Whether so many tracklets can still be solved exactly; yes takes the work off what is left."""
        if not 2 < len(members) <= self._most or self._work_left < 3 ** len(members):
            return False
        self._work_left -= 3 ** len(members)
        return True

    def recluster(self, members: IntArray) -> bool:
        """Give all members of some clusters the best clustering they can have; returns whether it is a better one."""
        dense = DenseProblem.of(self._problem, members, self._cannot_link)
        now, found = np.unique(self.label[members], return_inverse=True)[1], best_clustering(dense)
        if dense.cost_of(found) >= dense.cost_of(now) - _LEAST_GAIN:
            return False
        self.label[members] = int(self.label.max()) + 1 + found
        return True

    def recluster_pairs(self, attractive: IntArray) -> None:
        """Solve any two clusters with attractive pairs (P, 2) between them anew, until none gains by it."""
        fresh = np.unique(self.label[attractive])
        while len(fresh):
            pairs = unique_pairs(self.label[attractive], int(self.label.max(initial=-1)) + 1)[0]
            changed: list[IntArray] = []
            for pair in pairs[np.isin(pairs, fresh).any(axis=1)]:
                members = np.flatnonzero((self.label == pair[0]) | (self.label == pair[1]))
                if self.affords(members) and self.recluster(members):
                    changed.append(members)
            fresh = np.unique(self.label[np.concatenate(changed)]) if changed else fresh[:0]
