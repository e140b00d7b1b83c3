"""People who were seen side by side and whom appearance cannot tell apart."""

from __future__ import annotations

import numpy as np

from reidtrack.associate.appearance import cosine_distances
from reidtrack.associate.clustering.pairs import distinct_keys, pair_keys
from reidtrack.types import BoolArray, DoubleArray, IntArray

_LEAST_PAIRS = 4
"""From fewer pairs of one person's tracklets it does not follow how far those lie apart."""
_ALIKE = 1.1
"""Two whose tracklets lie apart by less than so many times what each one's own do are alike; not tuned."""
_MOST = 50
"""Tracklets of a person that are looked at; bounds time."""
_NEAREST = 10
"""Others that each person is compared with: in a crowd everybody has stood beside everybody."""
_BLOCK = 512
"""Clusters that are held against all others at once, which bounds memory."""


def lookalikes(
    label: IntArray, appearance: DoubleArray, side_by_side: IntArray, same: float = 0.0
) -> list[tuple[int, int]]:
    """Pairs of clusters, lower first and sorted, that are surely two people and that appearance cannot tell apart.

    Their tracklets are as near to each other's as to their own, so which is whose was decided by place and time, or by
    nothing. Each is compared with the ten whose mean appearance is nearest, of those seen side by side.

    Args:
        label: (N,) cluster of each tracklet, from 0.
        appearance: (N, D) unit rows; zero where nothing is known.
        side_by_side: (P, 2) tracklets that are two people whatever they look like.
        same: How far apart one person's tracklets usually lie here: for those who have too few of their own to tell; 0
            leaves these out.
    """
    count = int(label.max(initial=-1)) + 1
    pairs = label[side_by_side]
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    if not len(pairs):
        return []
    first, second = np.divmod(distinct_keys(pair_keys(pairs, count)), count)
    rows = _rows(label, appearance, count)
    size = np.array([len(each) for each in rows])
    own = size * (size - 1) // 2
    told = (own[first] + own[second] >= _LEAST_PAIRS) | (same > 0)
    judged = told & (size[first] > 0) & (size[second] > 0)
    first, second = first[judged], second[judged]
    means = np.stack([appearance[each].sum(axis=0) / max(len(each), 1) for each in rows])
    nearest = _nearest(first, second, means)
    first, second = first[nearest], second[nearest]
    return [
        (a, b)
        for a, b, alike in zip(
            first.tolist(), second.tolist(), _alike(first, second, rows, size, appearance, same).tolist(), strict=True
        )
        if alike
    ]


def _rows(label: IntArray, appearance: DoubleArray, count: int) -> list[IntArray]:
    """Tracklets of each cluster of which something is known, the first `_MOST`."""
    known = np.flatnonzero(appearance.any(axis=1) & (label >= 0))
    order = known[np.argsort(label[known], kind="stable")]
    ends = np.searchsorted(label[order], np.arange(count + 1))
    return [order[ends[c] : ends[c + 1]][:_MOST] for c in range(count)]


def _nearest(first: IntArray, second: IntArray, means: DoubleArray) -> IntArray:
    """Indices, increasing, of the pairs that are among the `_NEAREST` of either cluster by the distance of means.

    Of equally near ones those count that are first in order, of which those whose lower one the cluster is come first.

    Args:
        first: (P,) the lower cluster of each pair; pairs are sorted, each there once.
        second: (P,) the other.
        means: (C, D) mean appearance of each cluster.
    """
    near = np.empty(len(first))
    for start in range(0, len(means), _BLOCK):
        own = slice(*first.searchsorted((start, start + _BLOCK)))
        near[own] = -(means[start : start + _BLOCK] @ means.T)[first[own] - start, second[own]]
    chosen = np.zeros(len(first), np.bool_)
    # Pairs by their other cluster, and where each cluster's begin in both orders: what is ranked is never sorted.
    by_second = second.argsort(kind="stable")
    at = np.arange(len(means) + 1)
    as_first, as_second = first.searchsorted(at), second[by_second].searchsorted(at)
    for start in range(0, len(means), _BLOCK):
        stop = min(start + _BLOCK, len(means))
        one, other = slice(*as_first[[start, stop]]), by_second[slice(*as_second[[start, stop]])]
        pair = np.concatenate([np.arange(one.start, one.stop), other])
        cluster = np.concatenate([first[one], second[other]])
        after = (
            np.arange(as_second[start], as_second[stop]) - as_second[second[other]] + np.diff(as_first)[second[other]]
        )
        column = np.concatenate([pair[: len(pair) - len(other)] - as_first[first[one]], after])
        if len(pair):
            table = np.full((stop - start, int(column.max()) + 1), np.inf)
            table[cluster - start, column] = near[pair]
            chosen[pair[_smallest(table)[cluster - start, column]]] = True
    return np.flatnonzero(chosen)


def _smallest(table: DoubleArray) -> BoolArray:
    """Mask (R, C) of the `_NEAREST` smallest numbers of each row (R, C), of equal ones the first."""
    if table.shape[1] <= _NEAREST:
        return np.ones(table.shape, np.bool_)
    bound = np.partition(table, _NEAREST - 1, axis=1)[:, [_NEAREST - 1]]
    chosen: BoolArray = table <= bound
    tied = (chosen.sum(axis=1) > _NEAREST) & np.isfinite(bound[:, 0])  # beyond all pairs of a row stands infinity
    for row in np.flatnonzero(tied).tolist():
        equal = np.flatnonzero(table[row] == bound[row])
        chosen[row, equal[_NEAREST - int((table[row] < bound[row]).sum()) :]] = False
    return chosen


def _alike(
    first: IntArray, second: IntArray, rows: list[IntArray], size: IntArray, appearance: DoubleArray, same: float
) -> BoolArray:
    """Mask (P,) of pairs of clusters (P,) and (P,) that lie as near to each other's tracklets as to their own.

    Args:
        first: The lower one of each pair.
        second: The other.
        rows: Tracklets of each cluster.
        size: How many these are, (C,).
        appearance: (N, D) unit rows.
        same: How far apart one person's tracklets usually lie.
    """
    alike = np.zeros(len(first), np.bool_)
    # In a crowd nearly all are seen once: those are compared all at once, ...
    once = (size[first] == 1) & (size[second] == 1)
    single = np.array([own[0] if len(own) else -1 for own in rows], np.int64)
    for part in np.array_split(np.flatnonzero(once), 1 + int(once.sum()) // _BLOCK):
        pair = appearance[single[first[part]]], appearance[single[second[part]]]
        alike[part] = 1 - np.einsum("pd,pd->p", *pair) < same
    # ... the others by all their tracklets.
    apart: dict[int, DoubleArray] = {}
    for k in np.flatnonzero(~once).tolist():
        a, b = int(first[k]), int(second[k])
        for c in (a, b):
            if c not in apart:
                apart[c] = _own(appearance[rows[c]])
        own = np.concatenate([apart[a], apart[b]])
        usual = _ALIKE * _median(own) if len(own) >= _LEAST_PAIRS else same
        alike[k] = _median(cosine_distances(appearance[rows[a]], appearance[rows[b]])) < usual
    return alike


def _median(values: DoubleArray) -> float:
    """Median of some numbers; numpy's takes ten times as long for a few."""
    ordered = np.sort(values, axis=None)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _own(rows: DoubleArray) -> DoubleArray:
    distance: DoubleArray = cosine_distances(rows, rows)[np.triu_indices(len(rows), 1)]
    return distance
