"""SORT: Kalman prediction, overlap, assignment. One object per camera, with its own ids."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from reidtrack import geometry
from reidtrack.assign import assign
from reidtrack.track.kalman import Belief, constant_velocity, predict, update
from reidtrack.types import BoolArray, Detections, DoubleArray, FloatArray, IntArray, Tracks

INITIAL_VARIANCE = np.array([10, 10, 10, 10, 1e4, 1e4, 1e4])
PROCESS_VARIANCE = np.array([1, 1, 1, 1, 1e-2, 1e-2, 1e-4])
MEASUREMENT_VARIANCE = np.array([1, 1, 10, 10])


class Sort:
    """Simple online and realtime tracking (arXiv 1602.00763), with its published noise.

    Args:
        time_unit: What `max_age` counts and the motion model runs on: calls of `update` (`frames`) or `seconds`.
        max_age: A track without a detection for longer than this ends.
        min_hits: Detections in a row, after the first, from which on a track is reported; it is not asked for in the
            first `min_hits` frames.
        iou: Least overlap of a prediction with its detection.
    """

    def __init__(
        self,
        *,
        time_unit: Literal["seconds", "frames"] = "frames",
        max_age: float = 1,
        min_hits: int = 3,
        iou: float = 0.3,
    ) -> None:
        self._in_frames, self._max_age, self._min_hits, self._iou = time_unit == "frames", max_age, min_hits, iou
        self._belief = Belief(np.zeros((0, 7)), np.zeros((0, 7, 7)))
        self._id = np.zeros(0, np.int64)
        self._streak = np.zeros(0, np.int64)
        self._age = np.zeros(0)
        self._next_id = 1
        self._frames = 0
        self._time_s = -math.inf

    @property
    def pending_since_s(self) -> float | None:
        """Always None: SORT never reports a box of an earlier frame."""
        return None

    def update(self, detections: Detections, frame: int, time_s: float) -> Tracks:
        """Take the detections of the next frame.

        Args:
            detections: Persons of the frame, possibly none; boxes without area are passed over.
            frame: Number of the frame, 0-based, growing.
            time_s: Its time, seconds, growing.

        Returns:
            The filtered boxes of the tracks seen in this frame.
        """
        detections = detections[geometry.area(detections.xyxy) > 0]
        self._predict(self._step(time_s))
        cost = 1 - geometry.iou(state_to_xyxy(self._belief.mean), detections.xyxy.astype(np.float64))
        match = assign(cost, 1 - self._iou)
        self._correct(match.pairs, detections.xyxy)
        score = np.zeros(len(self._id), np.float32)
        score[match.pairs[:, 0]] = detections.score[match.pairs[:, 1]]
        self._start(detections.xyxy[match.unmatched_columns])
        score = np.concatenate([score, detections.score[match.unmatched_columns]])
        self._frames += 1
        shown = (self._age == 0) & ((self._streak >= self._min_hits) | (self._frames <= self._min_hits))
        tracks = self._report(shown, score, frame, time_s)
        self._keep(np.asarray(self._age <= self._max_age))
        return tracks

    def _step(self, time_s: float) -> float:
        dt = 1.0 if self._in_frames else max(time_s - self._time_s, 0.0)
        self._time_s = time_s
        return dt if math.isfinite(dt) else 0.0

    def _predict(self, dt: float) -> None:
        mean = self._belief.mean
        mean[mean[:, 2] + dt * mean[:, 6] <= 0, 6] = 0  # an area never shrinks through zero
        noise = np.diag(PROCESS_VARIANCE) * dt
        self._belief = predict(self._belief, constant_velocity(7, 4, dt), noise)
        self._streak[self._age > 0] = 0
        self._age = self._age + dt
        self._keep(np.isfinite(state_to_xyxy(self._belief.mean)).all(axis=1))

    def _correct(self, pairs: IntArray, xyxy: FloatArray) -> None:
        rows, columns = pairs.T
        prior = Belief(self._belief.mean[rows], self._belief.covariance[rows])
        posterior = update(prior, xyxy_to_measured(xyxy[columns]), np.diag(MEASUREMENT_VARIANCE))
        self._belief.mean[rows], self._belief.covariance[rows] = posterior
        self._streak[rows] += 1
        self._age[rows] = 0

    def _start(self, xyxy: FloatArray) -> None:
        n = len(xyxy)
        mean = np.concatenate([xyxy_to_measured(xyxy), np.zeros((n, 3))], axis=1)
        covariance = np.tile(np.diag(INITIAL_VARIANCE), (n, 1, 1))
        self._belief = Belief(
            np.concatenate([self._belief.mean, mean]), np.concatenate([self._belief.covariance, covariance])
        )
        self._id = np.concatenate([self._id, np.arange(self._next_id, self._next_id + n)])
        self._streak = np.concatenate([self._streak, np.zeros(n, np.int64)])
        self._age = np.concatenate([self._age, np.zeros(n)])
        self._next_id += n

    def _keep(self, mask: BoolArray) -> None:
        self._belief = Belief(self._belief.mean[mask], self._belief.covariance[mask])
        self._id, self._streak, self._age = self._id[mask], self._streak[mask], self._age[mask]

    def _report(self, shown: BoolArray, score: FloatArray, frame: int, time_s: float) -> Tracks:
        xyxy = state_to_xyxy(self._belief.mean[shown])
        shown[shown] = np.isfinite(xyxy).all(axis=1)
        boxes: FloatArray = xyxy[np.isfinite(xyxy).all(axis=1)].astype(np.float32)
        n = len(boxes)
        return Tracks(self._id[shown], np.full(n, frame, np.int64), np.full(n, time_s), boxes, score[shown])


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
