"""Tracklets to people: rounds of Hungarian assignment in which clusters that choose each other are merged.

A pair's cost is its appearance distance minus the threshold of its kind (one camera or two), so that below zero it
speaks for one person; a pair that stands in one camera at the same time is a cannot-link. What larger clusters cost
follows from a model of people (`cluster_model`): a chain of lucky pairs does not pull two people together. Each round
assigns all clusters to each other at once by what merging them would save; those assigned to each other are merged, and
the next round follows until nothing is to be saved. What late evidence speaks against is mended afterwards
(`local_search`), by turns with further rounds, and small problems are solved exactly at the end (`exact`).

Only pairs below zero are ever looked at, and clusters that hold such pairs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reidtrack.associate.clustering.chains import WORK, swap_chains
from reidtrack.associate.clustering.exact import improve_exactly
from reidtrack.associate.clustering.local_search import local_search, renumbered
from reidtrack.associate.clustering.pairs import pair_keys, unique_pairs
from reidtrack.associate.clustering.problem import ClusterProblem, PairCosts
from reidtrack.graph import component_labels
from reidtrack.types import DoubleArray, IntArray

_SLACK = 1e-9
"""Lets a pair whose cost is zero through in spite of rounding; not tuned."""
_TURNS = 10
"""Most turns of rounds and local search, a bound for safety; not tuned."""
EXACT = 12
"""Most tracklets that are clustered exactly, in 3^12 table entries.

Without exact solutions IDF1 is 90.2 in place of 95.1 on one of five recordings and the same on the others
(docs/results/association.md); the number itself was not tuned."""


def cluster(
    costs: PairCosts,
    near: IntArray,
    cannot_link: IntArray,
    weight: DoubleArray,
    must_link: IntArray | None = None,
    *,
    exact: int = EXACT,
    chain_work: int = WORK,
    start: IntArray | None = None,
) -> IntArray:
    """Number of each tracklet's cluster: (N,) from 0, in the order of the clusters' first tracklets.

    Args:
        costs: Costs of pairs of N tracklets; below zero speaks for one person.
        near: (P, 2) each once; at least all pairs whose cost is zero or less without what is added to single pairs.
        cannot_link: (Q, 2) pairs that cannot be one person.
        weight: (N,) above zero; how much a tracklet counts in the mean of its cluster.
        must_link: (R, 2) pairs that are one person, whatever it costs and whatever cannot-links say.
        exact: Among up to so many tracklets that have to do with each other, the best clustering is found; 0 leaves
            it at local search.
        chain_work: Moves that are tried in chains of swaps, see `swap_chains`; 0 tries none.
        start: (N,) clusters to begin with, from 0, which hold what must be linked together; None begins with none.
    """
    # What must be linked is one thing from here on.
    whole = np.arange(len(weight)) if must_link is None else component_labels(len(weight), must_link)
    problem = ClusterProblem.of(costs, near, cannot_link, weight, whole if start is None else None)
    if len(problem) > whole.max(initial=-1) + 1:
        problem = problem.merged(whole)
    label = _rounds_and_search(problem) if start is None else local_search(_of_things(start, whole), problem)
    if exact:
        label = _search_on(improve_exactly(label, problem, exact), problem, chain_work)
    return renumbered(label[whole])


def _of_things(label: IntArray, thing: IntArray) -> IntArray:
    """Cluster of each thing from those of the tracklets (N,) that make it up."""
    found = np.zeros(int(thing.max(initial=-1)) + 1, np.int64)
    found[thing] = label
    return found


def _search_on(label: IntArray, problem: ClusterProblem, chain_work: int) -> IntArray:
    """Chains of swaps and local search by turns, until there is no chain that helps."""
    label = renumbered(label)
    for _ in range(_TURNS):
        again = swap_chains(label, problem, chain_work)
        if (again == label).all():
            break
        label = local_search(again, problem)
    return label


def _rounds_and_search(problem: ClusterProblem) -> IntArray:
    """Rounds of assignment and local search by turns, until rounds merge nothing more."""
    label = local_search(assignment_rounds(problem), problem)
    for _ in range(_TURNS):
        again = renumbered(assignment_rounds(problem.merged(label)))[label]
        if again.max(initial=-1) == label.max(initial=-1):
            break
        label = local_search(again, problem)
    return label


def assignment_rounds(problem: ClusterProblem) -> IntArray:
    """Merge clusters that are assigned to each other until none are: (N,) clusters, called after their first member."""
    rounds = _AssignmentRounds(problem)
    while rounds.merge(rounds.mutual_pairs()):
        pass
    return rounds.label


class _AssignmentRounds:
    """Clusters between rounds of assignment, each called after its first member, and the pairs that may be merged."""

    def __init__(self, problem: ClusterProblem) -> None:
        n = len(problem)
        self.label = np.arange(n, dtype=np.int64)
        # Copies, which change from round to round.
        self._now = replace(problem, weight=problem.weight.copy(), sum_sq_norm=problem.sum_sq_norm.copy())
        self._mean = problem.costs.with_vectors(problem.costs.vectors.copy())
        self._extra = None if problem.costs.extra is None else problem.costs.extra.times(self._now.weight)
        self._cannot_link = problem.cannot_link
        self._pairs, self._product = problem.candidates, problem.inner_products(problem.candidates)

    def mutual_pairs(self) -> IntArray:
        """Pairs (a < b) of clusters that the assignment gives to each other; pairs that save nothing are dropped."""
        n, cost = len(self.label), self._merging_cost()
        allowed = (cost <= _SLACK) & ~np.isin(pair_keys(self._pairs, n), pair_keys(self._cannot_link, n))
        self._pairs, self._product = self._pairs[allowed], self._product[allowed]
        return _mutual_pairs(self._pairs, cost[allowed])

    def merge(self, joined: IntArray) -> bool:
        """Merge pairs of clusters (P, 2), the second into the first; returns whether there are any."""
        if not len(joined):
            return False
        n, (a, b) = len(self.label), joined.T
        weight, sum_sq_norm = self._now.weight, self._now.sum_sq_norm
        row = np.searchsorted(pair_keys(self._pairs, n), pair_keys(joined, n))
        sum_sq_norm[a] += sum_sq_norm[b] + 2 * self._product[row]
        share = weight[b] / (weight[a] + weight[b])
        self._mean.vectors[a] += share[:, None] * (self._mean.vectors[b] - self._mean.vectors[a])
        weight[a] += weight[b]
        into = np.arange(n, dtype=np.int64)
        into[b] = a
        self._relabel(into, grown=a)
        return True

    def _relabel(self, into: IntArray, grown: IntArray) -> None:
        """Call clusters (N,) by their new names, and compute anew what the grown ones have to do with others."""
        n = len(into)
        self.label = into[self.label]
        self._cannot_link, _ = unique_pairs(into[self._cannot_link], n)
        self._pairs, kept = unique_pairs(into[self._pairs], n)
        self._product = self._product[kept]
        fresh = np.isin(self._pairs, grown).any(axis=1)
        pairs, weight = self._pairs[fresh], self._now.weight
        self._product[fresh] = weight[pairs].prod(axis=1) * (self._now.model.break_even - self._mean.of(pairs))
        if self._extra is not None:
            self._extra = self._extra.merged(into, n)
            self._product[fresh] -= self._extra.at(pairs)

    def _merging_cost(self) -> DoubleArray:
        """What pairs of clusters cost as one person, less what they cost as two: (P,)."""
        model, weight, sum_sq_norm = self._now.model, self._now.weight, self._now.sum_sq_norm
        apart, pairs = model.cost(weight, sum_sq_norm), self._pairs
        both = model.cost(weight[pairs].sum(axis=1), sum_sq_norm[pairs].sum(axis=1) + 2 * self._product)
        cost: DoubleArray = both - apart[pairs].sum(axis=1)
        return cost


def _mutual_pairs(pairs: IntArray, cost: DoubleArray) -> IntArray:
    """Pairs (a < b) that the assignment of all clusters to all others gives to each other.

    Besides these, pairs of others that are each other's cheapest: an assignment may run in circles.
    """
    if not len(pairs):
        return pairs
    nodes, index = np.unique(pairs, return_inverse=True)
    edges = index.reshape(pairs.shape)
    first = _both_ways(_assign(len(nodes), edges, cost))
    taken = np.zeros(len(nodes), np.bool_)
    taken[first] = True
    left = ~taken[edges].any(axis=1) & (cost <= 0)
    second = _both_ways(_cheapest(len(nodes), edges[left], cost[left]))
    mutual: IntArray = nodes[np.concatenate([first, second])]
    return mutual


def _assign(count: int, edges: IntArray, cost: DoubleArray) -> IntArray:
    """The partner each node is assigned to at the least total cost, itself where it stays alone: (count,).

    What `reidtrack.assign` finds in the matrix of all pairs, from the pairs below zero alone: Jonker-Volgenant for
    sparse costs (lap), in which a node may be given to itself for nothing. That leaves out chains (a to b, b to c,
    nobody to a), but a chain is never cheaper than every second of its pairs taken both ways.
    """
    import lap

    itself = np.arange(count)
    rows, columns = np.concatenate([edges, edges[:, ::-1], np.stack([itself, itself], axis=1)]).T
    gated = np.concatenate([cost - _SLACK, cost - _SLACK, np.zeros(count)])
    gated -= gated.min()  # lap wants no cost below zero; every full assignment has as many pairs
    order = np.lexsort((columns, rows))
    start = np.searchsorted(rows[order], np.arange(count + 1)).astype(np.int32)
    _, partner, _ = lap.lapmod(count, gated[order], start, columns[order].astype(np.int32))
    return np.asarray(partner, np.int64)


def _cheapest(count: int, edges: IntArray, cost: DoubleArray) -> IntArray:
    """The neighbour that costs each node least, of equal ones the first; itself where there is none: (count,)."""
    a, b = np.concatenate([edges, edges[:, ::-1]]).T
    order = np.lexsort((b, np.concatenate([cost, cost]), a))
    node, first = np.unique(a[order], return_index=True)
    nearest = np.arange(count, dtype=np.int64)
    nearest[node] = b[order][first]
    return nearest


def _both_ways(partner: IntArray) -> IntArray:
    """Pairs (a < b) with `partner[a] == b` and `partner[b] == a`."""
    itself = np.arange(len(partner))
    mutual = np.flatnonzero((partner[partner] == itself) & (itself < partner))
    return np.stack([mutual, partner[mutual]], axis=1)
