"""Chains of swaps: what one move cannot mend because everybody stands in everybody's way.

Two people who look much alike and cross again and again have many short tracklets, each of which stands beside some of
the other's. Bringing one of them to its right side drives out those beside it, and these drive out others in turn. All
of them change sides at once here: the tracklets of two clusters that cannot-links chain together (a Kempe chain of
graph colouring). A third cluster that no single move dissolves is dissolved by such steps, too.

How much is tried is counted in moves, never in seconds: a result does not depend on the machine.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reidtrack.associate.clustering.cluster_costs import ClusterCosts
from reidtrack.associate.clustering.pairs import Adjacency
from reidtrack.associate.clustering.problem import ClusterProblem
from reidtrack.types import IntArray

WORK = 20_000
"""Moves of single tracklets that are tried, all together, which bounds the time they take; not tuned."""
_MOST_SIDES = 4
"""Clusters that a tracklet may be brought to, and that those in its way may change sides with; bounds time."""
_LEAST_GAIN = 1e-9
"""Savings below this are rounding; not tuned."""


def swap_chains(label: IntArray, problem: ClusterProblem, work: int = WORK) -> IntArray:
    """Improve a clustering by chains of swaps until none helps, or enough was tried.

    Args:
        label: (N,) cluster of each tracklet, from 0 without gaps.
        problem: N tracklets.
        work: Moves of single tracklets that are tried, all together.

    Returns:
        (N,) a clustering whose total is no higher; the same labels where nothing better is found.
    """
    search = _ChainSearch(label, problem, work)
    while sum(search.improve(i) for i in range(len(label))):
        pass
    return search.clusters.label.copy()


class _ChainSearch:
    """Moves of single tracklets into clusters where others are in the way, which change sides with all behind them."""

    def __init__(self, label: IntArray, problem: ClusterProblem, work: int) -> None:
        cost = problem.costs.of(problem.candidates)
        self.clusters = ClusterCosts(label, problem)
        self._attractive = Adjacency.of(len(label), problem.candidates[cost < 0], cost[cost < 0])
        self._cannot_link = Adjacency.of(len(label), problem.cannot_link)
        self._left = work

    def improve(self, i: int) -> bool:
        """Make the best chain that brings tracklet `i` elsewhere, if one lowers the total; returns whether one did."""
        best, gain = list[tuple[int, int]](), _LEAST_GAIN
        for steps in self._chains(i):
            if len(steps) > self._left:
                return False
            self._left -= len(steps)
            with self.clusters.trial():
                saved = -sum(self.clusters.move(*step) for step in steps)
            if saved > gain:
                best, gain = steps, saved
        touched = {int(self.clusters.label[k]) for k, _ in best} | {cluster for _, cluster in best}
        for step in best:
            self.clusters.move(*step)
        self.clusters.release(touched)
        return bool(best)

    def _chains(self, i: int) -> Iterator[list[tuple[int, int]]]:
        """Steps that bring tracklet `i` into a cluster in which others are in its way, and those to another one."""
        label, in_the_way = self.clusters.label, self._cannot_link.neighbours(i)
        own = int(label[i])
        for target in self._sides(i, {own}):
            beside = in_the_way[label[in_the_way] == target]
            if not len(beside):
                continue  # a plain move, which the local search has tried
            for other in [own, *self._sides(int(beside[0]), {own, target})]:
                chain = self._chain(i, beside, target, other)
                if chain is not None:
                    yield [*((k, other if label[k] == target else target) for k in chain), (i, target)]

    def _sides(self, i: int, without: set[int]) -> list[int]:
        """The clusters that attract tracklet `i` most, by how many of their tracklets do."""
        near = self.clusters.label[self._attractive.neighbours(i)]
        if (near == near[:1]).all():  # nobody, or one cluster: nearly all of a crowd
            return [c for c in near[:1].tolist() if c not in without]
        found, count = np.unique(near, return_counts=True)
        order = np.argsort(-count, kind="stable")
        return [int(c) for c in found[order] if int(c) not in without][:_MOST_SIDES]

    def _chain(self, i: int, beside: IntArray, target: int, other: int) -> list[int] | None:
        """All tracklets of two clusters that change sides if those `beside` tracklet `i` do; None if that is no use."""
        label, in_the_way = self.clusters.label, set(self._cannot_link.neighbours(i).tolist())
        chain: dict[int, None] = dict.fromkeys(beside.tolist())
        waiting = list(chain)
        while waiting:
            neighbours = self._cannot_link.neighbours(waiting.pop())
            sides = label[neighbours]
            for k in neighbours[(sides == target) | (sides == other)].tolist():
                if k == i or k in chain:
                    continue
                if len(chain) >= self._left or (label[k] == other and k in in_the_way):
                    return None  # it would come to where `i` goes
                chain[k] = None
                waiting.append(k)
        return list(chain)
