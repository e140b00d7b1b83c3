"""Tracklets made in memory, from what trackers and the embedder say while frames pass."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from reidtrack.track.finish import finish_tracks
from reidtrack.types import DoubleArray, FloatArray, IntArray, Tracklet, Tracks


@dataclass
class _Open:
    """What has come of a tracklet so far: its boxes, and the features of its crops."""

    frame: list[int] = field(default_factory=list)
    time_s: list[float] = field(default_factory=list)
    xyxy: list[FloatArray] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    features: list[tuple[int, float, FloatArray]] = field(default_factory=list)


class TrackletBuilder:
    """Gathers boxes and features until a tracklet ends; what has ended is given away and forgotten.

    Boxes are as the tracker gave them: `finish_tracklet` fills gaps and smooths them. Not for several threads at once.

    Args:
        feature_dim: Length of a feature.
    """

    def __init__(self, feature_dim: int) -> None:
        self._feature_dim = feature_dim
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
            tracklet = self._open.setdefault((camera, track_id), _Open())
            tracklet.frame.append(frame)
            tracklet.time_s.append(time_s)
            tracklet.xyxy.append(xyxy)
            tracklet.score.append(score)

    def add_feature(self, camera: str, track_id: int, frame: int, quality: float, feature: FloatArray) -> None:
        """Take the feature (D,), of unit norm, of the crop that was taken of a track in a frame.

        Raises:
            KeyError: If no box of the track has come yet, or it has ended.
        """
        self._open[camera, track_id].features.append((frame, quality, feature))

    def end(self, camera: str, track_id: int) -> Tracklet:
        """The tracklet of a track that the tracker gave up and whose features have all come.

        Raises:
            KeyError: If it has no box, or has ended before.
        """
        tracklet = self._open.pop((camera, track_id))
        order = np.argsort(tracklet.frame, kind="stable")
        features = sorted(tracklet.features, key=lambda item: item[0])
        return Tracklet(
            camera=camera,
            track_id=track_id,
            frame=np.array(tracklet.frame, np.int64)[order],
            time_s=np.array(tracklet.time_s, np.float64)[order],
            xyxy=np.array(tracklet.xyxy, np.float32)[order],
            score=np.array(tracklet.score, np.float32)[order],
            features=np.array([feature for *_, feature in features], np.float32).reshape(-1, self._feature_dim),
            feature_frame=np.array([frame for frame, *_ in features], np.int64),
            feature_quality=np.array([quality for _, quality, _ in features], np.float32),
        )

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
