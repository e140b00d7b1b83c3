"""Connected components and spanning forests of small graphs that are given as lists of pairs (scipy.sparse.csgraph)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reidtrack.types import BoolArray, DoubleArray, IntArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def component_labels(count: int, pairs: IntArray) -> IntArray:
    """Number of each node's connected component: (N,) int64 from 0, in the order of the components' first nodes.

    Args:
        count: N, how many nodes there are; whoever is in no pair is a component of its own.
        pairs: (P, 2) nodes that are connected; a pair may stand twice, and a node with itself.
    """
    if not len(pairs):
        return np.arange(count, dtype=np.int64)
    from scipy.sparse.csgraph import connected_components

    labels = connected_components(_graph(count, pairs, np.ones(len(pairs))), directed=False)[1]
    return np.asarray(labels, np.int64)


def component_members(labels: IntArray) -> list[IntArray]:
    """Nodes of each component, increasing, from the component's number of each node (N,), from 0 without gaps."""
    return np.split(np.argsort(labels, kind="stable"), np.cumsum(np.bincount(labels))[:-1]) if len(labels) else []


def spanning_forest(count: int, pairs: IntArray) -> BoolArray:
    """Mask (P,) of the pairs that connect all that any pairs connect and close no circle, the first pairs preferred.

    Args:
        count: How many nodes there are.
        pairs: (P, 2) of two different nodes, each pair once, the most wanted first.
    """
    if not len(pairs):
        return np.zeros(0, np.bool_)
    from scipy.sparse.csgraph import minimum_spanning_tree

    ranks = np.arange(1, len(pairs) + 1, dtype=np.float64)  # all differ: there is one least forest
    kept = minimum_spanning_tree(_graph(count, pairs, ranks)).data
    return np.isin(ranks, kept)


def _graph(count: int, pairs: IntArray, values: DoubleArray) -> csr_array[Any, Any]:
    from scipy.sparse import csr_array

    return csr_array((values, tuple(pairs.T)), shape=(count, count))
