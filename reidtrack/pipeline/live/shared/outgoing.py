"""What is new of tracks since it was told last: a group tells each box and each crop once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from reidtrack.pipeline.live.shared.wire import MOST_BOXES, MOST_FEATURES, Piece
from reidtrack.types import BoolArray, IntArray, Tracklet, TrackletKey


@dataclass(slots=True)
class _Told:
    """Frames of what was told of a track, sorted."""

    boxes: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    crops: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))


class Outgoing:
    """Remembers what was told of each track that goes on.

    Args:
        origin_s: From when times of tracklets count, seconds since 1970.
    """

    def __init__(self, origin_s: float) -> None:
        self._origin_s = origin_s
        self._told: dict[TrackletKey, _Told] = {}

    def take(self, open_: Sequence[Tracklet], ended: Sequence[Tracklet]) -> list[Piece]:
        """What is new of the tracks that go on, and of those that have ended, which are forgotten then."""
        pieces = [self._piece(tracklet, ended=False) for tracklet in open_]
        pieces += [self._piece(tracklet, ended=True) for tracklet in ended]
        for tracklet in ended:
            self._told.pop(tracklet.key, None)
        return [piece for piece in pieces if len(piece.frame) or len(piece.features) or piece.ended]

    def _piece(self, tracklet: Tracklet, *, ended: bool) -> Piece:
        told = self._told.setdefault(tracklet.key, _Told())
        boxes = _new(tracklet.frame, told.boxes, MOST_BOXES)
        crops = _new(tracklet.feature_frame, told.crops, MOST_FEATURES)
        told.boxes, told.crops = tracklet.frame, tracklet.feature_frame  # what was thinned does not come again
        return Piece(
            tracklet.camera,
            tracklet.track_id,
            tracklet.frame[boxes],
            tracklet.time_s[boxes] + self._origin_s,
            tracklet.xyxy[boxes],
            tracklet.score[boxes],
            tracklet.features[crops],
            tracklet.feature_frame[crops],
            tracklet.feature_quality[crops],
            ended,
        )


def _new(frame: IntArray, told: IntArray, most: int) -> BoolArray:
    """Mask of the frames that were not told of: of more than fit into an entry, the last."""
    new = ~np.isin(frame, told) if len(told) else np.ones(len(frame), np.bool_)
    if new.sum() > most:
        new[np.flatnonzero(new)[:-most]] = False
    return new
