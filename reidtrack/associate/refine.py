"""Late evidence moves tracklets: local search over the total cost of a grouping.

The total is the sum of the weighted costs of all pairs that are one person (correlation clustering with forbidden
pairs, Bansal et al., Machine Learning 2004). A tracklet moves to the group where it costs least, also where somebody of
its own camera and time stands already: that one gives way and goes where it fits best. Only what lowers the total is
done.
"""

from __future__ import annotations

import numpy as np

from reidtrack.types import BoolArray, DoubleArray, IntArray

_LEAST_GAIN = 1e-9


def refine(label: IntArray, cost: DoubleArray, clash: BoolArray, weight: DoubleArray, sweeps: int = 20) -> IntArray:
    """Improve a grouping until no move helps.

    Args:
        label: (N,) group of each tracklet.
        cost: (N, N) symmetric; below zero speaks for one person, infinity says nothing is known.
        clash: (N, N) symmetric; pairs that cannot be one person.
        weight: (N,) above zero; a pair counts by the product of its two.
        sweeps: Most rounds through all tracklets.

    Returns:
        (N,) a grouping whose total is no higher, numbered from 0 in the order of the groups' first members.
    """
    pair = np.where(np.isfinite(cost), cost, 0.0) * weight[:, None] * weight[None, :]
    np.fill_diagonal(pair, 0.0)
    groups = _Groups(label, pair, clash)
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
    """A grouping with what each tracklet would cost in each group, kept up to date as tracklets move.

    The last column always stands for an empty group.
    """

    def __init__(self, label: IntArray, pair: DoubleArray, clash: BoolArray) -> None:
        self.label = packed(label)
        self._pair, self._clash, self._drawn = pair, clash, np.minimum(pair, 0.0)
        member = (self.label[:, None] == np.arange(int(self.label.max(initial=-1)) + 2)).astype(np.float64)  # (N, G)
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
        for crowded in np.flatnonzero((self._blocked[i] > 0) & (self._most[i] < 0)).tolist():
            if crowded == self.label[i] or self._bound(i, crowded) <= max(gain, _LEAST_GAIN):
                continue
            moves = self._push_in(i, crowded)
            if (found := self._gain(moves)) > gain:
                best, gain = moves, found
        if gain <= _LEAST_GAIN:
            return False
        spare = self._pull.shape[1] - 1
        for k, group in best.items():
            self._place(k, self._pull.shape[1] - 1 if group == spare else group)
        return True

    def _bound(self, i: int, target: int) -> float:
        """No less than what is gained by `i` pushing into `target`."""
        leaving = np.flatnonzero((self.label == target) & self._clash[i])
        others = np.delete(self._most[leaving], target, axis=1).min(axis=1, initial=0.0)
        relief = self._pull[leaving, target] - others
        return float(self._pull[i, self.label[i]] - self._most[i, target] + relief.sum())

    def _push_in(self, i: int, target: int) -> dict[int, int]:
        """Moves that bring `i` into `target`; those it clashes with go where each costs least, or alone."""
        moves = {i: target}
        leaving = np.flatnonzero((self.label == target) & self._clash[i])
        spare = self._pull.shape[1] - 1
        for k in leaving.tolist():
            pull, blocked = self._pull[k].copy(), self._blocked[k].copy()
            for other, group in moves.items():
                pull[self.label[other]] -= self._pair[k, other]
                blocked[self.label[other]] -= self._clash[k, other]
                pull[group] += self._pair[k, other]
                blocked[group] += self._clash[k, other]
            pull[blocked > 0] = np.inf
            pull[spare] = 0.0
            moves[k] = int(pull.argmin())
        return moves

    def _gain(self, moves: dict[int, int]) -> float:
        """By how much moves lower the total; more than one tracklet may go to the empty group, each alone."""
        moved = np.array(list(moves))
        before = self.label[moved]
        after = np.array(list(moves.values()))
        alone = after == self._pull.shape[1] - 1
        pair = self._pair[np.ix_(moved, moved)]
        old = self._pull[moved, before].sum() - (pair * (before[:, None] == before)).sum() / 2
        stays = np.array([self._pair[k, self.label == group].sum() for k, group in moves.items()])
        gone = np.array([pair[row, before == group].sum() for row, group in enumerate(after)])
        together = (after[:, None] == after) & ~alone[:, None] & ~alone
        new = (stays - gone)[~alone].sum() + (pair * together).sum() / 2
        return float(old - new)

    def _place(self, k: int, group: int) -> None:
        """Put one tracklet into a group; the empty one gets a new empty one behind it."""
        for table, column in ((self._pull, self._pair), (self._most, self._drawn), (self._blocked, self._clash)):
            table[:, self.label[k]] -= column[:, k]
            table[:, group] += column[:, k]
        self.label[k] = group
        if group == self._pull.shape[1] - 1:
            empty = np.zeros((len(self.label), 1))
            self._pull, self._most, self._blocked = (
                np.concatenate([table, empty], axis=1) for table in (self._pull, self._most, self._blocked)
            )
