"""Grouping with matrices of all pairs: what the library's sparse grouping is compared with.

Rounds of assignment and local search as they are described in `reidtrack.associate`, with every cost, clash and sum in
a table; there are as many empty groups as tracklets.
"""

from __future__ import annotations

import numpy as np

from reidtrack.assign import assign
from reidtrack.associate.refine import packed
from reidtrack.types import BoolArray, DoubleArray, IntArray

_FORBIDDEN = np.inf
_LEAST_GAIN = 1e-9
_ROUNDING = 1e-12


def group_dense(cost: DoubleArray, clash: BoolArray, weight: DoubleArray) -> IntArray:
    """Join tracklets to people. `cost` and `clash` are (N, N)."""
    return refine_dense(_join(cost, clash, weight), cost, clash, weight)


def _join(cost: DoubleArray, clash: BoolArray, weight: DoubleArray) -> IntArray:
    """Rounds of mutual assignment between groups."""
    n = len(cost)
    label = np.arange(n, dtype=np.int64)
    alive = np.arange(n, dtype=np.int64)
    mean, mass = np.where(clash, _FORBIDDEN, cost).astype(np.float64), weight.astype(np.float64).copy()
    np.fill_diagonal(mean, _FORBIDDEN)
    while len(alive) > 1:
        pairs = _mutual_pairs(mean[np.ix_(alive, alive)])
        if not len(pairs):
            break
        for a, b in alive[pairs]:
            row = (mass[a] * mean[a] + mass[b] * mean[b]) / (mass[a] + mass[b])
            mean[a], mean[:, a] = row, row
            mean[a, a] = _FORBIDDEN
            mass[a] += mass[b]
            label[label == b] = a
        alive = np.setdiff1d(alive, alive[pairs[:, 1]])
    return label


def _mutual_pairs(mean: DoubleArray) -> IntArray:
    """Pairs (a < b) that the assignment of all groups to all others gives to each other.

    Besides these, pairs of others that are each other's cheapest: an assignment may run in circles.
    """
    match = assign(mean, 0.0).pairs
    partner = np.full(len(mean), -1, np.int64)
    partner[match[:, 0]] = match[:, 1]
    pairs = _both_ways(partner)
    mean = mean.copy()
    mean[pairs.ravel()] = mean[:, pairs.ravel()] = _FORBIDDEN
    nearest = np.where(mean.min(axis=1) <= 0, mean.argmin(axis=1), -1)
    return np.concatenate([pairs, _both_ways(nearest)])


def _both_ways(partner: IntArray) -> IntArray:
    """Pairs (a < b) with `partner[a] == b` and `partner[b] == a`; -1 is nobody."""
    rows = np.flatnonzero(partner >= 0)
    mutual = rows[(partner[partner[rows]] == rows) & (rows < partner[rows])]
    return np.stack([mutual, partner[mutual]], axis=1)


def refine_dense(
    label: IntArray, cost: DoubleArray, clash: BoolArray, weight: DoubleArray, sweeps: int = 20
) -> IntArray:
    """Improve a grouping until no move helps."""
    pair = np.where(np.isfinite(cost), cost, 0.0) * weight[:, None] * weight[None, :]
    np.fill_diagonal(pair, 0.0)
    groups = _DenseGroups(label, pair, clash)
    for _ in range(sweeps):
        moves = [groups.improve(i) for i in range(len(label))]
        if not any(moves):
            break
    return packed(groups.label)


class _DenseGroups:
    """A grouping with what each tracklet would cost in each group, kept up to date as tracklets move."""

    def __init__(self, label: IntArray, pair: DoubleArray, clash: BoolArray) -> None:
        self.label = packed(label)
        self._pair, self._clash, self._drawn = pair, clash, np.minimum(pair, 0.0)
        member = (self.label[:, None] == np.arange(2 * len(label))).astype(np.float64)  # (N, G)
        self._pull = pair @ member
        self._most = self._drawn @ member  # what a group draws at most, whoever has to leave it
        self._blocked = clash @ member

    def improve(self, i: int) -> bool:
        """Make the best move of tracklet `i`, if one lowers the total."""
        own = self._pull[i, self.label[i]]
        free = np.where(self._blocked[i] == 0, self._pull[i], np.inf)
        free[self.label[i]] = np.inf
        target = int(free.argmin())
        best, gain = {i: target}, own - free[target]
        for crowded in np.flatnonzero((self._blocked[i] > 0) & (self._most[i] < -_ROUNDING)).tolist():
            if crowded == self.label[i] or self._bound(i, crowded) <= max(gain, _LEAST_GAIN):
                continue
            moves = self._push_in(i, crowded)
            if (found := self._gain(moves)) > gain:
                best, gain = moves, found
        if gain <= _LEAST_GAIN:
            return False
        for k, group in best.items():
            self._place(k, group)
        return True

    def _bound(self, i: int, target: int) -> float:
        """No less than what is gained by `i` pushing into `target`."""
        leaving = np.flatnonzero((self.label == target) & self._clash[i])
        others = np.delete(self._most[leaving], target, axis=1).min(axis=1, initial=0.0)
        relief = self._pull[leaving, target] - others
        return float(self._pull[i, self.label[i]] - self._most[i, target] + relief.sum())

    def _push_in(self, i: int, target: int) -> dict[int, int]:
        """Moves that bring `i` into `target`; those it clashes with go where each costs least."""
        moves = {i: target}
        for k in np.flatnonzero((self.label == target) & self._clash[i]).tolist():
            label = self.label.copy()
            label[list(moves)] = list(moves.values())
            member = label[:, None] == np.arange(self._pull.shape[1])
            pull = np.where(self._clash[k] @ member, np.inf, self._pair[k] @ member)
            moves[k] = int(pull.argmin())
        return moves

    def _gain(self, moves: dict[int, int]) -> float:
        """By how much moves lower the total."""
        label = self.label.copy()
        label[list(moves)] = list(moves.values())
        old, new = (self._pair[groups[:, None] == groups].sum() / 2 for groups in (self.label, label))
        return float(old - new)

    def _place(self, k: int, group: int) -> None:
        """Put one tracklet into a group; an empty one draws nobody, to the last digit."""
        left = int(self.label[k])
        self.label[k] = group
        for table, column in ((self._pull, self._pair), (self._most, self._drawn), (self._blocked, self._clash)):
            table[:, group] += column[:, k]
            table[:, left] = table[:, left] - column[:, k] if (self.label == left).any() else 0.0
