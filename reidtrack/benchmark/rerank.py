"""Re-ranking by k-reciprocal neighbours (Zhong et al., CVPR 2017, arXiv 1701.08398), sparse and in blocks.

Two images are alike where they have neighbours in common that have them as neighbours too. The paper's sets are rows of
sparse matrices here, so that time and memory grow with the number of neighbours, not with the square of the number of
images; only the search for the neighbours looks at every pair, block by block.

As in the authors' code, an image's distances are divided by its largest before they become weights, and its weights by
their sum. So the sum of the larger of two images' weights (the paper's denominator) is 2 less that of the smaller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reidtrack.benchmark.distance import Distances, PairDistances
from reidtrack.types import FloatArray, IntArray

if TYPE_CHECKING:
    from scipy.sparse import csc_array, csr_array

SEARCH_ENTRIES = 20_000_000
"""Distances held at once while neighbours are searched."""


class Neighbours(NamedTuple):
    """Nearest neighbours of each image.

    Attributes:
        nearest: (N, K) int64, the K nearest of each image, nearest first, usually itself before all.
        largest: (N,) float32, the largest distance of each image to any.
    """

    nearest: IntArray
    largest: FloatArray


class RerankedDistances:
    """Distances of queries to the gallery, mixed with the Jaccard distance of their k-reciprocal neighbours.

    Args:
        distances: Among queries and gallery, queries first.
        queries: How many of them are queries.
        k1: Neighbours considered.
        k2: Neighbours whose weights are averaged (local query expansion).
        weight: Of the given distance in the mixture, 0 to 1; the paper's lambda.
        power: The given distances are raised to it first: 2 for Euclidean ones, as in the paper; 1 for cosine ones,
            which are squared Euclidean distances of unit vectors already.

    Raises:
        ValueError: If a value is out of range.
    """

    highest = 1.0

    def __init__(
        self, distances: PairDistances, queries: int, *, k1: int = 20, k2: int = 6, weight: float = 0.3, power: int = 1
    ) -> None:
        if not 1 <= k2 <= k1 + 1 or not 0 <= weight <= 1:
            raise ValueError(f"RerankedDistances: got k1 {k1}, k2 {k2}, weight {weight}")
        self._distances, self._queries, self._weight, self._power = distances, queries, weight, power
        near = find_neighbours(distances, k1 + 1)
        self._scale = np.maximum(near.largest, np.finfo(np.float32).tiny)
        self._rows = encode(distances, near, self._scale, k1=k1, k2=k2, power=power)
        self._columns: csc_array = self._rows[queries:].tocsc()

    def __len__(self) -> int:
        return len(self._distances)

    def block(self, rows: slice, columns: slice) -> FloatArray:
        """Distances of some queries to the gallery, (R, G) float32, in 0..1.

        Raises:
            ValueError: If the rows are not queries or the columns are not the whole gallery.
        """
        start, stop, _ = rows.indices(len(self))
        if columns != slice(self._queries, len(self)) or stop > self._queries:
            raise ValueError("RerankedDistances.block: expected rows of queries and the whole gallery as columns")
        plain = _normal(self._distances.block(rows, columns), self._scale[rows, None], self._power)
        for row, query in enumerate(range(start, stop)):
            shared = self._shared(query)
            plain[row] = (1 - self._weight) * (1 - shared / (2 - shared)) + self._weight * plain[row]
        return plain

    def _shared(self, query: int) -> FloatArray:
        """Sum of the smaller weights of a query and of each gallery image, (G,)."""
        mine = slice(*self._rows.indptr[query : query + 2])
        first = self._columns.indptr[self._rows.indices[mine]]
        count = self._columns.indptr[self._rows.indices[mine] + 1] - first
        # Indices into the columns' data of all images that have a neighbour in common with the query.
        at = np.arange(count.sum()) + np.repeat(first - np.cumsum(count) + count, count)
        smaller = np.minimum(self._columns.data[at], np.repeat(self._rows.data[mine], count))
        gallery = len(self) - self._queries
        return np.bincount(self._columns.indices[at], weights=smaller, minlength=gallery).astype(np.float32)


def find_neighbours(distances: Distances, k: int) -> Neighbours:
    """Find the k nearest of each image and its largest distance; of equally near ones at the edge, any may be in."""
    import torch

    total = len(distances)
    k = min(k, total)
    index, largest = np.zeros((total, k), np.int64), np.zeros(total, np.float32)
    step = max(1, SEARCH_ENTRIES // max(total, 1))
    for start in range(0, total, step):
        rows = slice(start, min(start + step, total))
        block = torch.from_numpy(distances.block(rows, slice(0, total)))
        near = torch.topk(block, k, dim=1, largest=False)
        largest[rows] = block.amax(1).numpy()
        # Equally near ones in order of their number, so that the result does not hang on the machine.
        order = np.lexsort((near.indices.numpy(), near.values.numpy()), axis=1)
        index[rows] = np.take_along_axis(near.indices.numpy(), order, axis=1)
    return Neighbours(index, largest)


def encode(
    distances: PairDistances, near: Neighbours, scale: FloatArray, *, k1: int, k2: int, power: int = 1
) -> csr_array:
    """Encode each image as the paper's vector V, after local query expansion: (N, N), rows sum to 1.

    Args:
        distances: Among all images.
        near: At least k1 + 1 neighbours of each, or all there are.
        scale: (N,) each image's distances are divided by its own.
        k1: Neighbours considered.
        k2: Neighbours averaged.
        power: Of the distances.
    """
    from scipy.sparse import csr_array

    total = len(distances)
    members = reciprocal_sets(near.nearest, k1)
    row = np.repeat(np.arange(total), np.diff(members.indptr))
    column = members.indices.astype(np.int64)
    weight = np.exp(-_normal(distances.pairs(row, column), scale[row], power))
    weight /= np.bincount(row, weights=weight, minlength=total)[row]
    encoded = csr_array((weight.astype(np.float32), members.indices, members.indptr), shape=(total, total))
    if k2 == 1:
        return encoded
    averaged: csr_array = _membership(near.nearest[:, :k2], np.float32(1 / min(k2, near.nearest.shape[1]))) @ encoded
    return averaged


def reciprocal_sets(index: IntArray, k1: int) -> csr_array:
    """Set R*(p, k1) of the paper for each image, as the pattern of an (N, N) matrix.

    Args:
        index: (N, K) nearest of each, nearest first.
        k1: Neighbours considered; k1 / 2, rounded to even, for the sets that may join.
    """
    own = _reciprocal(index[:, : k1 + 1])
    half = _reciprocal(index[:, : int(np.around(k1 / 2)) + 1])
    # [p, q]: how many of R(q, k1 / 2) are in R(p, k1), for q in R(p, k1).
    common = (own @ half.T).multiply(own).tocsr()
    size = half.sum(axis=1)
    common.data = (common.data > 2 / 3 * size[common.indices]).astype(np.float32)
    members: csr_array = (own + common @ half).tocsr()
    members.eliminate_zeros()
    members.sort_indices()
    return members


def _reciprocal(index: IntArray) -> csr_array:
    """Matrix (N, N) that is 1 where each of two images is among the nearest of the other."""
    forward = _membership(index, np.float32(1))
    both: csr_array = forward.multiply(forward.T).tocsr()
    return both


def _membership(index: IntArray, value: np.float32) -> csr_array:
    """Matrix (N, N) with `value` at each image's neighbours."""
    from scipy.sparse import csr_array

    total, k = index.shape
    data = np.full(total * k, value, np.float32)
    return csr_array((data, index.ravel(), np.arange(0, total * k + 1, k)), shape=(total, total))


def _normal(distance: FloatArray, scale: FloatArray, power: int) -> FloatArray:
    """Distances over the largest, both to a power."""
    share = distance / scale
    return share if power == 1 else share**power
