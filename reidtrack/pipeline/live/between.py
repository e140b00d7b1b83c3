"""Boxes of people in frames between two looks: a frame that was spared is no frame without them."""

from __future__ import annotations

from collections import deque

import numpy as np

from reidtrack.track.columns import join
from reidtrack.track.fill import fill_gaps
from reidtrack.types import Frame, Tracks

LONGEST_S = 0.5
"""Time between two boxes of a track that is filled: one look in which somebody was missed, at four a second."""
_REMEMBERED_S = 2.0
"""For so long frames are known: a track's first boxes come when it is confirmed."""
_MOST_FRAMES = 512


class BetweenLooks:
    """Fills in one camera's boxes, in a straight line from one look to the next, as `finish_tracks` does afterwards."""

    def __init__(self) -> None:
        self._frames: deque[tuple[int, float]] = deque(maxlen=_MOST_FRAMES)
        self._last = Tracks.empty()

    def passed(self, frame: Frame) -> None:
        """Take notice of a frame, looked at or not; after `fill` where it was looked at."""
        while self._frames and not 0 <= frame.time_s - self._frames[0][1] <= _REMEMBERED_S:
            self._frames.popleft()
        self._frames.append((frame.index, frame.time_s))

    def fill(self, frame: Frame, tracks: Tracks) -> Tracks:
        """Boxes (of score 0) of tracks in frames before this one that were not looked at, between two of their own.

        Args:
            frame: That was looked at.
            tracks: What the tracker said of it.
        """
        number = np.array([*(index for index, _ in self._frames), frame.index], np.int64)
        rows = join(self._last, tracks)
        known = rows[np.isin(rows.frame, number)]
        time_s = np.array([*(time_s for _, time_s in self._frames), frame.time_s])
        self._last = _newest(known[known.time_s >= frame.time_s - LONGEST_S])
        filled = fill_gaps(known, number, time_s, max_gap_s=LONGEST_S)
        return filled[filled.score == 0]


def _newest(tracks: Tracks) -> Tracks:
    """The last row of each track."""
    rows = tracks[np.lexsort((tracks.frame, tracks.track_id))]
    return rows[np.append(np.diff(rows.track_id) != 0, True)] if len(rows) else rows
