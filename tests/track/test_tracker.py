"""What all methods promise, and making them from plain values."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from track.crowd import FPS, walkers

from reidtrack.options import OptionError
from reidtrack.track.cascade import Cascade
from reidtrack.track.sort import Sort
from reidtrack.track.tracker import SHARED_OPTIONS, TRACKERS, build_tracker, options_of
from reidtrack.types import Detections


def test_methods() -> None:
    assert isinstance(build_tracker(), Cascade)
    assert isinstance(build_tracker("sort", time_unit="frames", max_age=1), Sort)


def test_trackers_share_nothing() -> None:
    assert build_tracker() is not build_tracker()


def test_unknown_values_are_refused() -> None:
    with pytest.raises(TypeError, match="max_agee"):
        build_tracker(max_agee=1)


@pytest.mark.parametrize("method", TRACKERS)
def test_every_tracker_takes_the_shared_options_but_for_the_unit_of_time(method: str) -> None:
    assert set(SHARED_OPTIONS) - options_of(method) <= {"time_unit"}
    assert build_tracker(method).pending_since_s is None  # each option has a default


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(
            {"low": 0.3, "high": 0.2}, r"high: got 0\.2 \(expected 0\.3 or more: low <= high <= start", id="high"
        ),
        pytest.param({"high": 0.5, "start": 0.4}, r"start: got 0\.4 \(expected 0\.5 or more", id="start"),
    ],
)
def test_options_that_contradict_each_other(options: dict[str, float], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        build_tracker("cascade", **options)


_NEW_METHOD = """
from reidtrack.options import NonNegative
from reidtrack.track import tracker
from reidtrack.types import Tracks

class Still:
    '''People who stand still.

    Args:
        max_age: Seconds after which somebody is given up.
        min_hits: Detections that confirm a track.
        iou: Least overlap of two detections of one person.
        radius: Pixels within which somebody
            stands still.
    '''

    pending_since_s, ended = None, ()

    def __init__(self, *, max_age: NonNegative = 1.0, min_hits: int = 1, iou: float = 0.5, radius: NonNegative = 4.0):
        self.radius = radius

    def update(self, detections, frame, time_s):
        return Tracks.empty()

tracker.TRACKERS["still"] = Still

from reidtrack.config.load import document, load
from reidtrack.config.run import RunConfig
from reidtrack.errors import ConfigError

config = load(RunConfig, overrides=["track.method=still", "track.still.radius=3"])
assert tracker.build_tracker(**config.track.tracker_options()).radius == 3
assert "still: people who stand still" in document(config.track)
assert "radius: 3.0  # pixels within which somebody stands still" in document(config.track)
for wrong, said in (("still.radius=-1", "track.still.radius: got -1"), ("time_unit=frames", "track.time_unit: got"),
                    ("still.radios=1", "did you mean 'track.still.radius'")):
    try:
        load(RunConfig, overrides=["track.method=still", "track." + wrong])
    except ConfigError as error:
        assert said in str(error), error
    else:
        raise AssertionError(wrong)
"""


def test_a_new_method_is_a_class_and_a_line() -> None:
    """Its settings follow from its signature: section, names, defaults, ranges and what they mean."""
    done = subprocess.run([sys.executable, "-c", _NEW_METHOD], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


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
        pytest.param([1] * 10 + [0] * 10, {14: [1]}, id="hidden for longer"),
        pytest.param([1] * 10 + [0] * 10 + [1] * 10 + [0] * 10, {14: [1], 34: [2]}, id="one after the other"),
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
    assert told == ended


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
