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
        (N,) a grouping whose total is no higher.
    """
    pair = np.where(np.isfinite(cost), cost, 0.0) * weight[:, None] * weight[None, :]
    np.fill_diagonal(pair, 0.0)
    label = _packed(label)
    for _ in range(sweeps):
        before = label
        for i in range(len(label)):
            label = _best_move(i, label, pair, clash)
        if (label == before).all():
            break
    return _packed(label)


def _best_move(i: int, label: IntArray, pair: DoubleArray, clash: BoolArray) -> IntArray:
    """The grouping after the best move of tracklet `i`, or as it was."""
    size = len(label) + 1
    alone = int(np.setdiff1d(np.arange(size), label)[0])
    best, best_gain = label, _LEAST_GAIN
    # Only groups that draw the tracklet by themselves can be better than standing alone, whoever gives way.
    drawn = np.bincount(label, weights=np.minimum(pair[i], 0.0), minlength=size) < 0
    for target in [*np.flatnonzero(drawn).tolist(), alone]:
        if target == label[i]:
            continue
        moved = _moved(i, target, label, pair, clash)
        changed = np.flatnonzero(moved != label)
        gain = _total(changed, label, pair) - _total(changed, moved, pair)
        if gain > best_gain:
            best, best_gain = moved, gain
    return best


def _moved(i: int, target: int, label: IntArray, pair: DoubleArray, clash: BoolArray) -> IntArray:
    """The grouping with `i` in `target`; those there that it clashes with go where each costs least, or alone."""
    moved = label.copy()
    moved[i] = target
    gone = np.flatnonzero((label == target) & clash[i])
    free = np.setdiff1d(np.arange(len(label) + len(gone) + 2), [*label, target])
    moved[gone] = free[: len(gone)]
    for k in gone.tolist():
        size = int(moved.max()) + 1
        pull = np.bincount(moved, weights=pair[k], minlength=size)
        pull[np.bincount(moved, weights=clash[k], minlength=size) > 0] = np.inf
        if pull.min() < 0:
            moved[k] = int(pull.argmin())
    return moved


def _total(changed: IntArray, label: IntArray, pair: DoubleArray) -> float:
    """Cost of all pairs of one group that have one of `changed` in them."""
    same = label[changed, None] == label[None, :]
    within = same[:, changed] * pair[np.ix_(changed, changed)]
    return float((same * pair[changed]).sum() - within.sum() / 2)


def _packed(label: IntArray) -> IntArray:
    """The same groups numbered from 0 in the order of their first members."""
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank: IntArray = np.argsort(np.argsort(first))[inverse].astype(np.int64)
    return rank
