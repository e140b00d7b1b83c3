"""SORT: Kalman prediction, overlap, assignment. One object per camera, with its own ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from track.reference.kalman import Belief, constant_velocity, predict, update

from reidtrack import geometry
from reidtrack.assign import assign
from reidtrack.track.clock import Clock, TimeUnit
from reidtrack.track.columns import join, take
from reidtrack.types import Detections, DoubleArray, FloatArray, IntArray, Tracks

INITIAL_COVARIANCE = np.diag([10, 10, 10, 10, 1e4, 1e4, 1e4])
PROCESS_NOISE = np.diag([1, 1, 1, 1, 1e-2, 1e-2, 1e-4])
MEASUREMENT_NOISE = np.diag([1.0, 1.0, 10.0, 10.0])


@dataclass
class _Table:
    """One row per track: id; state (N, 7) and its covariance; detections in a row after the first; time unseen."""

    id: IntArray
    mean: DoubleArray
    covariance: DoubleArray
    streak: IntArray
    age: DoubleArray
    score: FloatArray


class Sort:
    """Simple online and realtime tracking (arXiv 1602.00763), with its published noise.

    Args:
        time_unit: Unit of time of `max_age` and of the motion model, whose noise is that of one unit.
        max_age: A track that has gone unseen for longer ends.
        min_hits: A track is reported while it has been seen in this many frames in a row after its first; in the
            first `min_hits` frames every track is.
        iou: Least overlap of a prediction with its detection.
    """

    def __init__(
        self, *, time_unit: TimeUnit = "frames", max_age: float = 1, min_hits: int = 3, iou: float = 0.3
    ) -> None:
        self._max_age, self._min_hits, self._iou = max_age, min_hits, iou
        self._clock = Clock(time_unit)
        self._tracks = _started(Detections.empty(), 1)
        self._next_id = 1
        self._frames = 0

    @property
    def pending_since_s(self) -> float | None:
        """Always None: SORT never adds a row to an earlier frame."""
        return None

    def update(self, detections: Detections, frame: int, time_s: float) -> Tracks:
        """Take the detections of the next frame.

        Args:
            detections: Persons of the frame, possibly none; boxes without area are passed over.
            frame: Number of the frame, 0-based, growing.
            time_s: Its time, seconds, growing.

        Returns:
            The filtered boxes of the tracks that were seen in this frame.
        """
        detections = detections[geometry.area(detections.xyxy) > 0]
        self._frames += 1
        tracks = _moved(self._tracks, self._clock.tick(time_s))
        cost = 1 - geometry.iou(state_to_xyxy(tracks.mean), detections.xyxy.astype(np.float64))
        match = assign(cost, 1 - self._iou)
        rows, columns = match.pairs.T
        _correct(tracks, rows, detections[columns])
        fresh = _started(detections[match.unmatched_columns], self._next_id)
        self._next_id += len(fresh.id)
        tracks = join(tracks, fresh)
        self._tracks = take(tracks, np.flatnonzero(tracks.age <= self._max_age))
        return self._report(frame, time_s)

    def _report(self, frame: int, time_s: float) -> Tracks:
        xyxy = state_to_xyxy(self._tracks.mean)
        warming_up = self._frames <= self._min_hits
        shown = (self._tracks.age == 0) & ((self._tracks.streak >= self._min_hits) | warming_up)
        shown &= np.isfinite(xyxy).all(axis=1)
        seen = take(self._tracks, shown)
        n = len(seen.id)
        return Tracks(
            seen.id, np.full(n, frame, np.int64), np.full(n, time_s), xyxy[shown].astype(np.float32), seen.score
        )


def _moved(tracks: _Table, dt: float) -> _Table:
    """Predict over `dt`; a track whose box stops being one ends."""
    if dt == 0:
        return tracks
    mean = tracks.mean
    mean[mean[:, 2] + dt * mean[:, 6] <= 0, 6] = 0  # an area does not shrink through zero
    belief = predict(Belief(mean, tracks.covariance), constant_velocity(7, 4, dt), PROCESS_NOISE * dt)
    streak = np.where(tracks.age > 0, 0, tracks.streak)
    moved = _Table(tracks.id, belief.mean, belief.covariance, streak, tracks.age + dt, tracks.score)
    return take(moved, np.flatnonzero(np.isfinite(state_to_xyxy(moved.mean)).all(axis=1)))


def _correct(tracks: _Table, rows: IntArray, detections: Detections) -> None:
    """Correct `rows` of `tracks`, in place, by the detections they were matched with."""
    prior = Belief(tracks.mean[rows], tracks.covariance[rows])
    tracks.mean[rows], tracks.covariance[rows] = update(prior, xyxy_to_measured(detections.xyxy), MEASUREMENT_NOISE)
    tracks.streak[rows] += 1
    tracks.age[rows] = 0
    tracks.score[rows] = detections.score


def _started(detections: Detections, first_id: int) -> _Table:
    n = len(detections)
    return _Table(
        id=np.arange(first_id, first_id + n),
        mean=np.concatenate([xyxy_to_measured(detections.xyxy), np.zeros((n, 3))], axis=1),
        covariance=np.tile(INITIAL_COVARIANCE, (n, 1, 1)),
        streak=np.zeros(n, np.int64),
        age=np.zeros(n),
        score=detections.score,
    )


def xyxy_to_measured(xyxy: FloatArray) -> DoubleArray:
    """Turn (N, 4) boxes of some area into centre x, centre y, area, width / height: (N, 4) float64."""
    left, top, right, bottom = xyxy.astype(np.float64).T
    width, height = right - left, bottom - top
    return np.stack([(left + right) / 2, (top + bottom) / 2, width * height, width / height], axis=1)


def state_to_xyxy(mean: DoubleArray) -> DoubleArray:
    """Boxes (N, 4) of states that start with centre x, centre y, area, width / height; NaN where there is no box."""
    x, y, area, ratio = mean[:, :4].T
    with np.errstate(invalid="ignore", divide="ignore"):
        width = np.sqrt(area * ratio)
        height = area / width
    return np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)
