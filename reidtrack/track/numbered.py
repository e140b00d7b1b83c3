"""Trackers one after another in one camera, whose ids go on: after a restart, or when its pictures change size."""

from __future__ import annotations

from dataclasses import replace

from reidtrack.track.tracker import Tracker, pending_until_s
from reidtrack.types import Detections, DoubleArray, IntArray, Tracks


class NumberedTracker:
    """A tracker whose ids begin behind those that were given before it.

    Args:
        tracker: Gives ids from 1.
        last_id: The largest id that was given before, 0 for none.

    Attributes:
        last_id: The largest id so far.
    """

    def __init__(self, tracker: Tracker, last_id: int = 0) -> None:
        self._tracker, self._offset = tracker, last_id
        self.last_id = last_id

    @property
    def pending_since_s(self) -> float | None:
        """As the tracker says."""
        return self._tracker.pending_since_s

    @property
    def pending_until_s(self) -> float:
        """As the tracker says."""
        return pending_until_s(self._tracker)

    @property
    def ended(self) -> IntArray:
        """Ids (K,) of the tracks that the last `update` gave up."""
        return self._tracker.ended + self._offset

    def update(
        self, detections: Detections, frame: int, time_s: float, camera_motion: DoubleArray | None = None
    ) -> Tracks:
        """Take the detections of the next frame, see `Tracker`."""
        tracks = self._tracker.update(detections, frame, time_s, camera_motion)
        numbered = replace(tracks, track_id=tracks.track_id + self._offset)
        if len(numbered):
            self.last_id = max(self.last_id, int(numbered.track_id.max()))
        return numbered
