"""Late evidence moves tracklets: local search over the total cost of a grouping.

The total is the sum of what all groups cost (`PersonModel`). A tracklet moves to the group where it costs least, also
where somebody of its own camera and time stands already: that one gives way and goes where it fits best. Only what
lowers the total is done.

A tracklet is drawn only to groups in which at least one pair with it costs less than zero; no others are looked at.
What it costs in a group follows from the group's sum of vectors.
"""

from __future__ import annotations

import numpy as np

from reidtrack.associate.clustering.adjacency import Adjacency
from reidtrack.associate.clustering.cluster_costs import Crowd
from reidtrack.associate.clustering.problem import Nodes
from reidtrack.types import BoolArray, IntArray

_LEAST_GAIN = 1e-9


def refine(label: IntArray, nodes: Nodes, sweeps: int = 20) -> IntArray:
    """Improve a grouping until no move helps.

    Args:
        label: (N,) group of each tracklet.
        nodes: N tracklets.
        sweeps: Most rounds through all tracklets.

    Returns:
        (N,) a grouping whose total is no higher, numbered from 0 in the order of the groups' first members.
    """
    search = _Search(packed(label), nodes)
    for _ in range(sweeps):
        moves = [search.improve(i) for i in range(len(label))]
        if not any(moves):
            break
    return packed(search.crowd.label)


def packed(label: IntArray) -> IntArray:
    """The same groups, numbered from 0 in the order of their first members."""
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank: IntArray = np.argsort(np.argsort(first))[inverse].astype(np.int64)
    return rank


class _Search:
    """Moves of single tracklets, and of those that have to give way to them.

    A tracklet that could not be improved is tried again only when a group has changed that was looked at.
    """

    def __init__(self, label: IntArray, nodes: Nodes) -> None:
        cost = nodes.costs.of(nodes.near)
        self.crowd = Crowd(label, nodes)
        self._drawn = Adjacency.of(len(label), nodes.near[cost < 0], cost[cost < 0])
        self._clash = Adjacency.of(len(label), nodes.clash, np.ones(len(nodes.clash)))
        self._step = 0
        self._changed: dict[int, int] = {}  # the step at which each group last changed
        self._tried = np.full(len(label), -1, np.int64)  # the step at which each tracklet was last left where it is
        self._looked_at: list[set[int]] = [set() for _ in range(len(label))]

    def improve(self, i: int) -> bool:
        """Make the best move of tracklet `i`, if one lowers the total."""
        if self._nothing_new(i):
            return False
        crowd, own = self.crowd, int(self.crowd.label[i])
        groups = _distinct(crowd.label[self._drawn.neighbours(i)])
        groups = groups[groups != own]
        self._looked_at[i] = {own, *groups.tolist()}
        crowded = _among(groups, crowd.label[self._clash.neighbours(i)])
        stay = crowd.leaving(i)
        target, least = self._refuge(i, groups[~crowded])
        best, gain = [(i, target)], stay - least
        for group in groups[crowded].tolist():
            steps, found = self._push_in(i, group, stay)
            if found > gain:
                best, gain = steps, found
        if gain <= _LEAST_GAIN:
            self._tried[i] = self._step
            return False
        self._make(best)
        return True

    def _nothing_new(self, i: int) -> bool:
        tried = self._tried[i]
        return bool(tried >= 0 and all(self._changed.get(group, -1) <= tried for group in self._looked_at[i]))

    def _refuge(self, i: int, groups: IntArray) -> tuple[int, float]:
        """Where `i` costs least of some groups or alone (-1), and what."""
        alone = self.crowd.alone(i)
        if len(groups):
            pull = self.crowd.entering(i, groups)
            best = int(pull.argmin())
            if pull[best] < alone:
                return int(groups[best]), float(pull[best])
        return -1, alone

    def _push_in(self, i: int, target: int, stay: float) -> tuple[list[tuple[int, int]], float]:
        """Steps that bring `i` into `target`, and what they save.

        Those it clashes with go where each costs least. Nothing is tried where `i` would gain nothing by it.
        """
        crowd = self.crowd
        clashing = self._clash.neighbours(i)
        giving_way: list[int] = clashing[crowd.label[clashing] == target].tolist()
        if len(giving_way) == 1 and crowd.instead(i, giving_way[0]) >= stay:  # as below, without trying
            return [], 0.0
        steps = [(k, -1) for k in giving_way]
        with crowd.trial():
            saved = -sum(crowd.move(*step) for step in steps)
            if crowd.entering(i, np.array([target]))[0] >= stay:
                return [], 0.0
            steps.append((i, target))
            saved -= crowd.move(i, target)
            for k in giving_way:
                groups = _distinct(crowd.label[self._drawn.neighbours(k)])
                self._looked_at[i].update(groups.tolist())
                groups = groups[~_among(groups, crowd.label[self._clash.neighbours(k)]) & (groups != crowd.label[k])]
                refuge, _ = self._refuge(k, groups)
                if refuge >= 0:
                    steps.append((k, refuge))
                    saved -= crowd.move(k, refuge)
        return steps, saved

    def _make(self, steps: list[tuple[int, int]]) -> None:
        crowd, touched = self.crowd, set()
        self._step += 1
        for k, group in steps:
            touched.add(int(crowd.label[k]))
            crowd.move(k, group)
            touched.add(int(crowd.label[k]))
            self._tried[k] = -1
        self._changed.update(dict.fromkeys(touched, self._step))
        crowd.release(touched)


# np.unique and np.isin take ten times as long as these for the dozen numbers there are.
def _distinct(label: IntArray) -> IntArray:
    ordered = np.sort(label)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _among(label: IntArray, others: IntArray) -> BoolArray:
    found: BoolArray = (label[:, None] == others).any(axis=1)
    return found
