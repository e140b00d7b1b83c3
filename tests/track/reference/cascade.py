"""The tracker that `run` uses: three associations in a row, and memory for people who are hidden for a while."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from track.reference import walker
from track.reference.kalman import Belief

from reidtrack import geometry
from reidtrack.assign import assign
from reidtrack.track.clock import Clock
from reidtrack.track.columns import join, take
from reidtrack.types import BoolArray, Detections, DoubleArray, FloatArray, IntArray, Tracks

_HEIGHT_STD = 0.1
"""Spread of the logarithm of a person's height between losing and finding them again."""


@dataclass
class _Table:
    """One row per track: id; state (N, 6) and covariance; hits; when first and last seen; whether confirmed."""

    id: IntArray
    mean: DoubleArray
    covariance: DoubleArray
    hits: IntArray
    first: DoubleArray
    last: DoubleArray
    confirmed: BoolArray


class Cascade:
    """Tracks people by motion, overlap and score.

    Each frame is associated three times. Sure detections go to tracks they overlap. Unsure ones continue tracks that
    were in sight a moment ago (ByteTrack, arXiv 2110.06864). Sure ones that are left go to people out of sight, by the
    distance from where they are expected in units of how far they may have strayed; where new tracks start comes last.
    Overlap is weighted by the overlap of heights (Hybrid-SORT, arXiv 2308.00783). A new track is held back until it is
    confirmed, then reported from its first box on.

    Args:
        max_age: Seconds after which somebody out of sight is given up.
        min_hits: Detections until a new track is confirmed.
        min_confirmation_time: Seconds between the first and the last of them, at least.
        max_unconfirmed_age: Seconds out of sight that end a track not yet confirmed, and after which unsure detections
            no longer continue a confirmed one.
        iou: Least weighted overlap with a sure detection.
        low_iou: Least weighted overlap with an unsure detection.
        high: Least score of a sure detection.
        low: Least score of an unsure one; others are not looked at.
        start: Least score that starts a track.
        gate: Standard deviations somebody out of sight may be away from where they are expected; 0 expects nobody.
        acceleration_noise: How fast people change pace: spectral density of the acceleration, heights squared per
            second cubed.
    """

    def __init__(
        self,
        *,
        max_age: float = 2.0,
        min_hits: int = 3,
        min_confirmation_time: float = 0.2,
        max_unconfirmed_age: float = 0.3,
        iou: float = 0.3,
        low_iou: float = 0.5,
        high: float = 0.5,
        low: float = 0.1,
        start: float = 0.6,
        gate: float = 3.0,
        acceleration_noise: float = 0.05,
    ) -> None:
        self._max_age, self._min_hits, self._min_confirmation_time, self._max_unconfirmed_age = (
            max_age,
            min_hits,
            min_confirmation_time,
            max_unconfirmed_age,
        )
        self._iou, self._low_iou, self._gate, self._acceleration_noise = iou, low_iou, gate, acceleration_noise
        self._high, self._low, self._start = high, low, start
        self._clock = Clock("seconds")
        self._tracks = _started(np.zeros((0, 4), np.float32), 1, 0.0)
        self._held = Tracks.empty()
        self._next_id = 1

    @property
    def pending_since_s(self) -> float | None:
        """Time of the earliest row that is held back; None if there is none."""
        return float(self._held.time_s.min()) if len(self._held) else None

    def update(self, detections: Detections, frame: int, time_s: float) -> Tracks:
        """Take the detections of the next frame.

        Args:
            detections: Persons of the frame, possibly none; boxes without area are passed over.
            frame: Number of the frame, 0-based, growing.
            time_s: Its time, seconds; steps may be uneven.

        Returns:
            The detections of confirmed tracks, and the earlier ones of those that have just been confirmed, by frame.
        """
        found = detections[(geometry.area(detections.xyxy) > 0) & (detections.score >= self._low)]
        before = self._clock.now
        self._move(self._clock.tick(time_s))
        owner = self._associate(found, before)  # (M,) row of each detection's track, -1 for none
        owned = np.flatnonzero(owner >= 0)
        self._correct(owner[owned], found.xyxy[owned])
        fresh = np.flatnonzero((owner < 0) & (found.score >= self._start))
        owner[fresh] = len(self._tracks.id) + np.arange(len(fresh))
        self._begin(found.xyxy[fresh])
        kept = np.flatnonzero(owner >= 0)
        n = len(kept)
        rows = Tracks(
            self._tracks.id[owner[kept]],
            np.full(n, frame, np.int64),
            np.full(n, time_s),
            found.xyxy[kept],
            found.score[kept],
        )
        return self._settle(rows)

    def _move(self, dt: float) -> None:
        self._keep(self._clock.now - self._tracks.last <= self._max_age)
        belief = walker.move(Belief(self._tracks.mean, self._tracks.covariance), dt, self._acceleration_noise)
        self._tracks.mean, self._tracks.covariance = belief

    def _associate(self, found: Detections, before: float) -> IntArray:
        tracks = self._tracks
        owner = np.full(len(found), -1, np.int64)
        free = np.ones(len(tracks.id), bool)
        sure = found.score >= self._high
        overlap = _overlap_cost(walker.state_to_xyxy(tracks.mean), found.xyxy.astype(np.float64))
        in_sight = before - tracks.last <= self._max_unconfirmed_age

        def match(rows: BoolArray, columns: BoolArray, cost: DoubleArray, max_cost: float) -> None:
            row, column = np.flatnonzero(rows & free), np.flatnonzero(columns & (owner < 0))
            if not (len(row) and len(column)):
                return
            pairs = assign(cost[np.ix_(row, column)], max_cost).pairs
            owner[column[pairs[:, 1]]] = row[pairs[:, 0]]
            free[row[pairs[:, 0]]] = False

        match(tracks.confirmed, sure, overlap, 1 - self._iou)
        match(tracks.confirmed & in_sight, ~sure, overlap, 1 - self._low_iou)
        if self._gate > 0:
            match(tracks.confirmed, sure, self._distance(found.xyxy), self._gate**2)
        match(~tracks.confirmed, sure, overlap, 1 - self._iou)
        return owner

    def _distance(self, xyxy: FloatArray) -> DoubleArray:
        """Squared distance in place and height of each box (M) from each track (N), in standard deviations: (N, M)."""
        measured = walker.xyxy_to_measured(xyxy)
        squared = walker.distance(Belief(self._tracks.mean, self._tracks.covariance), measured)
        grown = np.log(measured[None, :, 3] / self._tracks.mean[:, None, 3])
        return squared + (grown / _HEIGHT_STD) ** 2

    def _correct(self, rows: IntArray, xyxy: FloatArray) -> None:
        tracks = self._tracks
        prior = Belief(tracks.mean[rows], tracks.covariance[rows])
        tracks.mean[rows], tracks.covariance[rows] = walker.correct(prior, walker.xyxy_to_measured(xyxy))
        tracks.hits[rows] += 1
        tracks.last[rows] = self._clock.now

    def _begin(self, xyxy: FloatArray) -> None:
        if not len(xyxy):
            return
        self._tracks = join(self._tracks, _started(xyxy, self._next_id, self._clock.now))
        self._next_id += len(xyxy)

    def _settle(self, rows: Tracks) -> Tracks:
        """Confirm, give up, and part the rows into those to report and those to hold back."""
        tracks = self._tracks
        tracks.confirmed |= (tracks.hits >= self._min_hits) & (
            tracks.last - tracks.first >= self._min_confirmation_time
        )
        rows = join(self._held, rows)
        reported = tracks.confirmed[np.searchsorted(tracks.id, rows.track_id)]
        self._held = rows[~reported]
        self._keep(tracks.confirmed | (self._clock.now - tracks.last <= self._max_unconfirmed_age))
        return rows[reported]

    def _keep(self, alive: BoolArray) -> None:
        """Drop the other tracks, and what is held back for them."""
        if not alive.all():
            self._tracks = take(self._tracks, alive)
            self._held = self._held[np.isin(self._held.track_id, self._tracks.id)]


def _started(xyxy: FloatArray, first_id: int, now: float) -> _Table:
    n = len(xyxy)
    belief = walker.begin(walker.xyxy_to_measured(xyxy))
    ids, seen = np.arange(first_id, first_id + n), np.full(n, now)
    return _Table(ids, *belief, np.ones(n, np.int64), seen, seen.copy(), np.zeros(n, bool))


def _overlap_cost(a: DoubleArray, b: DoubleArray) -> DoubleArray:
    """1 minus IoU times the IoU of the boxes' heights, (N, M)."""
    shared = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    union = np.maximum(a[:, None, 3], b[None, :, 3]) - np.minimum(a[:, None, 1], b[None, :, 1])
    cost: DoubleArray = 1 - geometry.iou(a, b) * np.clip(shared / union, 0, None)
    return cost
