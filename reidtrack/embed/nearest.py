"""Exact nearest neighbours in a gallery of vectors: block by block, or by faiss for few queries of very many."""

from __future__ import annotations

import importlib.util
import logging
from typing import NamedTuple

import numpy as np

from reidtrack.types import FloatArray, HalfArray, IntArray

logger = logging.getLogger(__name__)

FAISS_FROM = 200_000
"""Number of vectors above which faiss searches, where it is installed."""
FAISS_QUERIES = 8
"""Most queries for which faiss searches: it goes through the gallery for each, while blocks multiply matrices."""

_QUERIES, _VECTORS = 256, 16_384
"""Queries and vectors whose distances are held at once: 16 MiB."""


class Nearest(NamedTuple):
    """Nearest vectors of a gallery to each of Q queries, nearest first, of equally near ones the earlier first.

    Attributes:
        rows: (Q, K) int64, rows of the gallery.
        distance: (Q, K) float32, cosine distances in 0..2.
    """

    rows: IntArray
    distance: FloatArray


def nearest(queries: FloatArray, gallery: FloatArray | HalfArray, count: int) -> Nearest:
    """Find the vectors of a gallery that are nearest to queries.

    Args:
        queries: (Q, D) unit rows.
        gallery: (G, D) unit rows, float32 or float16, in memory or in a file that is mapped: of float16 a block at a
            time is made float32, and distances are as exact as its numbers.
        count: How many for each query, 1 or more; K is this or G, whichever is less.
    """
    count = min(count, len(gallery))
    if gallery.dtype == np.float32 and len(gallery) > FAISS_FROM and count and 0 < len(queries) <= FAISS_QUERIES:
        if importlib.util.find_spec("faiss") is not None:
            return _by_faiss(queries, np.asarray(gallery, np.float32), count)
        logger.warning(
            "%s vectors are compared block by block; faiss is faster: pip install 'reidtrack[faiss]'",
            f"{len(gallery):,}",
        )
    return _by_blocks(queries, gallery, count)


def _by_blocks(queries: FloatArray, gallery: FloatArray | HalfArray, count: int) -> Nearest:
    index = np.zeros((len(queries), count), np.int64)
    distance = np.zeros((len(queries), count), np.float32)
    for first in range(0, len(queries) if count else 0, _QUERIES):
        part = slice(first, first + _QUERIES)
        index[part], distance[part] = _search(queries[part], gallery, count)
    return Nearest(index, distance)


def _search(queries: FloatArray, gallery: FloatArray | HalfArray, count: int) -> tuple[IntArray, FloatArray]:
    """Find the nearest for one block of queries, gallery block by gallery block.

    What was found so far stands before the next block, so that of equally near rows the earlier stay first.
    """
    index, least = np.zeros((len(queries), 0), np.int64), np.zeros((len(queries), 0), np.float32)
    for first in range(0, len(gallery), _VECTORS):
        block = np.asarray(gallery[first : first + _VECTORS], np.float32)
        distance = np.concatenate([least, np.clip(1 - queries @ block.T, 0, 2)], axis=1)
        rows = np.arange(first, first + len(block))
        column = np.stack([_least(row, count) for row in distance])
        known = column < index.shape[1]
        before = np.take_along_axis(index, np.where(known, column, 0), axis=1) if index.shape[1] else 0
        index = np.where(known, before, rows[np.where(known, 0, column - index.shape[1])])
        least = np.take_along_axis(distance, column, axis=1)
    return index, least


def _least(row: FloatArray, count: int) -> IntArray:
    """Indices of the smallest values, smallest first, of equal ones the earlier first."""
    count = min(count, len(row))
    small = np.flatnonzero(row <= np.partition(row, count - 1)[count - 1])
    return small[np.argsort(row[small], kind="stable")][:count]


def _by_faiss(queries: FloatArray, gallery: FloatArray, count: int) -> Nearest:
    """Find the nearest by faiss, exactly as well; of equally near vectors at the last rank any may be taken."""
    import faiss

    alike, index = faiss.knn(queries, gallery, count, metric=faiss.METRIC_INNER_PRODUCT)
    distance = np.clip(1 - alike, 0, 2)
    order = np.lexsort((index, distance))
    return Nearest(np.take_along_axis(index, order, axis=1), np.take_along_axis(distance, order, axis=1))
