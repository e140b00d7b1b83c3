"""Late evidence moves tracklets: local search over the total cost of a grouping.

The total is the sum of the weighted costs of all pairs that are one person (correlation clustering with forbidden
pairs, Bansal et al., Machine Learning 2004). A tracklet moves to the group where it costs least, also where somebody of
its own camera and time stands already: that one gives way and goes where it fits best. Only what lowers the total is
done.

A tracklet is drawn only to groups in which at least one pair with it costs less than zero; no others are looked at.
What it costs in a group follows from the group's sum of vectors.
"""

from __future__ import annotations

import numpy as np

from reidtrack.associate.adjacency import Adjacency
from reidtrack.associate.costs import PairCosts
from reidtrack.types import BoolArray, DoubleArray, IntArray

_LEAST_GAIN = 1e-9
_NEW = -1
"""Stands for a new group, as every number below zero."""


def refine(
    label: IntArray, costs: PairCosts, near: IntArray, clash: IntArray, weight: DoubleArray, sweeps: int = 20
) -> IntArray:
    """Improve a grouping until no move helps.

    Args:
        label: (N,) group of each tracklet.
        costs: Of N tracklets; below zero speaks for one person.
        near: (P, 2) each once; at least all pairs whose cost is below zero.
        clash: (Q, 2) each once; pairs that cannot be one person.
        weight: (N,) above zero; a pair counts by the product of its two.
        sweeps: Most rounds through all tracklets.

    Returns:
        (N,) a grouping whose total is no higher, numbered from 0 in the order of the groups' first members.
    """
    cost = costs.of(near)
    near, cost = near[cost < 0], cost[cost < 0]
    drawn = Adjacency.of(len(label), near, cost * weight[near].prod(axis=1))
    groups = _Groups(label, costs, drawn, Adjacency.of(len(label), clash, np.ones(len(clash))), weight)
    for _ in range(sweeps):
        moves = [groups.improve(i) for i in range(len(label))]
        if not any(moves):
            break
    return packed(groups.label)


def packed(label: IntArray) -> IntArray:
    """The same groups, numbered from 0 in the order of their first members."""
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank: IntArray = np.argsort(np.argsort(first))[inverse].astype(np.int64)
    return rank


class _Groups:
    """A grouping with the mass and the summed vectors of each group, kept up to date as tracklets move.

    A tracklet that could not be improved is tried again only when a group has changed that was looked at.
    """

    def __init__(
        self, label: IntArray, costs: PairCosts, drawn: Adjacency, clash: Adjacency, weight: DoubleArray
    ) -> None:
        from scipy.sparse import csr_array

        self.label = packed(label)
        self._costs, self._drawn, self._clash, self._weight = costs, drawn, clash, weight
        self._extra = _weighted_extra(costs, weight)
        n, count = len(label), int(self.label.max(initial=-1)) + 1
        member = csr_array((weight, (self.label, np.arange(n))), shape=(count, n))
        self._mass = np.bincount(self.label, weight, count)
        self._sum = np.asarray(member @ costs.vectors, np.float64)  # (G, E)
        self._count, self._step = count, 0
        self._changed = np.zeros(count, np.int64)  # the step at which each group last changed
        self._tried = np.full(n, -1, np.int64)  # the step at which each tracklet was last left where it is
        self._looked_at: list[list[IntArray]] = [[] for _ in range(n)]

    def improve(self, i: int) -> bool:
        """Make the best move of tracklet `i`, if one lowers the total."""
        if self._nothing_new(i):
            return False
        own = self.label[i : i + 1].copy()
        groups, most = self._drawing(i)
        self._looked_at[i] = [own, groups]
        crowded = _among(groups, self.label[self._clash.neighbours(i)])
        target, least = _cheapest(groups, np.where(crowded | (groups == own), np.inf, self._pull(i, groups)))
        stay = float(self._pull(i, own)[0])
        best, gain = {i: target}, stay - least
        for k in np.flatnonzero(crowded & (groups != own)).tolist():
            leaving = self._leaving(i, int(groups[k]))
            if stay - most[k] + self._relief(i, leaving, int(groups[k])) <= max(gain, _LEAST_GAIN):
                continue
            moves = self._push_in(i, int(groups[k]), leaving)
            if (found := self._gain(moves)) > gain:
                best, gain = moves, found
        if gain <= _LEAST_GAIN:
            self._tried[i] = self._step
            return False
        self._make(best)
        return True

    def _nothing_new(self, i: int) -> bool:
        return bool(
            self._tried[i] >= 0 and all((self._changed[part] <= self._tried[i]).all() for part in self._looked_at[i])
        )

    def _drawing(self, i: int) -> tuple[IntArray, DoubleArray]:
        """Groups that draw `i`, increasing, and by how much at most, whoever has to leave them."""
        label = self.label[self._drawn.neighbours(i)]
        groups = _distinct(label)
        return groups, (groups[:, None] == label) @ self._drawn.values(i)

    def _pull(self, i: int, groups: IntArray) -> DoubleArray:
        """What `i` costs in some groups, itself not counted."""
        vector = self._costs.metric * self._costs.vectors[i]
        pull = self._costs.base * self._mass[groups] - self._sum[groups] @ vector
        pull -= (groups == self.label[i]) * self._weight[i] * (self._costs.base - self._costs.vectors[i] @ vector)
        scaled: DoubleArray = self._weight[i] * pull
        if self._extra is not None:
            scaled += (groups[:, None] == self.label[self._extra.neighbours(i)]) @ self._extra.values(i)
        return scaled

    def _leaving(self, i: int, target: int) -> list[int]:
        """Members of a group that clash with `i`."""
        clashing = self._clash.neighbours(i)
        leaving: list[int] = clashing[self.label[clashing] == target].tolist()
        return leaving

    def _relief(self, i: int, leaving: list[int], target: int) -> float:
        """No less than what is gained by those leaving `target`."""
        relief = 0.0
        for k in leaving:
            groups, most = self._drawing(k)
            self._looked_at[i].append(groups)
            relief += float(self._pull(k, np.array([target]))[0]) - float(most[groups != target].min(initial=0.0))
        return relief

    def _push_in(self, i: int, target: int, leaving: list[int]) -> dict[int, int]:
        """Moves that bring `i` into `target`; those it clashes with go where each costs least, or to a new group."""
        moves = {i: target}
        for k in leaving:
            moves[k] = self._refuge(k, moves)
        return moves

    def _refuge(self, k: int, moves: dict[int, int]) -> int:
        """Where `k` costs least once the moves are made."""
        moved, after = np.array(list(moves)), np.array(list(moves.values()))
        before = self.label[moved]
        self.label[moved] = after
        drawing, clashing = (self.label[table.neighbours(k)] for table in (self._drawn, self._clash))
        self.label[moved] = before
        groups = _distinct(drawing)
        groups = groups[~_among(groups, clashing)]
        pull, there = np.zeros(len(groups)), groups >= 0
        pull[there] = self._pull(k, groups[there])
        pair = self._pairs(np.array([k]), moved)[0]
        pull += (groups[:, None] == after) @ pair - (groups[:, None] == before) @ pair
        group, least = _cheapest(groups, pull)
        return group if least < 0 else _NEW - len(moves)

    def _pairs(self, a: IntArray, b: IntArray) -> DoubleArray:
        """Weighted costs (A, B) of tracklets with others; of no use where they are the same."""
        vectors = self._costs.vectors
        cost = self._costs.base - (vectors[a] * self._costs.metric) @ vectors[b].T
        weighted: DoubleArray = cost * self._weight[a][:, None] * self._weight[b]
        if self._extra is not None:
            for row, i in enumerate(a.tolist()):
                weighted[row] += (b[:, None] == self._extra.neighbours(i)) @ self._extra.values(i)
        return weighted

    def _gain(self, moves: dict[int, int]) -> float:
        """By how much moves lower the total."""
        moved, after = np.array(list(moves)), np.array(list(moves.values()))
        before = self.label[moved]
        pair = self._pairs(moved, moved)
        np.fill_diagonal(pair, 0.0)
        old = sum(float(self._pull(k, self.label[k : k + 1])[0]) for k in moves)
        old -= float(pair[before[:, None] == before].sum()) / 2
        new = sum(float(self._pull(k, np.array([group]))[0]) for k, group in moves.items() if group >= 0)
        new -= float(pair[after[:, None] == before].sum())
        new += float(pair[after[:, None] == after].sum()) / 2
        return old - new

    def _make(self, moves: dict[int, int]) -> None:
        named = {group: self._new_group() for group in sorted(set(moves.values())) if group < 0}
        for k, group in moves.items():
            self._place(k, named.get(group, group))

    def _place(self, k: int, group: int) -> None:
        """Put one tracklet into a group."""
        self._step += 1
        for place, sign in ((int(self.label[k]), -1), (group, 1)):
            self._mass[place] += sign * self._weight[k]
            self._sum[place] += sign * self._weight[k] * self._costs.vectors[k]
            self._changed[place] = self._step
        self.label[k] = group
        self._tried[k] = -1

    def _new_group(self) -> int:
        """The number of an empty group."""
        if self._count == len(self._mass):
            room = max(8, self._count // 8)
            self._mass = np.concatenate([self._mass, np.zeros(room)])
            self._sum = np.concatenate([self._sum, np.zeros((room, self._sum.shape[1]))])
            self._changed = np.concatenate([self._changed, np.zeros(room, np.int64)])
        self._count += 1
        return self._count - 1


def _weighted_extra(costs: PairCosts, weight: DoubleArray) -> Adjacency | None:
    """What single pairs cost beside their looks, times the weights of the two."""
    if costs.extra is None:
        return None
    extra = costs.extra.times(weight)
    return Adjacency.of(len(weight), extra.pairs, extra.value)


def _cheapest(groups: IntArray, pull: DoubleArray) -> tuple[int, float]:
    """The group that costs least, of equal ones the first, and what it costs; a new one if none is below zero."""
    if len(pull) and pull.min() < 0:
        best = int(pull.argmin())
        return int(groups[best]), float(pull[best])
    return _NEW, 0.0


# np.unique and np.isin take ten times as long as these for the dozen numbers there are.
def _distinct(label: IntArray) -> IntArray:
    ordered = np.sort(label)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _among(label: IntArray, others: IntArray) -> BoolArray:
    found: BoolArray = (label[:, None] == others).any(axis=1)
    return found
