"""Who of other blocks may be the same person: the nearest few of each, exactly or by cells of who looks alike.

Up to `EXACT` vectors all pairs are compared, some thousands at a time, in float32. Of more, vectors are put into cells
around centres (k-means, as an inverted file has them) and each cell is compared with those next to it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reidtrack.types import FloatArray, IntArray

EXACT = 60_000
"""Vectors of which all pairs are compared."""
MOST_NEAR = 16
"""Candidates of each: a person's other visits lie among the nearest few, and all others are somebody else's."""
_ROWS, _COLUMNS = 2048, 16_384
"""Compared at once; bounds memory, changes no result."""
_CELLS_BESIDE = 48
"""Cells that each is compared with. Of 1,000 cells it finds 0.97 of what is nearest (docs/results/growth.md)."""
_MANY = 4
"""So many times more pairs than are kept are first made fewer; changes no result."""
_ROUNDS = 8
_TRAINED_ON = 64
"""Rounds of k-means, and vectors of each cell that it looks at; not tuned."""


def near_others(
    vector: FloatArray, block: IntArray, least: float, count: int = MOST_NEAR, exact: int = EXACT
) -> IntArray:
    """Pairs of vectors of two blocks whose inner product is not below `least`, the largest few of each: (P, 2), i < j.

    Args:
        vector: (T, D) float32.
        block: (T,) number of each one's block.
        least: Inner product.
        count: Partners of each at most; a pair counts for the one, the other, or both.
        exact: Up to so many all are compared.
    """
    known = np.flatnonzero(vector.any(axis=1))
    tiles = _all(known) if len(known) <= exact else _cells(vector, known)
    found = [np.zeros((0, 2), np.int64)]
    for rows, columns in tiles:
        found.append(_nearest(vector, block, rows, columns, least, count))
    pairs = np.concatenate(found)
    key = np.unique(pairs.min(axis=1) * len(vector) + pairs.max(axis=1))
    return np.stack(np.divmod(key, max(1, len(vector))), axis=1)


def _nearest(
    vector: FloatArray, block: IntArray, rows: IntArray, columns: IntArray, least: float, count: int
) -> IntArray:
    """Pairs (P, 2) of each row with its nearest columns of other blocks."""
    i, j, near = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    own = vector[rows]
    for begin in range(0, len(columns), _COLUMNS):
        others = columns[begin : begin + _COLUMNS]
        product = own @ vector[others].T
        hit = product >= least
        hit &= block[rows][:, None] != block[others]
        if np.count_nonzero(hit) > _MANY * count * len(rows):  # who is not among the nearest here is not of all
            product[~hit] = -2
            least_kept = np.partition(product, len(others) - count, axis=1)[:, len(others) - count]
            hit &= product >= least_kept[:, None]
        a, b = np.nonzero(hit)
        i.append(a)
        j.append(others[b])
        near.append(product[a, b])
    row, column, product = np.concatenate(i), np.concatenate(j), np.concatenate(near)
    order = np.lexsort((column, -product, row))
    starts = np.searchsorted(row[order], row[order])
    kept = order[np.arange(len(order)) - starts < count]
    return np.stack([rows[row[kept]], column[kept]], axis=1)


def _all(known: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    for begin in range(0, len(known), _ROWS):
        yield known[begin : begin + _ROWS], known


def _cells(vector: FloatArray, known: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Each cell's members, some at a time, and the members of the cells next to it."""
    centre = _centres(vector, known, int(np.sqrt(len(known))))
    cell = _assigned(vector, known, centre)
    order = known[np.argsort(cell, kind="stable")]
    ends = np.searchsorted(np.sort(cell), np.arange(len(centre) + 1))
    beside = np.argsort(-(centre @ centre.T), axis=1, kind="stable")[:, :_CELLS_BESIDE]
    for c in range(len(centre)):
        members = order[ends[c] : ends[c + 1]]
        columns = np.sort(np.concatenate([order[ends[k] : ends[k + 1]] for k in beside[c].tolist()]))
        for begin in range(0, len(members), _ROWS):
            yield members[begin : begin + _ROWS], columns


def _centres(vector: FloatArray, known: IntArray, count: int) -> FloatArray:
    """Centres (C, D), unit rows: spherical k-means on some of the vectors, the same whenever these are the same."""
    rng = np.random.default_rng(0)
    some = np.sort(rng.choice(known, min(len(known), count * _TRAINED_ON), replace=False))
    centre = vector[rng.choice(some, count, replace=False)]
    for _ in range(_ROUNDS):
        centre = centre / np.maximum(np.linalg.norm(centre, axis=1, keepdims=True), 1e-9)
        cell = _assigned(vector, some, centre)
        order = np.argsort(cell, kind="stable")
        filled, begins = np.unique(cell[order], return_index=True)
        centre[filled] = np.add.reduceat(vector[some[order]], begins, axis=0)
    unit: FloatArray = centre / np.maximum(np.linalg.norm(centre, axis=1, keepdims=True), 1e-9)
    return unit


def _assigned(vector: FloatArray, rows: IntArray, centre: FloatArray) -> IntArray:
    """Nearest centre (R,) of each row."""
    found = np.empty(len(rows), np.int64)
    for begin in range(0, len(rows), _ROWS):
        part = slice(begin, begin + _ROWS)
        found[part] = (vector[rows[part]] @ centre.T).argmax(axis=1)
    return found
