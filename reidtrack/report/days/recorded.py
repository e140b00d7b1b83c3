"""What was recorded of a camera, and where there are gaps."""

from __future__ import annotations

import numpy as np

from reidtrack.types import DoubleArray

GAP_S = 2.0
"""Frames farther apart than this, and than `SLOW` times what is usual there, have a gap between them."""
SLOW = 5.0


def spans_of(time_s: DoubleArray) -> DoubleArray:
    """(n, 2) first and last seconds of what was recorded without a gap.

    Args:
        time_s: (N,) of all frames, sorted.
    """
    if not len(time_s):
        return np.zeros((0, 2))
    steps = np.diff(time_s)
    usual = float(np.median(steps)) if len(steps) else 0.0
    cuts = np.flatnonzero(steps > max(GAP_S, SLOW * usual))
    return np.stack([time_s[[0, *(cuts + 1)]], time_s[[*cuts, len(time_s) - 1]]], axis=1)


def clip(spans: DoubleArray, first_s: float, last_s: float) -> DoubleArray:
    """(n, 2) what of some spans lies between two moments."""
    inside = spans[(spans[:, 1] > first_s) & (spans[:, 0] < last_s)]
    return np.clip(inside, first_s, last_s)


def gaps_s(spans: DoubleArray, first_s: float, last_s: float) -> float:
    """Seconds between two moments of which nothing was recorded, though something was before and after."""
    if not len(spans):
        return 0.0
    low, high = max(first_s, float(spans[0, 0])), min(last_s, float(spans[-1, 1]))
    return max(0.0, high - low - recorded_s(spans, low, high))


def recorded_s(spans: DoubleArray, first_s: float, last_s: float) -> float:
    """Seconds that were recorded between two moments."""
    inside = clip(spans, first_s, last_s)
    return float((inside[:, 1] - inside[:, 0]).sum())
