"""What a tracker is, and how one is made from plain values."""

from __future__ import annotations

from typing import Literal, Protocol

from reidtrack.track.sort import Sort
from reidtrack.types import Detections, Tracks


class Tracker(Protocol):
    """Turns the detections of one camera, frame by frame, into boxes with ids."""

    @property
    def pending_since_s(self) -> float | None:
        """Earliest time at which a track that is not yet confirmed may still add rows; None if there is none."""
        ...

    def update(self, detections: Detections, frame: int, time_s: float) -> Tracks:
        """Take the detections of the next frame; frames may be missing, times may be uneven.

        Returns:
            Rows of this frame, and earlier rows of tracks that have just been confirmed.
        """
        ...


def build_tracker(
    *,
    method: Literal["sort", "default"] = "default",
    time_unit: Literal["seconds", "frames"] = "seconds",
    max_age: float = 2.0,
    min_hits: int = 3,
    iou: float = 0.3,
) -> Tracker:
    """A fresh tracker for one camera; the values are those of the `track` section of the configuration."""
    del method
    return Sort(time_unit=time_unit, max_age=max_age, min_hits=min_hits, iou=iou)
