"""What live had otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reidtrack.pipeline.live.compare import compared, live_numbers
from reidtrack.types import Identity, Tracklet

GIVEN: list[dict[str, Any]] = [
    {"event": "started"},
    {"event": "identity", "camera": "a", "track_id": 1, "identity": 1, "provisional": True},
    {"event": "identity", "camera": "b", "track_id": 1, "identity": 2, "provisional": True},
    {"event": "identity", "camera": "a", "track_id": 2, "identity": 3, "provisional": False},
]
CASES: dict[str, tuple[list[dict[str, Any]], dict[tuple[str, int], int]]] = {
    "as they were given": ([], {("a", 1): 1, ("b", 1): 2, ("a", 2): 3}),
    "a later word counts": (
        [{"event": "identity", "camera": "b", "track_id": 1, "identity": 1}],
        {("a", 1): 1, ("b", 1): 1, ("a", 2): 3},
    ),
    "a merge": ([{"event": "merge", "from": 2, "into": 1}], {("a", 1): 1, ("b", 1): 1, ("a", 2): 3}),
    "a merge and a split": (
        [{"event": "merge", "from": 2, "into": 1}, {"event": "split", "from": 1, "into": 4, "tracklets": [["b", 1]]}],
        {("a", 1): 1, ("b", 1): 4, ("a", 2): 3},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_the_events_said_last(name: str) -> None:
    more, expected = CASES[name]
    assert live_numbers([*GIVEN, *more]) == expected


def tracklet(camera: str, track_id: int) -> Tracklet:
    ints, nothing = np.zeros(1, np.int64), np.zeros(0, np.float32)
    box = np.array([[0, 0, 10, 20]], np.float32)
    none = np.zeros(0, np.int64)
    return Tracklet(
        camera, track_id, ints, np.zeros(1), box, np.ones(1, np.float32), np.zeros((0, 4), np.float32), none, nothing
    )


def person(number: int, *keys: tuple[str, int]) -> Identity:
    tracklets = tuple(tracklet(camera, track) for camera, track in keys)
    return Identity(number, tracklets, np.zeros(0, np.float32))


TOLD = {
    "the same": (
        [person(1, ("a", 1)), person(2, ("b", 1)), person(3, ("a", 2))],
        ["live counted 3 people where there are 3 over the whole time", "live had nobody otherwise"],
    ),
    "held apart": (
        [person(1, ("a", 1), ("b", 1)), person(2, ("a", 2))],
        ["live counted 3 people where there are 2 over the whole time", "person 1 was 1 and 2 live"],
    ),
    "nobody": ([], ["live counted 0 people where there are 0 over the whole time", "live had nobody otherwise"]),
}


@pytest.mark.parametrize("name", TOLD)
def test_lines(name: str) -> None:
    settled, lines = TOLD[name]
    assert compared(live_numbers(GIVEN), settled) == lines


def test_one_who_was_two() -> None:
    live = {("a", 1): 5, ("a", 2): 5}
    lines = compared(live, [person(1, ("a", 1)), person(2, ("a", 2))])
    assert lines[1:] == ["live's 5 is 1 and 2"]
