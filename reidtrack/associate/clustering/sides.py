"""Swaps of sides: two clusters that exchange all their tracklets of a time.

Where two people who look the same cross, everything that is known of who is who goes through the moment of the
crossing: if that came out wrong, all that follows is right within itself and on the wrong side. No single move and no
chain of cannot-links mends it, for the tracklets of other cameras have to change sides, too. So the tracklets of two
clusters are put into the smallest pieces that can change sides on their own (whom cannot-links and must-links chain
together), and all runs of pieces, one after the other in time, are tried as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from reidtrack.associate.clustering.exact import DenseProblem
from reidtrack.associate.clustering.pairs import Adjacency
from reidtrack.associate.clustering.problem import ClusterProblem
from reidtrack.graph import component_labels
from reidtrack.types import BoolArray, DoubleArray, IntArray

_MOST = 400
"""Tracklets of two clusters of which more are left as they are, and pieces of which fewer all runs are tried: of more
those that go on to the end. Bounds time and memory."""
_MOST_PIECES = 60
_MOST_SWAPS, _MOST_TURNS = 50, 10
_LEAST_GAIN = 1e-9
"""Savings below this are rounding; not tuned."""


def swap_sides(label: IntArray, problem: ClusterProblem, begin: DoubleArray, must_link: IntArray) -> IntArray:
    """Improve a clustering by swaps of sides until none helps.

    Args:
        label: (N,) cluster of each tracklet, from 0.
        problem: N tracklets.
        begin: (N,) when each begins.
        must_link: (R, 2) pairs that stay together.

    Returns:
        (N,) a clustering whose total is no higher.
    """
    label, count = label.copy(), int(label.max(initial=-1)) + 1
    bonds = np.concatenate([problem.cannot_link, must_link])
    beside = Adjacency.of(len(label), problem.cannot_link)
    for _ in range(_MOST_TURNS):
        before = label.copy()
        for pair in combinations(range(count), 2):
            members = np.flatnonzero(np.isin(label, pair))
            if len(members) <= _MOST:
                piece = _pieces(members, bonds[np.isin(bonds, members).all(axis=1)], begin)
                second = _best_sides(label[members] == pair[1], piece, DenseProblem.of(problem, members, beside))
                label[members] = np.where(second, pair[1], pair[0])
        if (label == before).all():
            break
    return label


def _best_sides(second: BoolArray, piece: IntArray, problem: DenseProblem) -> BoolArray:
    """Mask (M,) of the members that are of the second cluster, after all swaps that lower the total."""
    runs = np.stack([*_runs(piece)])
    cost = float(_costs(problem, second[None])[0])
    for _ in range(_MOST_SWAPS):
        tried = _costs(problem, second ^ runs)
        best = int(tried.argmin())
        if tried[best] >= cost - _LEAST_GAIN:
            break
        second, cost = second ^ runs[best], float(tried[best])
    return second


def _pieces(members: IntArray, bonds: IntArray, begin: DoubleArray) -> IntArray:
    """Number (M,) of the piece of each member, from 0 by when pieces begin."""
    piece = component_labels(len(members), np.searchsorted(members, bonds))
    first = np.full(int(piece.max()) + 1, np.inf)
    np.minimum.at(first, piece, begin[members])
    number: IntArray = np.empty(len(first), np.int64)
    number[np.argsort(first, kind="stable")] = np.arange(len(first))
    return number[piece]


def _runs(piece: IntArray) -> Iterator[BoolArray]:
    """Masks (M,) of the members that change sides: those of some pieces, one after the other."""
    count = int(piece.max()) + 1
    for first in range(count):
        for end in range(first + 1, count + 1) if count <= _MOST_PIECES else (first + 1, count):
            yield (first <= piece) & (piece < end)


def _costs(problem: DenseProblem, sides: BoolArray) -> DoubleArray:
    """Total cost (C,) of two clusters for each choice (C, M) of those in the second."""
    total = np.zeros(len(sides))
    for inside in (sides.astype(np.float64), (~sides).astype(np.float64)):
        sum_sq_norm = ((inside @ problem.inner_product) * inside).sum(axis=1)
        total += problem.model.cost(inside @ problem.weight, sum_sq_norm)
    return total
