"""Paths of people on the floor plan, for the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from reidtrack.report.run.report_data import FloorPaths
from reidtrack.types import DoubleArray, FloatArray, Identity

MOST_POINTS = 30_000
"""Of all paths together, about."""

LEAST_STEP_S = 0.5
DECIMALS = 3
"""Of a coordinate, as `mtmc.txt` has it."""


def floor_paths(identities: Sequence[Identity], locate: Callable[[str, FloatArray], DoubleArray]) -> FloorPaths | None:
    """The path of each tracklet on the plan, averaged over even steps of time.

    Args:
        identities: Everybody.
        locate: Where on the plan the boxes (N, 4) of a camera stand, (N, 2), nan where that is not known.

    Returns:
        None where no box has a position on the plan.
    """
    seen_s = sum(t.last_time_s - t.first_time_s for identity in identities for t in identity)
    step_s = max(LEAST_STEP_S, seen_s / MOST_POINTS)
    paths = {}
    for tracklet in (t for identity in identities for t in identity):
        points = np.round(locate(tracklet.camera, tracklet.xyxy), DECIMALS)
        if np.isfinite(points).any():
            paths[tracklet.key] = even_path(tracklet.time_s, points, step_s)
    return FloorPaths(step_s, paths) if paths else None


def even_path(time_s: DoubleArray, points: DoubleArray, step_s: float) -> DoubleArray:
    """(n, 2) mean position in each step of time; steps without one lie between their neighbours.

    Args:
        time_s: (T,) increasing.
        points: (T, 2), rows of nan where none is known; at least one is.
        step_s: Length of a step.
    """
    known = np.isfinite(points).all(axis=1)
    nth = np.rint((time_s - time_s[0]) / step_s).astype(np.int64)
    size = int(nth[-1]) + 1
    count = np.bincount(nth[known], minlength=size)
    full = np.flatnonzero(count)
    columns = [np.bincount(nth[known], points[known, axis], size)[full] / count[full] for axis in (0, 1)]
    return np.stack([np.interp(np.arange(size), full, column) for column in columns], axis=1)
