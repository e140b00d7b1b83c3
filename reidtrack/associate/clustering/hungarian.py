"""Tracklets to people: rounds of Hungarian assignment, in which groups that agree on each other become one.

A pair's cost is its appearance distance minus the threshold of its kind (one camera or two), so that below zero it
speaks for one person; a pair that stands in one camera at the same time is forbidden. What larger groups cost follows
from a model of people (`person`): a chain of lucky pairs does not pull two people together. Each round assigns all
groups to each other at once by what joining them would save; those given to each other are joined, and the next round
follows until nothing is to be saved. What late evidence speaks against is mended afterwards (`refine`), by turns with
further rounds, and small problems are solved exactly at the end (`exact`).

Only pairs below zero are ever looked at, and groups that hold such pairs.
"""

from __future__ import annotations

import numpy as np

from reidtrack.associate.clustering.exact import improve_exactly
from reidtrack.associate.clustering.local_search import packed, refine
from reidtrack.associate.clustering.pair_costs import PairCosts
from reidtrack.associate.clustering.pair_keys import keys, once
from reidtrack.associate.clustering.problem import Nodes
from reidtrack.graph import component_labels
from reidtrack.types import DoubleArray, IntArray

_SLACK = 1e-9
"""Lets a pair at the gate through."""
_TURNS = 10


def group(
    costs: PairCosts,
    near: IntArray,
    clash: IntArray,
    weight: DoubleArray,
    together: IntArray | None = None,
    *,
    exact: int = 12,
) -> IntArray:
    """Join tracklets to people.

    Args:
        costs: Of N tracklets; below zero speaks for one person.
        near: (P, 2) each once; at least all pairs whose cost is zero or less without what is added to single pairs.
        clash: (Q, 2) pairs that cannot be one person.
        weight: (N,) above zero; how much a tracklet counts in the mean of its group.
        together: (R, 2) pairs that are one person, whatever it costs and clashes.
        exact: Of up to so many tracklets that have to do with each other, the best grouping of all is found; 0 leaves
            it at local search.

    Returns:
        (N,) number of each tracklet's group, from 0, in the order of their first tracklets.
    """
    nodes = Nodes.of(costs, near, clash, weight)
    bundle = np.arange(len(nodes)) if together is None else component_labels(len(nodes), together)
    if len(nodes) > bundle.max(initial=-1) + 1:
        nodes = nodes.contracted(bundle)
    label = _search(nodes)
    return packed((improve_exactly(label, nodes, exact) if exact else label)[bundle])


def _search(nodes: Nodes) -> IntArray:
    """Rounds and local search by turns."""
    label = refine(_join(nodes), nodes)
    for _ in range(_TURNS):
        again = packed(_join(nodes.contracted(label)))[label]
        if again.max(initial=-1) == label.max(initial=-1):
            break
        label = refine(again, nodes)
    return label


def _join(nodes: Nodes) -> IntArray:
    """Rounds of mutual assignment between groups, each called after its first member."""
    n = len(nodes)
    label = np.arange(n, dtype=np.int64)
    mass, square, clash = nodes.mass.copy(), nodes.square.copy(), nodes.clash
    mean = nodes.costs.with_vectors(nodes.costs.vectors.copy())
    extra = None if nodes.costs.extra is None else nodes.costs.extra.times(mass)  # sums over the pairs of two groups
    pairs, alike = nodes.near, nodes.alike(nodes.near)
    while True:
        cost = _joint_cost(nodes, mass, square, pairs, alike)
        open_ = (cost <= _SLACK) & ~np.isin(keys(pairs, n), keys(clash, n))
        pairs, cost, alike = pairs[open_], cost[open_], alike[open_]
        joined = _mutual_pairs(pairs, cost)
        if not len(joined):
            return label
        a, b = joined.T
        order = np.searchsorted(keys(pairs, n), keys(joined, n))
        square[a] += square[b] + 2 * alike[order]
        share = mass[b] / (mass[a] + mass[b])
        mean.vectors[a] += share[:, None] * (mean.vectors[b] - mean.vectors[a])
        mass[a] += mass[b]
        into = np.arange(n, dtype=np.int64)
        into[b] = a
        label = into[label]
        clash, _ = once(into[clash], n)
        pairs, kept = once(into[pairs], n)
        alike = alike[kept]
        grown = np.isin(pairs, a).any(axis=1)
        alike[grown] = mass[pairs[grown]].prod(axis=1) * (nodes.model.gate - mean.of(pairs[grown]))
        if extra is not None:
            extra = extra.merged(into, n)
            alike[grown] -= extra.at(pairs[grown])


def _joint_cost(
    nodes: Nodes, mass: DoubleArray, square: DoubleArray, pairs: IntArray, alike: DoubleArray
) -> DoubleArray:
    """What pairs of groups cost as one person, less what they cost as two."""
    apart = nodes.model.cost(mass, square)
    both = nodes.model.cost(mass[pairs].sum(axis=1), square[pairs].sum(axis=1) + 2 * alike)
    cost: DoubleArray = both - apart[pairs].sum(axis=1)
    return cost


def _mutual_pairs(pairs: IntArray, cost: DoubleArray) -> IntArray:
    """Pairs (a < b) that the assignment of all groups to all others gives to each other, sorted.

    Besides these, pairs of others that are each other's cheapest: an assignment may run in circles.
    """
    if not len(pairs):
        return pairs
    nodes, places = np.unique(pairs, return_inverse=True)
    edges = places.reshape(pairs.shape)
    first = _both_ways(_assign(len(nodes), edges, cost))
    taken = np.zeros(len(nodes), np.bool_)
    taken[first] = True
    left = ~taken[edges].any(axis=1) & (cost <= 0)
    second = _both_ways(_cheapest(len(nodes), edges[left], cost[left]))
    mutual: IntArray = nodes[np.concatenate([first, second])]
    return mutual


def _assign(count: int, edges: IntArray, cost: DoubleArray) -> IntArray:
    """The partner each node is assigned to at the least total cost, itself where it stays alone.

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
    """The neighbour that costs each node least, of equal ones the first; itself where there is none."""
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
