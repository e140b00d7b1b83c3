"""Boxes of people at any moment, from boxes at some: between two of a track, they go evenly from one to the other."""

from __future__ import annotations

import numpy as np

from reidtrack.types import DoubleArray, FloatArray, IntArray

_LONGEST_STEP_S = 1.5
"""Two boxes of a track farther apart have nothing between them: the person was hidden, or nobody looked."""
_LEAST_HOLD_S, _MOST_HOLD_S = 0.02, 0.25


class BoxesAt:
    """Boxes of one camera at any moment.

    A picture at the very time of a box shows it as it is. Recordings may have more pictures than were looked at, and
    of another size: boxes between two of a track are interpolated, and before its first and after its last one stay
    for half the usual step.

    Args:
        time_s: (N,) float64, seconds; rows are sorted by track, then time.
        track_id: (N,) int64.
        identity: (N,) int64.
        xyxy: (N, 4) float32, as shares of the picture.
    """

    def __init__(self, time_s: DoubleArray, track_id: IntArray, identity: IntArray, xyxy: FloatArray) -> None:
        self._time_s, self._identity, self._xyxy = time_s, identity, xyxy.astype(np.float64)
        same = track_id[1:] == track_id[:-1]
        begins = np.flatnonzero(np.concatenate([[True], ~same])) if len(track_id) else np.zeros(0, np.int64)
        self._begin, self._end = begins, np.append(begins[1:], len(track_id)).astype(np.int64)
        steps = np.diff(time_s)[same]
        usual = float(np.median(steps)) if len(steps) else 0.0
        self._hold_s = min(max(usual / 2, _LEAST_HOLD_S), _MOST_HOLD_S)

    def at(self, time_s: float) -> tuple[FloatArray, IntArray]:
        """Boxes (N, 4) float32, as shares of the picture, and identities (N,) int64 of a moment."""
        if not len(self._begin):
            return np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
        first_s, last_s = self._time_s[self._begin], self._time_s[self._end - 1]
        near = np.flatnonzero((first_s - self._hold_s <= time_s) & (time_s <= last_s + self._hold_s))
        found = [box for track in near.tolist() if (box := self._of(track, time_s)) is not None]
        xyxy = np.array([box for box, _ in found], np.float32).reshape(-1, 4)
        return xyxy, np.array([identity for _, identity in found], np.int64)

    def _of(self, track: int, time_s: float) -> tuple[DoubleArray, int] | None:
        """Box and identity of a track at a moment; None where it has none."""
        begin, end = int(self._begin[track]), int(self._end[track])
        after = begin + int(np.searchsorted(self._time_s[begin:end], time_s))
        before = max(begin, after - 1)
        after = min(after, end - 1)
        from_s, until_s = float(self._time_s[before]), float(self._time_s[after])
        if from_s < time_s < until_s <= from_s + _LONGEST_STEP_S:
            share = (time_s - from_s) / (until_s - from_s)
            return self._xyxy[before] * (1 - share) + self._xyxy[after] * share, int(self._identity[before])
        nearest = before if abs(time_s - from_s) <= abs(time_s - until_s) else after
        if abs(time_s - float(self._time_s[nearest])) > self._hold_s:
            return None
        return self._xyxy[nearest], int(self._identity[nearest])
