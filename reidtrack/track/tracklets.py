"""Tracklets made in memory, from what trackers and the embedder say while frames pass."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reidtrack.associate.live.parts import thinned
from reidtrack.track.finish import finish_tracks
from reidtrack.types import DoubleArray, FloatArray, IntArray, Tracklet, Tracks

_Number = TypeVar("_Number", bound=np.generic)
_ROOM = 16
"""Rows that a column has room for at first; it doubles when it is full."""


class _Open:
    """What has come of a tracklet so far, as columns with room for more: its boxes, and the features of its crops."""

    def __init__(self, feature_dim: int) -> None:
        self._boxes, self._crops = 0, 0
        self._frame, self._time_s = np.zeros(_ROOM, np.int64), np.zeros(_ROOM)
        self._xyxy, self._score = np.zeros((_ROOM, 4), np.float32), np.zeros(_ROOM, np.float32)
        self._feature = np.zeros((_ROOM, feature_dim), np.float32)
        self._feature_frame, self._quality = np.zeros(_ROOM, np.int64), np.zeros(_ROOM, np.float32)

    def add_box(self, frame: int, time_s: float, xyxy: FloatArray, score: float) -> None:
        """Take a box; most come in order."""
        if self._boxes == len(self._frame):
            self._frame, self._time_s = _roomier(self._frame), _roomier(self._time_s)
            self._xyxy, self._score = _roomier(self._xyxy), _roomier(self._score)
        row = self._boxes
        self._frame[row], self._time_s[row], self._xyxy[row], self._score[row] = frame, time_s, xyxy, score
        self._boxes += 1
        if row and frame < self._frame[row - 1]:
            order = np.argsort(self._frame[: self._boxes], kind="stable")
            self._frame, self._time_s = _roomier(self._frame[order]), _roomier(self._time_s[order])
            self._xyxy, self._score = _roomier(self._xyxy[order]), _roomier(self._score[order])

    def add_crop(self, frame: int, quality: float, feature: FloatArray) -> None:
        """Take the feature of a crop; most come in order."""
        if self._crops == len(self._feature_frame):
            self._feature, self._quality = _roomier(self._feature), _roomier(self._quality)
            self._feature_frame = _roomier(self._feature_frame)
        row = self._crops
        self._feature_frame[row], self._quality[row], self._feature[row] = frame, quality, feature
        self._crops += 1
        if row and frame < self._feature_frame[row - 1]:
            order = np.argsort(self._feature_frame[: self._crops], kind="stable")
            self._feature, self._quality = _roomier(self._feature[order]), _roomier(self._quality[order])
            self._feature_frame = _roomier(self._feature_frame[order])

    def tracklet(self, camera: str, track_id: int) -> Tracklet:
        """The tracklet so far; its arrays are views of the columns, in which rows never change."""
        n, k = self._boxes, self._crops
        return Tracklet(
            camera=camera,
            track_id=track_id,
            frame=self._frame[:n],
            time_s=self._time_s[:n],
            xyxy=self._xyxy[:n],
            score=self._score[:n],
            features=self._feature[:k],
            feature_frame=self._feature_frame[:k],
            feature_quality=self._quality[:k],
        )

    def thin(self, most_boxes: int, most_features: int) -> None:
        """Leave out boxes and crops where there are twice as many as wanted."""
        if self._boxes <= 2 * most_boxes and self._crops <= 2 * most_features:
            return
        fewer = thinned(self.tracklet("", 1), most_boxes, most_features)
        self._boxes, self._crops = len(fewer.frame), len(fewer.feature_frame)
        self._frame, self._time_s = _roomier(fewer.frame), _roomier(fewer.time_s)
        self._xyxy, self._score = _roomier(fewer.xyxy), _roomier(fewer.score)
        self._feature, self._quality = _roomier(fewer.features), _roomier(fewer.feature_quality)
        self._feature_frame = _roomier(fewer.feature_frame)


def _roomier(column: NDArray[_Number]) -> NDArray[_Number]:
    """A copy of a column with room for as many rows again."""
    wider = np.zeros((2 * max(len(column), _ROOM // 2), *column.shape[1:]), column.dtype)
    wider[: len(column)] = column
    return wider


class TrackletBuilder:
    """Gathers boxes and features until a tracklet ends; what has ended is given away and forgotten.

    Boxes are as the tracker gave them: `finish_tracklet` fills gaps and smooths them. Not for several threads at once.

    Args:
        feature_dim: Length of a feature.
        most_boxes: Of a tracklet with more than twice as many boxes, every so many are left out, so that somebody who
            stands in a live camera all day takes no more memory; None keeps all.
        most_features: Likewise.
    """

    def __init__(self, feature_dim: int, *, most_boxes: int | None = None, most_features: int | None = None) -> None:
        self._feature_dim = feature_dim
        self._most_boxes = sys.maxsize // 2 if most_boxes is None else most_boxes
        self._most_features = sys.maxsize // 2 if most_features is None else most_features
        self._open: dict[tuple[str, int], _Open] = {}

    def __len__(self) -> int:
        """How many tracklets have begun and not ended."""
        return len(self._open)

    def add_tracks(self, camera: str, tracks: Tracks) -> None:
        """Take what the tracker of a camera said after a frame."""
        rows = zip(
            tracks.track_id.tolist(),
            tracks.frame.tolist(),
            tracks.time_s.tolist(),
            tracks.xyxy,
            tracks.score.tolist(),
            strict=True,
        )
        for track_id, frame, time_s, xyxy, score in rows:
            tracklet = self._open.get((camera, track_id))
            if tracklet is None:
                tracklet = self._open[camera, track_id] = _Open(self._feature_dim)
            tracklet.add_box(frame, time_s, xyxy, score)
            tracklet.thin(self._most_boxes, self._most_features)

    def add_feature(self, camera: str, track_id: int, frame: int, quality: float, feature: FloatArray) -> None:
        """Take the feature (D,), of unit norm, of the crop that was taken of a track in a frame.

        Raises:
            KeyError: If no box of the track has come yet, or it has ended.
        """
        self._open[camera, track_id].add_crop(frame, quality, feature)

    def snapshot(self) -> list[Tracklet]:
        """Every tracklet that has not ended, so far, sorted by camera and track.

        Nothing is copied, and what comes later does not show in it: it is taken in the thread that adds, and may be
        read in any.
        """
        return [self._open[key].tracklet(*key) for key in sorted(self._open)]

    def end(self, camera: str, track_id: int) -> Tracklet:
        """The tracklet of a track that the tracker gave up and whose features have all come.

        Raises:
            KeyError: If it has no box, or has ended before.
        """
        found = self._open.pop((camera, track_id)).tracklet(camera, track_id)
        every = np.ones(len(found), np.bool_)
        return found.part(every, np.ones(len(found.features), np.bool_))  # without the room for more

    def end_all(self) -> list[Tracklet]:
        """Every tracklet that has not ended, sorted by camera and track: the recording is over."""
        return [self.end(*key) for key in sorted(self._open)]


def finish_tracklet(
    tracklet: Tracklet, frame: IntArray, time_s: DoubleArray, *, fill_gap: float, smooth: float, in_frames: bool = False
) -> Tracklet:
    """A tracklet with its gaps filled and its boxes smoothed, as `finish_tracks` does for all tracks of a camera.

    Args:
        tracklet: As the tracker saw it.
        frame: (F,) numbers of all frames of its camera that were read, from its first to its last at least, increasing.
        time_s: (F,) their times, seconds.
        fill_gap: Longest gap that is interpolated; 0 for none.
        smooth: Spread of the smoothing of boxes over time; 0 for none.
        in_frames: Whether these two count frames; seconds otherwise.
    """
    ids = np.full(len(tracklet), tracklet.track_id, np.int64)
    rows = Tracks(ids, tracklet.frame, tracklet.time_s, tracklet.xyxy, tracklet.score)
    done = finish_tracks(rows, frame, time_s, fill_gap=fill_gap, smooth=smooth, in_frames=in_frames)
    return replace(tracklet, frame=done.frame, time_s=done.time_s, xyxy=done.xyxy, score=done.score)
