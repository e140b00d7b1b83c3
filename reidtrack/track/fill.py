"""What is done to tracks once a whole recording has been read: short gaps are filled, boxes smoothed over time."""

from __future__ import annotations

import numpy as np

from reidtrack.track.columns import join
from reidtrack.types import DoubleArray, FloatArray, IntArray, Tracks

_LEAST_WEIGHT = 0.2
"""Weight of a box of low score, or of none (interpolated), beside one of score 1."""
_WINDOW = 3.0
"""Boxes farther away in time than this many spreads do not count."""


def fill_gaps(tracks: Tracks, frame: IntArray, time_s: DoubleArray, *, max_gap_s: float) -> Tracks:
    """Interpolate boxes where a track was not seen for a short while.

    Args:
        tracks: Tracks of one camera, in any order.
        frame: (F,) numbers of all frames that were read, 0-based, increasing; only these are filled.
        time_s: (F,) their times, seconds.
        max_gap_s: Longest time between two sightings that is filled; 0 fills none.

    Returns:
        All rows, sorted by frame and id; interpolated ones have score 0.
    """
    rows = tracks[np.lexsort((tracks.frame, tracks.track_id))]
    index = np.searchsorted(frame, rows.frame)
    missing = np.diff(index) - 1
    short = (np.diff(rows.time_s) <= max_gap_s + 1e-9) & (np.diff(rows.track_id) == 0) & (missing > 0)
    gap = np.flatnonzero(short) if max_gap_s > 0 else np.zeros(0, np.int64)
    before = np.repeat(gap, missing[gap])
    nth = np.arange(len(before)) - np.repeat(np.cumsum(missing[gap]) - missing[gap], missing[gap])  # 0, 1, ... per gap
    at = index[before] + 1 + nth
    span_s = np.maximum(rows.time_s[before + 1] - rows.time_s[before], 1e-9)
    share = ((time_s[at] - rows.time_s[before]) / span_s)[:, None]
    xyxy = (1 - share) * rows.xyxy[before] + share * rows.xyxy[before + 1]
    new = Tracks(
        rows.track_id[before], frame[at], time_s[at], xyxy.astype(np.float32), np.zeros(len(before), np.float32)
    )
    full = join(rows, new)
    return full[np.lexsort((full.track_id, full.frame))]


def smooth_boxes(tracks: Tracks, *, spread_s: float) -> Tracks:
    """Replace each box by the value, at its time, of a line fitted to the track's boxes around it.

    The fit is weighted by score and by a Gaussian in time (local linear regression), which, unlike a moving average,
    neither lags at the ends of a track nor where somebody walks at an even pace.

    Args:
        tracks: Tracks of one camera, in any order.
        spread_s: Standard deviation of the Gaussian, seconds; 0 changes nothing.

    Returns:
        The same rows in the same order, with other boxes.
    """
    if spread_s <= 0 or not len(tracks):
        return tracks
    order = np.lexsort((tracks.frame, tracks.track_id))
    rows = tracks[order]
    xyxy = np.empty_like(tracks.xyxy)
    xyxy[order] = _fitted(rows, spread_s)
    return Tracks(tracks.track_id, tracks.frame, tracks.time_s, xyxy, tracks.score)


def _fitted(rows: Tracks, spread_s: float) -> FloatArray:
    """Boxes (N, 4) of the fit for rows sorted by track and time."""
    n = len(rows)
    weight = np.maximum(rows.score.astype(np.float64), _LEAST_WEIGHT)
    boxes = rows.xyxy.astype(np.float64)
    # Weighted sums of 1, t, t^2, box and t * box over the neighbours, with the row's own time as the origin.
    sums = np.concatenate([np.stack([weight, 0 * weight, 0 * weight], axis=1), weight[:, None] * boxes, 0 * boxes], 1)
    for lag in range(1, n):
        later_s = rows.time_s[lag:] - rows.time_s[:-lag]
        near = (later_s <= _WINDOW * spread_s) & (rows.track_id[lag:] == rows.track_id[:-lag])
        first = np.flatnonzero(near)
        if not len(first):
            break
        for row, other, t in ((first, first + lag, later_s[near]), (first + lag, first, -later_s[near])):
            w = (weight[other] * np.exp(-0.5 * (t / spread_s) ** 2))[:, None]
            powers = np.stack([np.ones_like(t), t, t * t], axis=1)
            sums[row] += w * np.concatenate([powers, boxes[other], t[:, None] * boxes[other]], axis=1)
    s0, s1, s2, y0, y1 = sums[:, :1], sums[:, 1:2], sums[:, 2:3], sums[:, 3:7], sums[:, 7:]
    spread = s0 * s2 - s1 * s1
    line = np.divide(s2 * y0 - s1 * y1, spread, out=y0 / s0, where=spread > 1e-9 * s0 * s0 * spread_s**2)
    line[:, 2:] = np.maximum(line[:, 2:], line[:, :2])
    fitted: FloatArray = line.astype(np.float32)
    return fitted
