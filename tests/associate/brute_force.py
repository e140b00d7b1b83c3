"""The best grouping of a small problem, by looking at all of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def partitions(n: int) -> Iterator[list[int]]:
    """Every grouping of n things, as labels."""

    def grow(labels: list[int]) -> Iterator[list[int]]:
        if len(labels) == n:
            yield labels
            return
        for label in range(max(labels, default=-1) + 2):
            yield from grow([*labels, label])

    yield from grow([])


def total(label: np.ndarray, cost: np.ndarray, weight: np.ndarray) -> float:
    """Sum of the weighted costs of all pairs that are one."""
    same = np.triu(label[:, None] == label[None, :], 1)
    return float((same * np.where(np.isfinite(cost), cost, 0) * weight[:, None] * weight[None, :]).sum())


def breaks(label: np.ndarray, table: np.ndarray) -> bool:
    """Whether two that cannot be one are."""
    return bool((table & (label[:, None] == label[None, :])).any())


def least_total(
    cost: np.ndarray, clash: np.ndarray, weight: np.ndarray, together: np.ndarray | None = None
) -> tuple[float, np.ndarray]:
    """The least total and the grouping that has it; `cost`, `clash` and `together` are (N, N)."""
    labels = np.array(list(partitions(len(weight))))  # (B, N)
    same = labels[:, :, None] == labels[:, None, :]
    fits = ~(same & clash).any(axis=(1, 2))
    if together is not None:
        fits &= ~(~same & together).any(axis=(1, 2))
    pair = np.triu(cost * weight[:, None] * weight, 1)
    sums = np.where(fits, (same * pair).sum(axis=(1, 2)), np.inf)
    best = int(sums.argmin())
    return float(sums[best]), labels[best]
