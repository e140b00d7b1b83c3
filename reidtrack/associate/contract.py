"""Things that belong together are handled as one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reidtrack.associate.costs import PairCosts
from reidtrack.associate.pairs import once
from reidtrack.types import DoubleArray, IntArray


class Contracted(NamedTuple):
    """A grouping problem of M bundles; see `matcher.group` for what is what."""

    costs: PairCosts
    near: IntArray
    clash: IntArray
    weight: DoubleArray


def bundles(count: int, together: IntArray) -> IntArray:
    """Which of `count` things belong together: (N,) numbers from 0, in the order of the bundles' first members.

    Args:
        count: N.
        together: (P, 2) pairs that belong together; so do those that a chain of pairs joins.
    """
    lowest = np.arange(count, dtype=np.int64)
    while len(together) and (lowest[together[:, 0]] != lowest[together[:, 1]]).any():
        both = lowest[together].min(axis=1)
        np.minimum.at(lowest, lowest[together].ravel(), np.repeat(both, 2))
        lowest = lowest[lowest]
    return np.unique(lowest, return_inverse=True)[1].astype(np.int64)


def contract(costs: PairCosts, near: IntArray, clash: IntArray, weight: DoubleArray, bundle: IntArray) -> Contracted:
    """The same problem with each bundle as one thing: as heavy as its members together, each cost the mean of theirs.

    The total of a grouping of bundles differs from that of their members' by the same number for all.

    Args:
        costs: Of N things.
        near: See `matcher.group`.
        clash: The same; within a bundle it means nothing.
        weight: The same.
        bundle: (N,) see `bundles`.
    """
    from scipy.sparse import csr_array

    n, count = len(bundle), int(bundle.max(initial=-1)) + 1
    mass = np.asarray(np.bincount(bundle, weight, count), np.float64)
    member = csr_array((weight / mass[bundle], (bundle, np.arange(n))), shape=(count, n))
    merged = costs.with_vectors(np.asarray(member @ costs.vectors, np.float64))
    if costs.extra is not None:
        sums = costs.extra.times(weight).merged(bundle, count)
        merged = merged.with_extra(sums.pairs, sums.times(1 / mass).value)
    return Contracted(merged, once(bundle[near], count)[0], once(bundle[clash], count)[0], mass)
