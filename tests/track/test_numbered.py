"""Ids that go on from tracker to tracker."""

from __future__ import annotations

import numpy as np

from reidtrack.track.numbered import NumberedTracker
from reidtrack.track.tracker import build_tracker
from reidtrack.types import Detections


def walk(tracker: NumberedTracker, first: int, frames: int, x: float = 0.0) -> set[int]:
    seen: set[int] = set()
    for frame in range(first, first + frames):
        left = x + 2.0 * (frame - first)
        found = Detections(np.array([[left, 0, left + 40, 100]], np.float32), np.array([0.9], np.float32))
        seen |= set(tracker.update(found, frame, frame / 10).track_id.tolist())
    return seen


def test_ids_go_on_behind_those_of_before() -> None:
    first = NumberedTracker(build_tracker())
    assert walk(first, 0, 20) == {1}
    second = NumberedTracker(build_tracker(), first.last_id)
    assert walk(second, 20, 20) == {2}
    assert second.last_id == 2


def test_who_ended_is_told_by_the_number_he_had() -> None:
    tracker = NumberedTracker(build_tracker(max_age=1.0), 41)
    assert walk(tracker, 0, 20) == {42}
    nothing = Detections.empty()
    ended: list[int] = []
    for frame in range(20, 60):
        tracker.update(nothing, frame, frame / 10)
        ended += tracker.ended.tolist()
    assert ended == [42]
