"""SORT: Kalman prediction, overlap, assignment. One object per camera, with its own ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reidtrack import geometry
from reidtrack.options import Count, Fraction, NonNegative
from reidtrack.track.clock import Clock, TimeUnit
from reidtrack.track.columns import NO_IDS, join, take
from reidtrack.track.kalman import spread_later, spread_measured
from reidtrack.track.pairs import Pairs, assign_pairs, iou, neighbours
from reidtrack.types import BoolArray, Detections, DoubleArray, FloatArray, IntArray, Tracks

_VALUES, _RATIO, _SPEEDS, _SPREAD, _RATIO_VARIANCE = slice(0, 3), 3, slice(4, 7), slice(7, 16), 16
_ROWS = 17
_STARTED = np.repeat([10.0, 0.0, 1e4], 3)
"""Spread (`kalman`) of x, y and area after the first measurement."""
_PROCESS = np.array([1, 1, 1, 0, 0, 0, 1e-2, 1e-2, 1e-4])
"""What one unit of time adds to it."""
_MEASURED = np.array([1.0, 1.0, 10.0])
"""Variance of a measurement of x, y and area."""
_RATIO_STARTED, _RATIO_PROCESS, _RATIO_MEASURED = 10.0, 1.0, 10.0


@dataclass
class _Table:
    """One column per track: id; state (17, N); detections in a row after the first; time unseen; score; ever reported.

    The state is centre x, centre y, area, width / height, the velocities of the first three, the spread of the first
    three and the variance of the ratio.
    """

    id: IntArray
    state: DoubleArray
    streak: IntArray
    age: DoubleArray
    score: FloatArray
    reported: BoolArray


class Sort:
    """SORT as published (arXiv 1602.00763), with its noise.

    Args:
        time_unit: Unit of time of `max_age` and of the motion model, whose noise is that of one unit.
        max_age: A track that has gone unseen for longer ends.
        min_hits: A track is reported while it has been seen in this many frames in a row after its first; in the
            first `min_hits` frames every track is.
        iou: Least overlap of a prediction with its detection.

    Attributes:
        ended: (K,) int64, ids of the reported tracks that the last `update` gave up, increasing.
    """

    def __init__(
        self, *, time_unit: TimeUnit = "frames", max_age: NonNegative = 1, min_hits: Count = 3, iou: Fraction = 0.3
    ) -> None:
        self._max_age, self._min_hits, self._iou = max_age, min_hits, iou
        self._clock = Clock(time_unit)
        self._tracks = _started(np.zeros((4, 0)), np.zeros(0, np.float32), 1)
        self._next_id = 1
        self._frames = 0
        self.ended = NO_IDS

    @property
    def pending_since_s(self) -> float | None:
        """Always None: SORT never adds a row to an earlier frame."""
        return None

    def update(
        self, detections: Detections, frame: int, time_s: float, camera_motion: DoubleArray | None = None
    ) -> Tracks:
        """Take the detections of the next frame.

        Args:
            detections: Persons of the frame, possibly none; boxes without area are passed over.
            frame: Number of the frame, 0-based, growing.
            time_s: Its time, seconds, growing.
            camera_motion: Not used: the method is as published.

        Returns:
            The filtered boxes of the tracks that were seen in this frame.
        """
        del camera_motion
        usable = geometry.area(detections.xyxy) > 0
        found = detections if usable.all() else detections[usable]
        xyxy = np.ascontiguousarray(found.xyxy.T, np.float64)
        self._frames += 1
        tracks = _moved(self._tracks, self._clock.tick(time_s))
        rows, columns = _matched(state_to_xyxy(tracks.state), xyxy, self._iou)
        _correct(tracks, rows, xyxy[:, columns], found.score[columns])
        fresh = np.ones(len(found), bool)
        fresh[columns] = False
        tracks = join(tracks, _started(xyxy[:, fresh], found.score[fresh], self._next_id), axis=-1)
        self._next_id += int(fresh.sum())
        former, self._tracks = self._tracks, take(tracks, (tracks.age <= self._max_age).nonzero()[0], axis=-1)
        all_live = len(self._tracks.id) == len(former.id) + len(fresh) - len(columns)
        self.ended = NO_IDS if all_live else _reported_and_gone(former, self._tracks)
        return self._report(frame, time_s)

    def _report(self, frame: int, time_s: float) -> Tracks:
        xyxy = state_to_xyxy(self._tracks.state)
        warming_up = self._frames <= self._min_hits
        shown = (self._tracks.age == 0) & ((self._tracks.streak >= self._min_hits) | warming_up)
        shown &= np.isfinite(xyxy).all(axis=0)
        self._tracks.reported |= shown
        ids, score = self._tracks.id[shown], self._tracks.score[shown]
        boxes = np.ascontiguousarray(xyxy[:, shown].T, np.float32)
        return Tracks(ids, np.full(len(ids), frame, np.int64), np.full(len(ids), time_s), boxes, score)


def _reported_and_gone(former: _Table, tracks: _Table) -> IntArray:
    """Ids (K,) of the reported tracks of `former` that are not among `tracks`."""
    return former.id[former.reported & ~np.isin(former.id, tracks.id)]


def _moved(tracks: _Table, dt: float) -> _Table:
    """Predict over `dt`; a track whose box stops being one ends."""
    if dt == 0:
        return tracks
    state = tracks.state.copy()
    area, growth = state[2], state[6]
    growth[area + dt * growth <= 0] = 0  # an area does not shrink through zero
    state[_VALUES] += dt * state[_SPEEDS]
    state[_SPREAD] = spread_later(state[_SPREAD].reshape(3, 3, -1), dt).reshape(9, -1) + dt * _PROCESS[:, None]
    state[_RATIO_VARIANCE] += dt * _RATIO_PROCESS
    streak = np.where(tracks.age > 0, 0, tracks.streak)
    moved = _Table(tracks.id, state, streak, tracks.age + dt, tracks.score, tracks.reported)
    sound = np.isfinite(state_to_xyxy(state)).all(axis=0)
    return moved if sound.all() else take(moved, np.flatnonzero(sound), axis=-1)


def _matched(expected: DoubleArray, xyxy: DoubleArray, least: float) -> tuple[IntArray, IntArray]:
    """Tracks (4, N) and detections (4, M) that belong together: indices of both, (K,) each."""
    row, column = neighbours(expected, xyxy, least, least)
    pairs = Pairs(row, column, 1 - iou(expected[:, row], xyxy[:, column]))
    return assign_pairs(pairs, np.ones(expected.shape[1], bool), np.ones(xyxy.shape[1], bool), 1 - least)


def _correct(tracks: _Table, rows: IntArray, xyxy: DoubleArray, score: FloatArray) -> None:
    """Correct `rows` of `tracks`, in place, by the detections they were matched with."""
    state, measured = tracks.state[:, rows], xyxy_to_measured(xyxy)
    gain, spread = spread_measured(state[_SPREAD].reshape(3, 3, -1), _MEASURED[:, None])
    surprise = measured[_VALUES] - state[_VALUES]
    state[_VALUES] += gain[0] * surprise
    state[_SPEEDS] += gain[1] * surprise
    state[_SPREAD] = spread.reshape(9, -1)
    ratio_gain = state[_RATIO_VARIANCE] / (state[_RATIO_VARIANCE] + _RATIO_MEASURED)
    state[_RATIO] += ratio_gain * (measured[_RATIO] - state[_RATIO])
    state[_RATIO_VARIANCE] = ratio_gain * _RATIO_MEASURED
    tracks.state[:, rows] = state
    tracks.streak[rows] += 1
    tracks.age[rows] = 0
    tracks.score[rows] = score


def _started(xyxy: DoubleArray, score: FloatArray, first_id: int) -> _Table:
    n = len(score)
    state = np.zeros((_ROWS, n))
    state[:4] = xyxy_to_measured(xyxy)
    state[_SPREAD], state[_RATIO_VARIANCE] = _STARTED[:, None], _RATIO_STARTED
    ids, streak, age = np.arange(first_id, first_id + n), np.zeros(n, np.int64), np.zeros(n)
    return _Table(ids, state, streak, age, score, np.zeros(n, bool))


def xyxy_to_measured(xyxy: DoubleArray) -> DoubleArray:
    """Turn (4, N) boxes of some area into centre x, centre y, area, width / height: (4, N)."""
    left, top, right, bottom = xyxy
    width, height = right - left, bottom - top
    return np.stack([(left + right) / 2, (top + bottom) / 2, width * height, width / height])


def state_to_xyxy(state: DoubleArray) -> DoubleArray:
    """Boxes (4, N) of states that start with centre x, centre y, area, width / height; NaN where there is no box."""
    x, y, area, ratio = state[:4]
    with np.errstate(invalid="ignore", divide="ignore"):
        width = np.sqrt(area * ratio)
        height = area / width
    return np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
