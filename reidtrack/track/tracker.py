"""What a tracker is, and how one is made from plain values."""

from __future__ import annotations

from typing import Literal, Protocol

from reidtrack.track.cascade import Cascade
from reidtrack.track.clock import TimeUnit
from reidtrack.track.sort import Sort
from reidtrack.types import Detections, IntArray, Tracks


class Tracker(Protocol):
    """Turns the detections of one camera, frame by frame, into boxes with ids."""

    @property
    def pending_since_s(self) -> float | None:
        """Earliest time at which a track that is not yet confirmed may still add rows; None if there is none."""
        ...

    @property
    def ended(self) -> IntArray:
        """Ids (K,) of the tracks that the last `update` gave up: reported before, they add no row any more."""
        ...

    def update(self, detections: Detections, frame: int, time_s: float) -> Tracks:
        """Take the detections of the next frame; frames may be missing, times may be uneven.

        `ended` then holds the tracks that this frame ended; those that are left when a recording ends are not told.

        Returns:
            Rows of this frame, and earlier rows of tracks that have just been confirmed.
        """
        ...


def build_tracker(
    *,
    method: Literal["cascade", "sort"] = "cascade",
    time_unit: TimeUnit = "seconds",
    max_age: float = 2.0,
    min_hits: int = 3,
    iou: float = 0.3,
    probation: float = 0.2,
    patience: float = 0.3,
    high: float = 0.5,
    low: float = 0.1,
    start: float = 0.6,
    low_iou: float = 0.5,
    reach: float = 3.0,
    agility: float = 0.05,
) -> Tracker:
    """A fresh tracker for one camera; those after `iou` are for `cascade` alone.

    The values are explained where they are used (`Sort`, `Cascade`) and in the `track` section of the configuration.
    """
    if method == "sort":
        return Sort(time_unit=time_unit, max_age=max_age, min_hits=min_hits, iou=iou)
    return Cascade(
        max_age=max_age,
        min_hits=min_hits,
        probation=probation,
        patience=patience,
        iou=iou,
        low_iou=low_iou,
        high=high,
        low=low,
        start=start,
        reach=reach,
        agility=agility,
    )
