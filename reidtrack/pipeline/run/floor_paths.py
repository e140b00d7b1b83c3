"""Paths on the floor plan, from the world coordinates of `mtmc.txt`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reidtrack.report.run.report_data import FloorPaths
from reidtrack.types import DoubleArray, Identity, Tracklet

MOST_POINTS = 30_000
"""Of all paths together, about."""

LEAST_STEP_S = 0.5
NOWHERE = -1.0
"""Both coordinates of a box that has no place on the plan."""


def read_plan(path: Path, cameras: Sequence[str], identities: Sequence[Identity]) -> FloorPaths | None:
    """The path of each visit, averaged over even steps of time.

    Args:
        path: `mtmc.txt`: camera id frame x y w h xworld yworld.
        cameras: In the order of the command line, as the file counts them from 1.
        identities: Everybody, as the file has them.

    Returns:
        None where no box has a place.
    """
    if not path.is_file() or not path.stat().st_size:
        return None
    table = np.loadtxt(path, usecols=(0, 1, 2, 7, 8), ndmin=2)
    table = table[~(table[:, 3:] == NOWHERE).all(axis=1)]
    if not len(table):
        return None
    rows = table[np.lexsort((table[:, 2], table[:, 1], table[:, 0]))]
    owners, starts = np.unique(rows[:, :2], axis=0, return_index=True)
    parts = zip(owners.astype(int).tolist(), np.split(rows[:, 2:], starts[1:]), strict=True)
    known = {(cameras[camera - 1], person): part for (camera, person), part in parts if camera <= len(cameras)}
    seen_s = sum(t.last_time_s - t.first_time_s for identity in identities for t in identity)
    step_s = max(LEAST_STEP_S, seen_s / MOST_POINTS)
    paths = {}
    for identity in identities:
        for visit in identity:
            places = _places(visit, known.get((visit.camera, identity.id)))
            if np.isfinite(places).any():
                paths[visit.key] = even_path(visit.time_s, places, step_s)
    return FloorPaths(step_s, paths) if paths else None


def _places(visit: Tracklet, known: DoubleArray | None) -> DoubleArray:
    """(T, 2) place of each box, nan where there is none; `known` (n, 3) holds frame, x, y, sorted by frame."""
    places = np.full((len(visit), 2), np.nan)
    if known is not None:
        at = np.minimum(np.searchsorted(known[:, 0], visit.frame), len(known) - 1)
        there = known[at, 0] == visit.frame
        places[there] = known[at[there], 1:]
    return places


def even_path(time_s: DoubleArray, places: DoubleArray, step_s: float) -> DoubleArray:
    """(n, 2) mean place in each step of time; steps without one lie between their neighbours.

    Args:
        time_s: (T,) increasing.
        places: (T, 2), rows of nan where none is known; at least one is.
        step_s: Length of a step.
    """
    known = np.isfinite(places).all(axis=1)
    nth = np.rint((time_s - time_s[0]) / step_s).astype(np.int64)
    size = int(nth[-1]) + 1
    count = np.bincount(nth[known], minlength=size)
    full = np.flatnonzero(count)
    columns = [np.bincount(nth[known], places[known, axis], size)[full] / count[full] for axis in (0, 1)]
    return np.stack([np.interp(np.arange(size), full, column) for column in columns], axis=1)
