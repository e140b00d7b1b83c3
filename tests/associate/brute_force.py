"""The best grouping of a small problem, by looking at all of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from associate.reference_grouping import Dense


def partitions(n: int) -> Iterator[list[int]]:
    """Every grouping of n things, as labels."""

    def grow(labels: list[int]) -> Iterator[list[int]]:
        if len(labels) == n:
            yield labels
            return
        for label in range(max(labels, default=-1) + 2):
            yield from grow([*labels, label])

    yield from grow([])


def breaks(label: np.ndarray, table: np.ndarray) -> bool:
    """Whether two that cannot be one are."""
    return bool((table & (label[:, None] == label[None, :])).any())


def least_total(dense: Dense, together: np.ndarray | None = None) -> float:
    """The least total of all groupings that keep what belongs `together` (N, N) together."""
    n = len(dense.weight)
    groups = {key: dense.group(np.flatnonzero([key >> i & 1 for i in range(n)])) for key in range(1, 1 << n)}
    best = np.inf
    for labels in partitions(n):
        if together is not None and (together & (np.array(labels)[:, None] != labels)).any():
            continue
        keys = [0] * (max(labels) + 1)
        for i, label in enumerate(labels):
            keys[label] |= 1 << i
        best = min(best, sum(groups[key] for key in keys))
    return best
