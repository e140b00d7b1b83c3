"""Tracks and detections that may belong together, as a list of pairs instead of a table of everybody with everybody.

In a crowd a track overlaps a handful of detections, however many there are: what is listed grows with the people, a
table with their square. Boxes lie (4, N) here, left, top, right, bottom in rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reidtrack.assign import assign
from reidtrack.types import BoolArray, DoubleArray, IntArray

_MARGIN = 1e-6
"""Share by which the search for neighbours is wider than need be, against rounding."""
_TIE = 1e-12
"""Costs that differ by less are taken for equal, whatever rounding says."""


class Pairs(NamedTuple):
    """P pairs.

    Attributes:
        row: (P,) int64, the track's.
        column: (P,) int64, the detection's.
        cost: (P,) float64.
    """

    row: IntArray
    column: IntArray
    cost: DoubleArray


def neighbours(a: DoubleArray, b: DoubleArray, least_x: float, least_y: float) -> tuple[IntArray, IntArray]:
    """Pairs of boxes that overlap enough along both axes, and some that do not.

    Centres of two intervals whose intersection over union is t lie at most (1 - t) / 2t times the length of one apart:
    the ends differ by union minus intersection in all, and the union is at most the length over t.

    Args:
        a: (4, N).
        b: (4, M).
        least_x: Least intersection over union of the intervals from left to right; at 0 and below, all pairs pass.
        least_y: The same from top to bottom.

    Returns:
        Rows (P,) and columns (P,), sorted by row.
    """
    centre_a, centre_b = (a[:2] + a[2:]) / 2, (b[:2] + b[2:]) / 2
    reach_x, reach_y = _reach(a[2] - a[0], least_x), _reach(a[3] - a[1], least_y)
    order = centre_b[0].argsort()
    along = centre_b[0, order]
    first = along.searchsorted(centre_a[0] - reach_x)
    count = along.searchsorted(centre_a[0] + reach_x, side="right") - first
    row = np.arange(len(count)).repeat(count)
    column = order[np.arange(len(row)) + (first - count.cumsum() + count).repeat(count)]
    close = (np.abs(centre_a[1, row] - centre_b[1, column]) <= reach_y[row]).nonzero()[0]
    return row[close], column[close]


def _reach(side: DoubleArray, least: float) -> DoubleArray:
    least -= _MARGIN
    return side * ((1 - least) / (2 * least)) if least > 0 else np.full_like(side, np.inf)


def iou(a: DoubleArray, b: DoubleArray) -> DoubleArray:
    """Intersection over union of boxes side by side, (4, P) and (4, P): (P,). Boxes have some area."""
    sides = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)
    shared = sides[0] * sides[1]
    ratio: DoubleArray = shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
    return ratio


def assign_pairs(pairs: Pairs, rows: BoolArray, columns: BoolArray, max_cost: float) -> tuple[IntArray, IntArray]:
    """Choose the pairs that `assign` chooses from the table of some rows and columns, where all others are forbidden.

    A pair that saves more than the best other pair of its row and the best other one of its column together is in every
    best assignment; taking those out leaves little, and that is given to `assign`. Where equal costs are left, all
    that is able is given to it, so that ties are broken as in the whole table.

    Args:
        pairs: Each at most once.
        rows: (N,), which tracks take part.
        columns: (M,), which detections take part.
        max_cost: As for `assign`.

    Returns:
        Rows (K,) and columns (K,), in no order.
    """
    limit = max_cost + 1e-9 * max(1.0, abs(max_cost))  # the slack of `assign`
    use = (rows[pairs.row] & columns[pairs.column] & (pairs.cost < limit)).nonzero()[0]
    able = Pairs(pairs.row[use], pairs.column[use], pairs.cost[use])
    if not len(use):
        return able.row, able.column
    sure, open_ = _clear(able, limit, len(rows), len(columns))
    if not len(open_):
        return able.row[sure], able.column[sure]
    if np.diff(np.sort(able.cost[open_])).min(initial=np.inf) < _TIE:
        return _in_table(able, np.flatnonzero(rows), np.flatnonzero(columns), max_cost)
    knot = Pairs(able.row[open_], able.column[open_], able.cost[open_])
    row, column = _in_table(knot, np.unique(knot.row), np.unique(knot.column), max_cost)
    return np.concatenate([able.row[sure], row]), np.concatenate([able.column[sure], column])


def _clear(pairs: Pairs, limit: float, rows: int, columns: int) -> tuple[IntArray, IntArray]:
    """Indices of the pairs that are in every best assignment, and of those that are neither in it nor out of it."""
    saving = limit - pairs.cost
    left = np.arange(len(saving))
    sure: list[IntArray] = []
    while len(left):
        row, column, worth = pairs.row[left], pairs.column[left], saving[left]
        best = (worth > _rival(row, worth, rows) + _rival(column, worth, columns) + _TIE).nonzero()[0]
        if not len(best):
            break
        sure.append(left[best])
        left = left[_untouched(row, best, rows) & _untouched(column, best, columns)]
    return np.concatenate(sure) if sure else left[:0], left


def _rival(index: IntArray, worth: DoubleArray, count: int) -> DoubleArray:
    """The most that another pair of the same row or column is worth, (P,): 0 where there is none."""
    best, second, holder = np.zeros(count), np.zeros(count), np.zeros(count, np.int64)
    np.maximum.at(best, index, worth)
    rival = best[index]
    at_best = (worth == rival).nonzero()[0]
    holder[index[at_best]] = at_best  # one of those that are equally good
    winner = holder[index[at_best]]
    others = np.ones(len(index), bool)
    others[winner] = False
    np.maximum.at(second, index[others], worth[others])
    rival[winner] = second[index[winner]]
    return rival


def _untouched(index: IntArray, taken: IntArray, count: int) -> BoolArray:
    """Which pairs (P,) share no row or column with the `taken` ones."""
    free = np.ones(count, bool)
    free[index[taken]] = False
    return free[index]


def _in_table(pairs: Pairs, rows: IntArray, columns: IntArray, max_cost: float) -> tuple[IntArray, IntArray]:
    """Assign in the table of `rows` and `columns`, sorted."""
    table = np.full((len(rows), len(columns)), np.inf)
    table[np.searchsorted(rows, pairs.row), np.searchsorted(columns, pairs.column)] = pairs.cost
    chosen = assign(table, max_cost).pairs
    return rows[chosen[:, 0]], columns[chosen[:, 1]]
