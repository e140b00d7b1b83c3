"""The least total there is, where a problem is small enough.

Tracklets that no chain of pairs below zero connects are never one person in the best grouping, so every such component
is a problem of its own. In each, a variable says for every pair whether it is one person, and three tracklets agree
(a with b and b with c means a with c): correlation clustering as an integer program (Grötschel and Wakabayashi,
Mathematical Programming 1989), solved by HiGHS. Most of the cubic number of agreements never matter, so only those that
a solution breaks are added. The relaxed program nearly always has a whole solution, or a bound that proves that the
local search had found the least total already.

How much is tried is counted in pairs, rounds and nodes, never in seconds: a result does not hang on the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from reidtrack.associate.costs import PairCosts
from reidtrack.associate.pairs import keys
from reidtrack.types import BoolArray, DoubleArray, IntArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_PAIRS = 20_000
"""Pairs of tracklets in all components that are tried, the smallest first."""
_ROUNDS = 60
_NODES = 100
_WHOLE = 1e-6
_LEAST_GAIN = 1e-9


def improve_exactly(
    label: IntArray, costs: PairCosts, near: IntArray, clash: IntArray, weight: DoubleArray, most: int
) -> IntArray:
    """Replace the groups of small components by the best there are.

    Args:
        label: (N,) group of each tracklet.
        costs: Of N tracklets; below zero speaks for one person.
        near: (P, 2) each once; at least all pairs whose cost is below zero.
        clash: (Q, 2) pairs that cannot be one person.
        weight: (N,) above zero; a pair counts by the product of its two.
        most: Components of more tracklets stay as they are; 0 tries none.

    Returns:
        (N,) the same groups where no others have a lower total, or none was found in the rounds there are.
    """
    label, left = label.copy(), MOST_PAIRS
    for members in _components(costs, near, clash, len(label)):
        left -= len(members) ** 2 // 2
        if len(members) > most or left < 0:
            break
        cost, apart = _table(members, costs, weight), _clashes(members, clash, len(label))
        found = best_grouping(cost, apart, _total(cost, label[members]))
        if found is not None:
            label[members] = label.max() + 1 + found
    return label


def best_grouping(cost: DoubleArray, clash: BoolArray, at_most: float = np.inf) -> IntArray | None:
    """The grouping of least total.

    Args:
        cost: (N, N) symmetric, weighted.
        clash: (N, N) symmetric; pairs that cannot be one.
        at_most: A total that is known.

    Returns:
        (N,) numbers of groups; None where nothing is less than `at_most`, or it was not found in the rounds there are.
    """
    first, second = np.nonzero(np.triu(~clash, 1))
    price = cost[first, second]
    if np.minimum(price, 0).sum() >= at_most - _LEAST_GAIN:
        return None
    if not len(price):
        return np.arange(len(cost))
    column = np.full(cost.shape, -1)
    column[first, second] = column[second, first] = np.arange(len(price))
    rules, whole = None, False
    for _ in range(_ROUNDS):
        solution = _solve(price, rules, whole)
        if solution is None or price @ solution >= at_most - _LEAST_GAIN:
            return None
        same = np.append(solution, 0.0)[column]
        broken = _broken(same)
        if len(broken):
            rules = _with_rules(rules, broken, column, len(price))
        elif (np.minimum(same, 1 - same) > _WHOLE).any():
            whole = True
        else:
            return _checked(same > 0.5, cost, clash, at_most)
    return None


def _checked(same: BoolArray, cost: DoubleArray, clash: BoolArray, at_most: float) -> IntArray | None:
    """Groups in which everybody is the same person as all the others; None if rounding made nonsense of it."""
    np.fill_diagonal(same, True)
    label: IntArray = same.argmax(axis=1)
    together = label[:, None] == label
    fits = (together == same).all() and not (together & clash).any()
    return label if fits and _total(cost, label) < at_most - _LEAST_GAIN else None


def _solve(price: DoubleArray, rules: csr_array | None, whole: bool) -> DoubleArray | None:
    """The cheapest choice (P,) of pairs under some rules, in 0..1 or whole; None where it takes too many nodes."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    result = milp(
        price,
        integrality=np.full(len(price), int(whole)),
        bounds=Bounds(0, 1),
        constraints=() if rules is None else LinearConstraint(rules, -np.inf, 1),
        options={"node_limit": _NODES, "mip_rel_gap": 0.0},
    )
    return np.asarray(result.x, np.float64) if result.status == 0 else None


def _broken(same: DoubleArray) -> IntArray:
    """Triples (T, 3) a, b, c with a = b and b = c and not a = c; the worst, at most four for each tracklet."""
    excess = same[:, :, None] + same[None, :, :] - same[:, None, :]  # (a, b, c)
    a, b, c = np.nonzero(excess > 1 + _WHOLE)
    once = (a < c) & (a != b) & (b != c)
    triples: IntArray = np.stack([a, b, c], axis=1)[once]
    worst: IntArray = np.argsort(-excess[tuple(triples.T)], kind="stable")
    chosen: IntArray = triples[worst[: 4 * len(same)]]
    return chosen


def _with_rules(rules: csr_array | None, triples: IntArray, column: IntArray, count: int) -> csr_array:
    """Rules that the triples agree: x_ab + x_bc - x_ac is 1 at most; a pair that clashes has no variable."""
    from scipy.sparse import csr_array, vstack

    a, b, c = triples.T
    where = np.stack([column[a, b], column[b, c], column[a, c]], axis=1)
    sign, row = np.broadcast_to([1.0, 1.0, -1.0], where.shape), np.repeat(np.arange(len(triples)), 3).reshape(-1, 3)
    there = where >= 0
    new = csr_array((sign[there], (row[there], where[there])), shape=(len(triples), count))
    return new if rules is None else csr_array(vstack([rules, new]))


def _components(costs: PairCosts, near: IntArray, clash: IntArray, count: int) -> Iterator[IntArray]:
    """Tracklets, three or more, that chains of pairs below zero connect; the smallest components first."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    drawn = near[(costs.of(near) < 0) & ~np.isin(keys(near, count), keys(clash, count))]
    graph = csr_array((np.ones(len(drawn)), tuple(drawn.T)), shape=(count, count))
    part = connected_components(graph, directed=False)[1]
    members = np.split(np.argsort(part, kind="stable"), np.cumsum(np.bincount(part))[:-1])
    yield from sorted((m for m in members if len(m) > 2), key=len)


def _table(members: IntArray, costs: PairCosts, weight: DoubleArray) -> DoubleArray:
    """Weighted costs (M, M) of all pairs of some tracklets."""
    first, second = np.triu_indices(len(members), 1)
    pairs = np.stack([members[first], members[second]], axis=1)
    table = np.zeros((len(members), len(members)))
    table[first, second] = costs.of(pairs) * weight[pairs].prod(axis=1)
    return table + table.T


def _clashes(members: IntArray, clash: IntArray, count: int) -> BoolArray:
    """Which of some tracklets cannot be one: (M, M)."""
    place = np.full(count, -1)
    place[members] = np.arange(len(members))
    rows = place[clash]
    first, second = rows[(rows >= 0).all(axis=1)].T
    table = np.zeros((len(members), len(members)), np.bool_)
    table[first, second] = table[second, first] = True
    return table


def _total(cost: DoubleArray, label: IntArray) -> float:
    return float(np.triu(cost * (label[:, None] == label), 1).sum())
