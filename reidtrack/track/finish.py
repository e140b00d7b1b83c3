"""Tracks of a recording that is there as a whole: gaps filled, boxes smoothed."""

from __future__ import annotations

import numpy as np

from reidtrack.track.fill import fill_gaps, smooth_boxes
from reidtrack.types import DoubleArray, IntArray, Tracks


def finish_tracks(
    tracks: Tracks, frame: IntArray, time_s: DoubleArray, *, fill_gap: float, smooth: float, in_frames: bool = False
) -> Tracks:
    """Fill gaps and smooth boxes of one camera's tracks.

    Args:
        tracks: In any order.
        frame: (F,) numbers of all frames that were read, increasing.
        time_s: (F,) their times, seconds.
        fill_gap: Longest gap that is interpolated; 0 for none.
        smooth: Spread of the smoothing of boxes over time; 0 for none.
        in_frames: Whether these two count frames; seconds otherwise.

    Returns:
        All rows, sorted by frame and id; interpolated ones have score 0.
    """
    clock = np.arange(len(frame), dtype=np.float64) if in_frames else time_s
    timed = _at(tracks, frame, clock)
    filled = fill_gaps(timed, frame, clock, max_gap_s=fill_gap)
    return _at(smooth_boxes(filled, spread_s=smooth), frame, time_s)


def _at(tracks: Tracks, frame: IntArray, time: DoubleArray) -> Tracks:
    """Tracks with the times that their frames have in `time`."""
    index = np.searchsorted(frame, tracks.frame)
    return Tracks(tracks.track_id, tracks.frame, time[index], tracks.xyxy, tracks.score)
