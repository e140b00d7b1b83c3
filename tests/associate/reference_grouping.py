"""Grouping with matrices of all pairs: what the library's sparse grouping is compared with.

Rounds of assignment and local search as they are described in `reidtrack.associate`, every total counted from scratch.
"""

from __future__ import annotations

import numpy as np

from reidtrack.assign import assign
from reidtrack.associate.clustering.cluster_model import PldaClusterModel
from reidtrack.associate.clustering.local_search import renumbered
from reidtrack.types import BoolArray, DoubleArray, IntArray

_FORBIDDEN = np.inf
_LEAST_GAIN = 1e-9


class Dense:
    """A problem: costs and clashes (N, N), weights (N,)."""

    def __init__(self, cost: DoubleArray, clash: BoolArray, weight: DoubleArray, threshold: float) -> None:
        self.model, self.weight = PldaClusterModel.of_threshold(threshold), weight
        self.cost, self.clash = cost.copy(), clash.copy()
        np.fill_diagonal(self.clash, False)
        self._known: dict[bytes, float] = {}
        self.inner_product = (self.model.break_even - cost) * weight[:, None] * weight
        np.fill_diagonal(self.inner_product, weight**2)

    def group(self, members: IntArray) -> float:
        """What some cost as one; infinite where they clash."""
        members = np.sort(members)
        if members.tobytes() not in self._known:
            rows = np.ix_(members, members)
            weight, sum_sq_norm = self.weight[members].sum(), self.inner_product[rows].sum()
            cost = self.model.cost(np.array([weight]), np.array([sum_sq_norm]))[0]
            self._known[members.tobytes()] = _FORBIDDEN if self.clash[rows].any() else float(cost)
        return self._known[members.tobytes()]

    def total(self, label: IntArray) -> float:
        """Of a grouping."""
        return sum(self.group(np.flatnonzero(label == k)) for k in np.unique(label))

    @property
    def drawn(self) -> BoolArray:
        """Pairs that cost less than zero."""
        drawn = self.cost < 0
        np.fill_diagonal(drawn, False)
        return drawn


def group_dense(cost: DoubleArray, clash: BoolArray, weight: DoubleArray, threshold: float) -> IntArray:
    """Join tracklets to people. `cost` and `clash` are (N, N)."""
    dense = Dense(cost, clash, weight, threshold)
    label = _refine(_join(np.arange(len(weight)), dense), dense)
    for _ in range(10):
        again = renumbered(_join(label, dense))
        if again.max(initial=-1) == label.max(initial=-1):
            break
        label = _refine(again, dense)
    return label


def _join(label: IntArray, dense: Dense) -> IntArray:
    """Rounds of mutual assignment between groups; two that were no match once are looked at only with others."""
    label = label.copy()
    near = dense.cost <= 1e-6
    np.fill_diagonal(near, False)
    while True:
        names = np.unique(label)
        joint = np.full((len(names), len(names)), _FORBIDDEN)
        for a, first in enumerate(names):
            for b, second in enumerate(names):
                one, other = np.flatnonzero(label == first), np.flatnonzero(label == second)
                if a != b and near[np.ix_(one, other)].any():
                    both = dense.group(np.concatenate([one, other]))
                    joint[a, b] = both - dense.group(one) - dense.group(other)
                    if joint[a, b] > _LEAST_GAIN:
                        near[np.ix_(one, other)] = near[np.ix_(other, one)] = False
        joint[joint > _LEAST_GAIN] = _FORBIDDEN
        pairs = _mutual_pairs(joint)
        if not len(pairs):
            return label
        for a, b in names[pairs]:
            label[label == b] = a


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
    nearest = np.where(mean.min(axis=1, initial=_FORBIDDEN) <= 0, mean.argmin(axis=1), -1)
    return np.concatenate([pairs, _both_ways(nearest)])


def _both_ways(partner: IntArray) -> IntArray:
    """Pairs (a < b) with `partner[a] == b` and `partner[b] == a`; -1 is nobody."""
    rows = np.flatnonzero(partner >= 0)
    mutual = rows[(partner[partner[rows]] == rows) & (rows < partner[rows])]
    return np.stack([mutual, partner[mutual]], axis=1)


def _refine(label: IntArray, dense: Dense) -> IntArray:
    """Improve a grouping until no move helps."""
    label = renumbered(label)
    for _ in range(20):
        if not sum(_improve(i, label, dense) for i in range(len(label))):
            break
    return renumbered(label)


def _improve(i: int, label: IntArray, dense: Dense) -> bool:
    """Make the best move of tracklet `i`, if one lowers the total."""
    now, best, gain = dense.total(label), label, 0.0
    for target in [*_drawing(i, label, dense), -1]:
        if target == label[i]:
            continue
        for moved in (_moved(i, target, label), _pushed(i, target, label, dense)):
            found = now - dense.total(moved)
            if found > gain + 1e-12:
                best, gain = moved, found
    if gain <= _LEAST_GAIN:
        return False
    label[:] = best
    return True


def _drawing(i: int, label: IntArray, dense: Dense) -> list[int]:
    return np.unique(label[dense.drawn[i]]).tolist()


def _moved(i: int, target: int, label: IntArray) -> IntArray:
    moved = label.copy()
    moved[i] = label.max() + 1 if target < 0 else target
    return moved


def _pushed(i: int, target: int, label: IntArray, dense: Dense) -> IntArray:
    """Those of the target that clash with `i` leave it, and go where each costs least."""
    leaving = np.flatnonzero((label == target) & dense.clash[i])
    without = label.copy()
    for k in leaving:
        without = _moved(k, -1, without)
    pushed = _moved(i, target, without)
    if dense.total(pushed) >= dense.total(without) - 1e-12:  # it gains nothing by it
        return label
    for k in leaving:
        ways = [_moved(k, group, pushed) for group in _drawing(k, pushed, dense)]
        pushed = min([pushed, *ways], key=dense.total)
    return pushed
