"""The least total there is, where a problem is small enough.

People are looked for among tracklets that chains of pairs below zero connect; every such component is a problem of its
own. In a small one all groups there could be are put in a table, and the best way to share the tracklets among them is
built up from the best ways to share fewer. In larger ones the same is done for any two groups with a pair below zero
between them: the best that their tracklets can be is found, whatever moves, swaps, joins and splits that takes.

How much is tried is counted in entries of tables, never in seconds: a result does not hang on the machine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reidtrack.associate.clustering.adjacency import Adjacency
from reidtrack.associate.clustering.cluster_model import PersonModel
from reidtrack.associate.clustering.pair_keys import keys, once
from reidtrack.associate.clustering.problem import Nodes
from reidtrack.graph import component_labels, component_members
from reidtrack.types import BoolArray, DoubleArray, IntArray

WORK = 3**14
"""Entries of all tables together."""
_LEAST_GAIN = 1e-9


def improve_exactly(label: IntArray, nodes: Nodes, most: int) -> IntArray:
    """Replace groups by the best their tracklets can make.

    Args:
        label: (N,) group of each tracklet.
        nodes: N tracklets.
        most: Of how many tracklets together the best grouping is looked for.

    Returns:
        (N,) the same groups where no others have a lower total.
    """
    count = len(label)
    drawn = nodes.near[(nodes.costs.of(nodes.near) < 0) & ~np.isin(keys(nodes.near, count), keys(nodes.clash, count))]
    search = _Search(label.copy(), nodes, most)
    solved = np.zeros(count, np.bool_)
    for members in sorted(component_members(component_labels(count, drawn)), key=len):
        if search.affords(members):
            search.regroup(members)
            solved[members] = True
    search.pair_up(drawn[~solved[drawn].all(axis=1)])
    return search.label


class Table(NamedTuple):
    """All pairs of a few things.

    Attributes:
        mass: (N,) how much each counts.
        alike: (N, N) inner products of their sums of looks.
        clash: (N, N) who cannot be one with whom.
        model: What groups cost.
    """

    mass: DoubleArray
    alike: DoubleArray
    clash: BoolArray
    model: PersonModel

    def cost_of(self, label: IntArray) -> float:
        """Total of a grouping (N,)."""
        groups = np.arange(int(label.max(initial=-1)) + 1)[:, None] == label
        square = np.einsum("gi,ij,gj->g", groups, self.alike, groups)
        return float(self.model.cost(groups @ self.mass, square).sum())


def best_grouping(table: Table) -> IntArray:
    """The grouping of least total, (N,) numbers of groups; takes 3^N steps and memory."""
    n = len(table.mass)
    alone = _group_costs(table)
    best, last = np.zeros(1 << n), np.zeros(1 << n, np.int64)
    subsets = [np.zeros(1, np.int64)]  # of each set of the things before
    for i in range(n):
        for rest in range(1 << i):  # i in a group with some of the rest, the others as they are best by themselves
            with_i = subsets[rest]
            total = alone[with_i | 1 << i] + best[rest ^ with_i]
            place = int(total.argmin())
            best[rest | 1 << i], last[rest | 1 << i] = total[place], with_i[place] | 1 << i
        if i + 1 < n:
            subsets += [np.concatenate([found, found | 1 << i]) for found in subsets]
    label, left = np.zeros(n, np.int64), (1 << n) - 1
    for number in range(n):
        label[(last[left] >> np.arange(n)) & 1 == 1] = number
        left ^= int(last[left])
    return label


def _group_costs(table: Table) -> DoubleArray:
    """What every set of things costs as one group, (2^N,), infinite where two clash; set k holds i if bit i is set."""
    n = len(table.mass)
    mass, square, apart = np.zeros(1 << n), np.zeros(1 << n), np.zeros(1 << n, np.bool_)
    for i in range(n):
        to, bad = np.zeros(1), np.zeros(1, np.bool_)  # of every set of the things before
        for k in range(i):
            to = np.concatenate([to, to + table.alike[i, k]])
            bad = np.concatenate([bad, bad | table.clash[i, k]])
        before, after = slice(0, 1 << i), slice(1 << i, 2 << i)
        mass[after] = mass[before] + table.mass[i]
        square[after] = square[before] + table.alike[i, i] + 2 * to
        apart[after] = apart[before] | bad
    cost = table.model.cost(mass, square)
    cost[apart] = np.inf
    return cost


class _Search:
    """A grouping that is improved a few tracklets at a time."""

    def __init__(self, label: IntArray, nodes: Nodes, most: int) -> None:
        self.label = label
        self._nodes, self._most, self._left = nodes, most, WORK
        self._clash = Adjacency.of(len(label), nodes.clash, np.ones(len(nodes.clash)))

    def affords(self, members: IntArray) -> bool:
        """Whether so many can be settled still; says yes once for as many."""
        if not 2 < len(members) <= self._most or self._left < 3 ** len(members):
            return False
        self._left -= 3 ** len(members)
        return True

    def regroup(self, members: IntArray) -> bool:
        """Give all members of some groups the best grouping they can have, if it is better than theirs."""
        table = self._table(members)
        now, found = np.unique(self.label[members], return_inverse=True)[1], best_grouping(table)
        if table.cost_of(found) >= table.cost_of(now) - _LEAST_GAIN:
            return False
        self.label[members] = int(self.label.max()) + 1 + found
        return True

    def pair_up(self, drawn: IntArray) -> None:
        """Settle any two groups with pairs between them anew, until none gains by it."""
        fresh = np.unique(self.label[drawn])
        while len(fresh):
            pairs = once(self.label[drawn], int(self.label.max(initial=-1)) + 1)[0]
            changed: list[IntArray] = []
            for pair in pairs[np.isin(pairs, fresh).any(axis=1)]:
                members = np.flatnonzero((self.label == pair[0]) | (self.label == pair[1]))
                if self.affords(members) and self.regroup(members):
                    changed.append(members)
            fresh = np.unique(self.label[np.concatenate(changed)]) if changed else fresh[:0]

    def _table(self, members: IntArray) -> Table:
        n = len(members)
        first, second = np.triu_indices(n, 1)
        alike = np.zeros((n, n))
        alike[first, second] = self._nodes.alike(np.stack([members[first], members[second]], axis=1))
        alike += alike.T
        np.fill_diagonal(alike, self._nodes.square[members])
        clash = np.stack([np.isin(members, self._clash.neighbours(i)) for i in members.tolist()])
        return Table(self._nodes.mass[members], alike, clash, self._nodes.model)
