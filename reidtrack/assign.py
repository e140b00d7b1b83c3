"""Gated linear assignment: the cheapest pairing in which no pair costs more than the gate allows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reidtrack.types import IntArray


class Assignment(NamedTuple):
    """Outcome of an assignment.

    Attributes:
        pairs: (P, 2) int64, row and column of each pair, sorted by row.
        unmatched_rows: (R,) int64, sorted.
        unmatched_columns: (C,) int64, sorted.
    """

    pairs: IntArray
    unmatched_rows: IntArray
    unmatched_columns: IntArray


def assign(cost: NDArray[np.floating[Any]], max_cost: float) -> Assignment:
    """Pair rows with columns at the least total cost, leaving out pairs above `max_cost`.

    For costs of 1 - IoU a gate of 0.7 pairs boxes that overlap by 0.3 or more. The gate is applied before the
    assignment: leaving a row and a column unmatched costs `max_cost`, so a forbidden pair never takes the place of a
    permitted one. Solved by lap's algorithm of Jonker and Volgenant ("A shortest augmenting path algorithm for dense
    and sparse linear assignment problems", Computing 38, 1987).

    Args:
        cost: (N, M); infinity forbids a pair, NaN is refused.
        max_cost: Highest cost at which a pair is worth more than none; finite.

    Returns:
        The pairs and what stays unmatched.

    Raises:
        ValueError: If `cost` is not a matrix or contains NaN.
    """
    if cost.ndim != 2:
        raise ValueError(f"assign: expected a cost matrix (N, M), got shape {cost.shape}")
    if np.isnan(cost).any():
        raise ValueError("assign: cost contains NaN")
    rows, columns = cost.shape
    matched = np.full(rows, -1, np.int64)
    if rows and columns:
        import lap

        # What a pair saves against leaving both out; a pair that saves nothing is as good as none, so that a full
        # assignment of a square matrix holds the best partial one. The slack lets a pair at the gate through.
        slack = 1e-9 * max(1.0, abs(max_cost))
        saving = np.zeros((max(rows, columns),) * 2)
        saving[:rows, :columns] = np.minimum(cost.astype(np.float64) - (max_cost + slack), 0.0)
        _, matched, _ = lap.lapjv(saving)
        matched = np.asarray(matched[:rows], np.int64)
        matched[saving[np.arange(rows), matched] >= 0] = -1
    hit = np.flatnonzero(matched >= 0)
    pairs = np.stack([hit, matched[hit]], axis=1)
    free = np.setdiff1d(np.arange(columns, dtype=np.int64), matched[hit])
    return Assignment(pairs, np.flatnonzero(matched < 0), free)
