"""`zones.json`: the same counting over settled identities."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reidtrack.runs.outputs import OutputContext, write_zones
from reidtrack.runs.zones_json import zones_to_json
from reidtrack.spacetime.zones import Line, Outline, Zone
from reidtrack.types import Identity, Tracklet

ORIGIN = datetime(2026, 11, 30, 9, 59, 50, tzinfo=UTC)
SIZES = {"hall": (640.0, 480.0), "yard": (640.0, 480.0)}
HALF = np.array([[320, 50], [600, 50], [600, 400], [320, 400]], np.float64)
ZONE = Zone("shelf", (Outline("hall", HALF, "pixels"), Outline("yard", HALF, "pixels")))
DOOR = Line("door", (Outline("hall", np.array([[320.0, 400], [320, 100]]), "pixels"),))


def walk(camera: str, track_id: int, x: float, to: float, start_s: float, seconds: float) -> Tracklet:
    n = int(10 * seconds) + 1
    at = np.linspace(x, to, n)
    box = np.stack([at - 20, np.full(n, 100.0), at + 20, np.full(n, 200.0)], axis=1).astype(np.float32)
    return Tracklet(
        camera=camera,
        track_id=track_id,
        frame=np.arange(n) + int(start_s * 10),
        time_s=start_s + np.arange(n) / 10,
        xyxy=box,
        score=np.ones(n, np.float32),
        features=np.zeros((0, 2), np.float32),
        feature_frame=np.zeros(0, np.int64),
        feature_quality=np.zeros(0, np.float32),
    )


def identity(number: int, *tracklets: Tracklet) -> Identity:
    return Identity(number, tuple(sorted(tracklets, key=lambda t: t.time_s[0])), np.zeros(2, np.float32))


def count(*people: Identity, zones: tuple[Zone, ...] = (ZONE,), lines: tuple[Line, ...] = (DOOR,)) -> Any:
    return zones_to_json(zones, lines, people, SIZES, None, ORIGIN)


def test_nobody() -> None:
    found = count()
    assert found["zones"][0]["people"] == found["lines"][0]["people"] == 0
    assert found["zones"][0]["dwell_median_s"] is None
    assert found["zones"][0]["hours"] == []


def test_one_person_on_two_cameras_over_a_full_hour() -> None:
    person = identity(
        4,
        walk("hall", 1, 200, 450, 0.0, 2.0),
        walk("yard", 1, 500, 500, 1.5, 14.0),
        walk("hall", 2, 450, 200, 15.0, 2.0),
    )
    found = count(person, identity(5, walk("hall", 9, 100, 200, 3.0, 5.0)))
    zone, line = found["zones"][0], found["lines"][0]
    assert (zone["people"], zone["entered"], zone["most_at_once"]) == (1, 1, 1)
    assert [(s["identity"], s["camera"]) for s in zone["stays"]] == [(4, "hall")]
    assert zone["dwell_median_s"] == pytest.approx(15.0, abs=0.3)
    assert [(h["hour"], h["people"], h["entered"], h["left"]) for h in zone["hours"]] == [
        ("2026-11-30T09:00:00Z", 1, 1, 0),
        ("2026-11-30T10:00:00Z", 1, 0, 1),
    ]
    assert (line["people"], line["in"], line["out"]) == (1, 1, 1)
    assert [c["direction"] for c in line["crossings"]] == ["out", "in"]
    assert [h["people"] for h in line["hours"]] == [1, 1]


def test_most_at_once_counts_people_and_not_visits() -> None:
    people = [identity(n, walk("hall", n, 400, 500, 3.0 * n, 4.0)) for n in range(1, 5)]
    assert count(*people)["zones"][0]["most_at_once"] == 2


def test_the_file_goes_when_the_zones_do(tmp_path: Path) -> None:
    path = tmp_path / "zones.json"
    assert count(zones=(), lines=()) is None
    write_zones(path, [], OutputContext(["hall"], ["hall"], zones=count()))
    assert path.is_file()
    write_zones(path, [], OutputContext(["hall"], ["hall"]))
    assert not path.exists()
