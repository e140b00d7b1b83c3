"""Tracklets to people: rounds of Hungarian assignment, in which groups that agree on each other become one.

A pair's cost is its appearance distance minus the threshold of its kind (one camera or two), so that below zero it
speaks for one person; a pair that stands in one camera at the same time is forbidden. Groups cost each other the
weighted mean of their pairs (average linkage): a chain of lucky pairs does not pull two people together. Each round
assigns all groups to each other at once; those given to each other are joined, costs are averaged, and the next round
follows until nothing below zero is left. What late evidence speaks against is mended at the end (`refine`).

Only pairs below zero are ever looked at: an assignment that may leave groups alone never takes another, and the mean of
costs above zero is above zero, so that a joined group has no other prospects than its parts had.
"""

from __future__ import annotations

import numpy as np

from reidtrack.associate.contract import bundles, contract
from reidtrack.associate.costs import PairCosts
from reidtrack.associate.exact import improve_exactly
from reidtrack.associate.pairs import keys, once
from reidtrack.associate.refine import packed, refine
from reidtrack.types import DoubleArray, IntArray

_SLACK = 1e-9
"""Lets a pair at the gate through."""


def group(
    costs: PairCosts,
    near: IntArray,
    clash: IntArray,
    weight: DoubleArray,
    together: IntArray | None = None,
    *,
    exact: int = 0,
) -> IntArray:
    """Join tracklets to people.

    Args:
        costs: Of N tracklets; below zero speaks for one person.
        near: (P, 2) each once; at least all pairs whose cost is zero or less without what is added to single pairs.
        clash: (Q, 2) pairs that cannot be one person.
        weight: (N,) above zero; how much a tracklet counts in the mean of its group.
        together: (R, 2) pairs that are one person, whatever it costs and clashes.
        exact: Of up to so many tracklets that have to do with each other, the best grouping of all is found.

    Returns:
        (N,) number of each tracklet's group, from 0, in the order of their first tracklets.
    """
    near = costs.drawn(near)
    if together is not None and len(together):
        bundle = bundles(len(weight), together)
        return group(*contract(costs, near, clash, weight, bundle), exact=exact)[bundle]
    label = refine(_join(costs, near, clash, weight), costs, near, clash, weight)
    return packed(improve_exactly(label, costs, near, clash, weight, exact)) if exact else label


def _join(costs: PairCosts, near: IntArray, clash: IntArray, weight: DoubleArray) -> IntArray:
    """Rounds of mutual assignment between groups, each called after its first member."""
    n = len(weight)
    label = np.arange(n, dtype=np.int64)
    mass, mean = weight.astype(np.float64), costs.with_vectors(costs.vectors.copy())
    pairs, _ = once(near, n)
    cost = costs.of(pairs)
    extra = None if costs.extra is None else costs.extra.times(mass)  # sums over the pairs of two groups
    while True:
        open_ = (cost <= _SLACK) & ~np.isin(keys(pairs, n), keys(clash, n))
        pairs, cost = pairs[open_], cost[open_]
        joined = _mutual_pairs(pairs, cost)
        if not len(joined):
            return label
        a, b = joined.T
        share = mass[b] / (mass[a] + mass[b])
        mean.vectors[a] += share[:, None] * (mean.vectors[b] - mean.vectors[a])
        mass[a] += mass[b]
        into = np.arange(n, dtype=np.int64)
        into[b] = a
        label = into[label]
        clash, _ = once(into[clash], n)
        pairs, kept = once(into[pairs], n)
        cost = cost[kept]
        grown = np.isin(pairs, a).any(axis=1)
        cost[grown] = mean.of(pairs[grown])
        if extra is not None:
            extra = extra.merged(into, n)
            cost[grown] += extra.at(pairs[grown]) / mass[pairs[grown]].prod(axis=1)


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
