"""What all methods promise, and making them from plain values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from track.crowd import FPS, walkers

from reidtrack.track.cascade import Cascade
from reidtrack.track.sort import Sort
from reidtrack.track.tracker import build_tracker
from reidtrack.types import Detections


def test_methods() -> None:
    assert isinstance(build_tracker(), Cascade)
    assert isinstance(build_tracker(method="sort", time_unit="frames", max_age=1), Sort)


def test_trackers_share_nothing() -> None:
    assert build_tracker() is not build_tracker()


def test_unknown_values_are_refused() -> None:
    with pytest.raises(TypeError, match="max_agee"):
        build_tracker(max_agee=1)  # type: ignore[call-arg]


METHODS = [
    pytest.param({"method": "cascade", "max_age": 0.5}, id="cascade"),
    pytest.param({"method": "sort", "time_unit": "seconds", "max_age": 0.5}, id="sort"),
]


def person(seen: bool, score: float = 0.9) -> Detections:
    return Detections(np.array([[100, 100, 140, 200]], np.float32), np.full(1, score, np.float32))[: int(seen)]


@pytest.mark.parametrize("values", METHODS)
@pytest.mark.parametrize(
    ("seen", "ended"),
    [
        pytest.param([1] * 10, {}, id="in sight to the end"),
        pytest.param([1] * 10 + [0] * 3 + [1] * 10, {}, id="hidden for max_age"),
        pytest.param([1] * 10 + [0] * 10, {15: [1]}, id="hidden for longer"),
        pytest.param([1] * 10 + [0] * 10 + [1] * 10 + [0] * 10, {15: [1], 35: [2]}, id="one after the other"),
        pytest.param([0] * 10 + [1] + [0] * 10, {}, id="never reported"),
        pytest.param([], {}, id="no frames"),
    ],
)
def test_ended_tracks_are_told_once(values: dict[str, Any], seen: list[int], ended: dict[int, list[int]]) -> None:
    """At 8 frames a second, half a second is over with the fifth frame in which somebody is gone."""
    tracker, told = build_tracker(**values), {}
    for index, here in enumerate(seen):
        tracker.update(person(bool(here)), index, index / 8)
        if len(tracker.ended):
            told[index] = tracker.ended.tolist()
    assert list(told.values()) == list(ended.values())
    assert list(told) == [index - (values["method"] == "sort") for index in ended]


@pytest.mark.parametrize("values", METHODS)
def test_ended_tracks_were_reported_and_add_no_row(values: dict[str, Any]) -> None:
    """In a crowd, with a stall that ends everybody."""
    tracker = build_tracker(**values)
    reported: set[int] = set()
    ended: set[int] = set()
    for index, found in enumerate(walkers(40, 120, seed=5)):
        rows = set(tracker.update(found, index, index / FPS + (index >= 100) * 10).track_id.tolist())
        now = set(tracker.ended.tolist())
        assert now <= reported
        assert not now & ended
        ended |= now
        assert not rows & ended
        reported |= rows
        assert index not in (100, 101) or len(reported - ended) <= len(rows)
    assert len(ended) > 40
