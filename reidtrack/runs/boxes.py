"""The boxes of one camera with the identity of each, gathered over everybody: what outputs and videos are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.types import DoubleArray, FloatArray, Identity, IntArray, Tracklet


class CameraBoxes(NamedTuple):
    """All boxes of one camera, sorted by frame, then track.

    Attributes:
        frame: (N,) int64, 0-based.
        time_s: (N,) float64, seconds.
        track_id: (N,) int64.
        logged_id: (N,) int64, the track id in the tracker's log.
        identity: (N,) int64.
        xyxy: (N, 4) float32, pixels.
        score: (N,) float32; 0 marks an interpolated box.
    """

    frame: IntArray
    time_s: DoubleArray
    track_id: IntArray
    logged_id: IntArray
    identity: IntArray
    xyxy: FloatArray
    score: FloatArray

    def take(self, index: IntArray) -> CameraBoxes:
        """The boxes at `index` (n,), in that order."""
        return CameraBoxes._make(column[index] for column in self)


def boxes_of_camera(identities: Sequence[Identity], camera: str) -> CameraBoxes:
    """Gather the boxes of every identity in one camera."""
    boxes = boxes_of([(identity.id, t) for identity in identities for t in identity if t.camera == camera])
    return boxes.take(np.lexsort((boxes.track_id, boxes.frame)))


def boxes_of(parts: Sequence[tuple[int, Tracklet]]) -> CameraBoxes:
    """The boxes of some tracklets of one camera behind each other, with the identity (first) of each."""
    if not parts:
        ints = np.zeros(0, np.int64)
        return CameraBoxes(ints, np.zeros(0), ints, ints, ints, np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    return CameraBoxes(
        np.concatenate([t.frame for _, t in parts]),
        np.concatenate([t.time_s for _, t in parts]),
        np.concatenate([np.full(len(t), t.track_id, np.int64) for _, t in parts]),
        np.concatenate([np.full(len(t), t.logged_id, np.int64) for _, t in parts]),
        np.concatenate([np.full(len(t), identity, np.int64) for identity, t in parts]),
        np.concatenate([t.xyxy for _, t in parts]),
        np.concatenate([t.score for _, t in parts]),
    )


def join_boxes(parts: Sequence[CameraBoxes]) -> CameraBoxes:
    """The boxes of several cameras behind each other."""
    return CameraBoxes._make(np.concatenate(column) for column in zip(*parts, strict=True))
