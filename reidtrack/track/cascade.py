"""The tracker that `run` uses: three associations in a row, and memory for people who are hidden for a while."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reidtrack import geometry
from reidtrack.options import Count, Fraction, NonNegative, OptionError
from reidtrack.track import walker
from reidtrack.track.clock import Clock
from reidtrack.track.columns import NO_IDS, join, take
from reidtrack.track.pairs import Pairs, assign_pairs, iou, neighbours
from reidtrack.types import BoolArray, Detections, DoubleArray, FloatArray, IntArray, Tracks

_HEIGHT_STD = 0.1
"""Spread of the logarithm of a person's height between losing and finding them again."""


@dataclass
class _Table:
    """One column per track, by id: what is believed (10, N); hits; when first and last seen; whether confirmed."""

    id: IntArray
    people: DoubleArray
    hits: IntArray
    first: DoubleArray
    last: DoubleArray
    confirmed: BoolArray


@dataclass
class _Rows:
    """Rows of tracks that are not reported yet: `Tracks` without its checks."""

    track_id: IntArray
    frame: IntArray
    time_s: DoubleArray
    xyxy: FloatArray
    score: FloatArray


class Cascade:
    """Motion, overlap and score in three associations, with a memory for people out of sight.

    Each frame is associated three times. Sure detections go to tracks they overlap. Unsure ones continue tracks that
    were in sight a moment ago (ByteTrack, arXiv 2110.06864). Sure ones that are left go to people out of sight, by the
    distance from where they are expected in units of how far they may have strayed; where new tracks start comes last.
    Overlap is weighted by the overlap of heights (Hybrid-SORT, arXiv 2308.00783). A new track is held back until it is
    confirmed, then reported from its first box on.

    Args:
        max_age: Seconds after which somebody out of sight is given up.
        min_hits: Detections until a new track is confirmed.
        min_confirmation_time: Least seconds from a track's first detection to the one that confirms it.
        max_unconfirmed_age: Seconds unseen that end an unconfirmed track; so long unsure detections continue others.
        iou: Least overlap of a prediction with a sure detection, weighted by the overlap of heights.
        low_iou: Least overlap of a prediction with an unsure detection.
        low: Least score of an unsure detection, which only continues a track; below it none is looked at.
        high: Least score of a sure detection; at least low.
        start: Least score that starts a track; at least high.
        gate: Standard deviations around where somebody out of sight is expected within which they are found; 0: never.
        acceleration_noise: How fast people change pace, heights^2 / seconds^3; a camera that moves needs more.

    Attributes:
        ended: (K,) int64, ids of the confirmed tracks that the last `update` gave up, increasing.

    Raises:
        OptionError: If not low <= high <= start.
    """

    def __init__(
        self,
        *,
        max_age: NonNegative = 2.0,
        min_hits: Count = 3,
        iou: Fraction = 0.3,
        min_confirmation_time: NonNegative = 0.2,
        max_unconfirmed_age: NonNegative = 0.3,
        low: Fraction = 0.1,
        high: Fraction = 0.5,
        start: Fraction = 0.6,
        low_iou: Fraction = 0.5,
        gate: NonNegative = 3.0,
        acceleration_noise: NonNegative = 0.05,
    ) -> None:
        for name, score, least in (("high", high, low), ("start", start, high)):
            if score < least:
                raise OptionError(name, score, f"{least} or more: low <= high <= start")
        self._max_age, self._min_hits = max_age, min_hits
        self._min_confirmation_time, self._max_unconfirmed_age = min_confirmation_time, max_unconfirmed_age
        self._iou, self._low_iou, self._gate, self._acceleration_noise = iou, low_iou, gate, acceleration_noise
        self._high, self._low, self._start = high, low, start
        self._clock = Clock("seconds")
        self._tracks = _started(np.zeros((4, 0)), 1, 0.0)
        self._held = _no_rows()
        self._next_id = 1
        self.ended = NO_IDS

    @property
    def pending_since_s(self) -> float | None:
        """Time of the earliest row that is held back; None if there is none."""
        return float(self._held.time_s.min()) if len(self._held.time_s) else None

    @property
    def pending_until_s(self) -> float:
        """Time after which the rows that are held back are dropped, if no frame comes until then.

        By then nobody who is not confirmed is continued: they have been out of sight for more than `max_age`.
        """
        waiting = self._tracks.last[~self._tracks.confirmed]
        if not len(waiting):
            return -float("inf")
        return self._clock.time_s + self._max_age - (self._clock.now - float(waiting.max()))

    def update(
        self, detections: Detections, frame: int, time_s: float, camera_motion: DoubleArray | None = None
    ) -> Tracks:
        """Take the detections of the next frame.

        Args:
            detections: Persons of the frame, possibly none; boxes without area are passed over.
            frame: Number of the frame, 0-based, growing.
            time_s: Its time, seconds; steps may be uneven.
            camera_motion: (2, 3) similarity from the last frame's pixels to this one's; None if the camera stood still.

        Returns:
            The detections of confirmed tracks, and the earlier ones of those that have just been confirmed, by frame.
        """
        usable = (geometry.area(detections.xyxy) > 0) & (detections.score >= self._low)
        found = detections if usable.all() else detections[usable]
        xyxy = np.ascontiguousarray(found.xyxy.T, np.float64)
        before = self._clock.now
        if camera_motion is not None:
            self._tracks.people = walker.follow_camera(self._tracks.people, camera_motion)
        self._move(self._clock.tick(time_s))
        owner = self._associate(xyxy, found.score, before)  # (M,) index of each detection's track, -1 for none
        owned = (owner >= 0).nonzero()[0]
        self._correct(owner[owned], xyxy[:, owned])
        fresh = ((owner < 0) & (found.score >= self._start)).nonzero()[0]
        owner[fresh] = len(self._tracks.id) + np.arange(len(fresh))
        self._begin(xyxy[:, fresh])
        kept = (owner >= 0).nonzero()[0]
        ids, n = self._tracks.id[owner[kept]], len(kept)
        rows = _Rows(ids, np.full(n, frame, np.int64), np.full(n, time_s), found.xyxy[kept], found.score[kept])
        return self._settle(rows)

    def _move(self, dt: float) -> None:
        alive = self._clock.now - self._tracks.last <= self._max_age
        self.ended = NO_IDS
        if not alive.all():
            self.ended = self._tracks.id[self._tracks.confirmed & ~alive]
            self._tracks = take(self._tracks, alive, axis=-1)
            self._held = take(self._held, np.isin(self._held.track_id, self._tracks.id))
        self._tracks.people = walker.move(self._tracks.people, dt, self._acceleration_noise)

    def _associate(self, xyxy: DoubleArray, score: FloatArray, before: float) -> IntArray:
        tracks = self._tracks
        owner = np.full(len(score), -1, np.int64)
        free = np.ones(len(tracks.id), bool)
        sure = score >= self._high
        in_sight = before - tracks.last <= self._max_unconfirmed_age
        overlapping = self._overlapping(xyxy)

        def match(pairs: Pairs, rows: BoolArray, columns: BoolArray, max_cost: float) -> None:
            row, column = assign_pairs(pairs, rows & free, columns & (owner < 0), max_cost)
            owner[column] = row
            free[row] = False

        match(overlapping, tracks.confirmed, sure, 1 - self._iou)
        match(overlapping, tracks.confirmed & in_sight, ~sure, 1 - self._low_iou)
        if self._gate > 0:
            nearby = self._nearby(xyxy, tracks.confirmed & free, sure & (owner < 0))
            match(nearby, tracks.confirmed, sure, self._gate**2)
        match(overlapping, ~tracks.confirmed, sure, 1 - self._iou)
        return owner

    def _overlapping(self, xyxy: DoubleArray) -> Pairs:
        """Tracks and boxes (4, M) that any gate lets through, by 1 minus IoU times the IoU of their heights."""
        least = min(self._iou, self._low_iou)
        expected = walker.state_to_xyxy(self._tracks.people)
        # IoU is at most that of the heights, so that their product is at most the latter's square.
        row, column = neighbours(expected, xyxy, least, least**0.5)
        a, b = expected[:, row], xyxy[:, column]
        shared = np.minimum(a[3], b[3]) - np.maximum(a[1], b[1])
        union = np.maximum(a[3], b[3]) - np.minimum(a[1], b[1])
        return Pairs(row, column, 1 - iou(a, b) * np.maximum(shared / union, 0))

    def _nearby(self, xyxy: DoubleArray, some: BoolArray, boxes: BoolArray) -> Pairs:
        """Some tracks with some boxes, by the squared distance in place and height, in standard deviations."""
        rows, columns = some.nonzero()[0], boxes.nonzero()[0]
        people, measured = self._tracks.people[:, rows], walker.xyxy_to_measured(xyxy[:, columns])
        grown = np.log(measured[walker.HEIGHT] / people[walker.HEIGHT, :, None])
        squared = walker.distance(people, measured) + (grown / _HEIGHT_STD) ** 2
        return Pairs(rows.repeat(len(columns)), np.tile(columns, len(rows)), squared.ravel())

    def _correct(self, rows: IntArray, xyxy: DoubleArray) -> None:
        tracks = self._tracks
        tracks.people[:, rows] = walker.correct(tracks.people[:, rows], walker.xyxy_to_measured(xyxy))
        tracks.hits[rows] += 1
        tracks.last[rows] = self._clock.now

    def _begin(self, xyxy: DoubleArray) -> None:
        if xyxy.shape[1]:
            self._tracks = join(self._tracks, _started(xyxy, self._next_id, self._clock.now), axis=-1)
            self._next_id += xyxy.shape[1]

    def _settle(self, rows: _Rows) -> Tracks:
        """Confirm, give up, and part the rows into those to report and those to hold back."""
        tracks = self._tracks
        known_for = tracks.last - tracks.first
        tracks.confirmed |= (tracks.hits >= self._min_hits) & (known_for >= self._min_confirmation_time)
        alive = tracks.confirmed | (self._clock.now - tracks.last <= self._max_unconfirmed_age)
        rows = join(self._held, rows)
        index = tracks.id.searchsorted(rows.track_id)
        reported = tracks.confirmed[index]
        self._held = take(rows, ~reported & alive[index])
        if not alive.all():
            self._tracks = take(tracks, alive, axis=-1)
        shown = take(rows, reported)
        return Tracks(shown.track_id, shown.frame, shown.time_s, shown.xyxy, shown.score)


def _started(xyxy: DoubleArray, first_id: int, now: float) -> _Table:
    n = xyxy.shape[1]
    people = walker.begin(walker.xyxy_to_measured(xyxy))
    ids, seen = np.arange(first_id, first_id + n), np.full(n, now)
    return _Table(ids, people, np.ones(n, np.int64), seen, seen.copy(), np.zeros(n, bool))


def _no_rows() -> _Rows:
    none = Tracks.empty()
    return _Rows(none.track_id, none.frame, none.time_s, none.xyxy, none.score)
