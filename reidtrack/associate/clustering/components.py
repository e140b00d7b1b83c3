"""Things that belong together are handled as one."""

from __future__ import annotations

import numpy as np

from reidtrack.types import IntArray


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
