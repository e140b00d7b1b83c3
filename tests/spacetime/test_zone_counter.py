"""Counting people in zones and over lines: nobody twice, no flicker, and right again after merges and splits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reidtrack.errors import ConfigError
from reidtrack.events import Event, IdentityGiven, Merged, Split
from reidtrack.spacetime.site_yaml import read_site
from reidtrack.spacetime.zone_counter import REPLAYED, ZoneCounter
from reidtrack.spacetime.zones import Line, Outline, Zone
from reidtrack.types import DoubleArray, FloatArray

ORIGIN = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
SIZE = (640.0, 480.0)
HEIGHT, WIDTH = 100.0, 40.0
"""Of everybody's box; the margin is 5 pixels."""
RIGHT_HALF = [[320, 50], [600, 50], [600, 400], [320, 400]]


def outline(points: Sequence[Sequence[float]], camera: str | None = "hall", measure: str = "pixels") -> Outline:
    return Outline(camera, np.array(points, np.float64), measure)  # type: ignore[arg-type]


ZONE = Zone("shelf", (outline(RIGHT_HALF),))
DOOR = Line("door", (outline([[320, 400], [320, 100]]),))
"""Upwards in the picture: its left is the picture's left."""


def box(x: float, y: float) -> list[float]:
    return [x - WIDTH / 2, y - HEIGHT, x + WIDTH / 2, y]


class Site:
    """A counter with what it told."""

    def __init__(self, zones: Sequence[Zone] = (ZONE,), lines: Sequence[Line] = (), **options: Any) -> None:
        self.counter = ZoneCounter(zones, lines, options.pop("origin", ORIGIN), **options)
        self.events: list[Event] = []

    def frame(self, time_s: float, *people: tuple[int, float, float], camera: str = "hall") -> None:
        tracks = np.array([track for track, _, _ in people], np.int64)
        boxes = np.array([box(x, y) for _, x, y in people], np.float32).reshape(-1, 4)
        self.events += self.counter.update(camera, time_s, SIZE, tracks, boxes)

    def walk(self, track: int, path: Iterable[tuple[float, float, float]], camera: str = "hall") -> None:
        for time_s, x, y in path:
            self.frame(time_s, (track, x, y), camera=camera)

    def give(self, track: int, identity: int, camera: str = "hall", time_s: float = 0.0) -> None:
        event = IdentityGiven(time_s=time_s, camera=camera, track_id=track, identity=identity, provisional=True)
        self.events += self.counter.correct(event)

    def told(self, *kinds: str) -> list[dict[str, Any]]:
        return [e.to_json(ORIGIN) for e in self.events if not kinds or e.event in kinds]

    def hours(self) -> dict[tuple[str, str], tuple[tuple[int, ...], int, int]]:
        """Place and hour to what was told last."""
        return {
            (e["place"], e["hour"][11:13]): (tuple(e["identities"]), e["entered"], e["left"]) for e in self.told("hour")
        }


def line_from(x: float, to: float, start_s: float, seconds: float, y: float = 200) -> list[tuple[float, float, float]]:
    steps = int(seconds * 10)
    return [(start_s + k / 10, x + (to - x) * k / steps, y) for k in range(steps + 1)]


def test_nobody_and_no_zone() -> None:
    site = Site(zones=(), lines=())
    site.frame(0.0)
    site.frame(0.1, (1, 400, 200))
    assert site.counter.tick(1.0) == []
    assert site.counter.close(2.0) == []


def test_somebody_comes_stays_and_goes() -> None:
    site = Site()
    site.give(1, 7)
    site.walk(1, line_from(200, 450, 0.0, 2.0))
    site.walk(1, [(t / 10, 450, 200) for t in range(21, 100)])
    site.walk(1, line_from(450, 200, 10.0, 2.0))
    assert [e["event"] for e in site.told()] == ["zone_entered"]
    site.events += site.counter.tick(16.0)
    entered, left = site.told()
    assert entered["zone"] == "shelf"
    assert entered["identity"] == 7
    assert entered["camera"] == "hall"
    assert entered["time_s"] == pytest.approx(0.96, abs=0.11)  # 320 of 200 to 450
    assert left["event"] == "zone_left"
    assert left["time_s"] == pytest.approx(11.04, abs=0.15)
    assert left["dwell_s"] == pytest.approx(left["time_s"] - entered["time_s"], abs=1e-3)


@pytest.mark.parametrize(
    ("trembling", "entries"),
    [
        pytest.param(0.5, 1, id="hardly"),
        pytest.param(2.0, 1, id="as boxes do"),
        pytest.param(4.9, 1, id="less than the margin"),
    ],
)
def test_standing_on_the_border_is_not_coming_and_going(trembling: float, entries: int) -> None:
    rng = np.random.default_rng(5)
    site = Site()
    site.give(1, 7)
    for step in range(500):
        site.frame(step / 10, (1, 320 + float(rng.uniform(-trembling, trembling)) + 0.1, 200))
        site.events += site.counter.tick(step / 10)
    assert len(site.told("zone_entered")) <= entries
    assert site.told("zone_left") == []


@pytest.mark.parametrize(
    ("gap_s", "entries"), [pytest.param(4.9, 1, id="shorter"), pytest.param(5.1, 2, id="longer than the gap")]
)
@pytest.mark.parametrize("how", ["unseen", "outside", "another track"])
def test_a_short_absence_is_not_a_new_entry(gap_s: float, entries: int, how: str) -> None:
    site = Site()
    site.give(1, 7)
    site.give(2, 7)
    for step in range(21):
        site.frame(step / 10, (1, 450, 200))
    back_s = 2.0 + gap_s
    for step in range(21, int(10 * back_s)):
        if how == "outside":
            site.frame(step / 10, (1, 200, 200))
        site.events += site.counter.tick(step / 10)
    site.events += site.counter.tick(back_s)
    for step in range(20):
        site.frame(back_s + step / 10, (2 if how == "another track" else 1, 450, 200))
    site.events += site.counter.close(back_s + 2)
    assert len(site.told("zone_entered")) == len(site.told("zone_left")) == entries
    assert site.hours()["shelf", "09"] == ((7,), entries, entries)


def test_one_zone_seen_by_two_cameras_is_one_count() -> None:
    both = Zone("shelf", (outline(RIGHT_HALF), outline(RIGHT_HALF, "yard")))
    site = Site((both,))
    site.give(1, 7, "hall")
    site.give(1, 7, "yard")
    site.give(2, 8, "yard")
    for step in range(50):
        time_s = step / 10
        site.frame(time_s, (1, 450, 200), camera="hall")
        if step > 20:
            site.frame(time_s + 0.03, (1, 400, 300), (2, 500, 300), camera="yard")
    site.walk(1, line_from(450, 200, 5.0, 1.0), "hall")  # out by one camera, still in by the other
    site.walk(1, [(6.1 + k / 10, 400, 300) for k in range(70)], "yard")
    assert len(site.told("zone_left")) == 0
    site.events += site.counter.close(14.0)
    assert [(e["identity"], e["camera"]) for e in site.told("zone_entered")] == [(7, "hall"), (8, "yard")]
    left = {e["identity"]: e for e in site.told("zone_left")}
    assert left[7]["camera"] == "yard"
    assert left[7]["dwell_s"] == pytest.approx(13.0, abs=0.1)
    assert site.hours() == {("shelf", "09"): ((7, 8), 2, 2)}


def test_who_has_no_identity_yet_counts_from_when_they_came() -> None:
    site = Site()
    site.walk(1, [(k / 10, 450, 200) for k in range(30)])
    assert site.told() == []
    site.give(1, 7, time_s=3.0)
    assert [(e["event"], e["time_s"]) for e in site.told()] == [("zone_entered", 0.0)]
    site.walk(2, [(3 + k / 10, 400, 300) for k in range(10)])
    site.events += site.counter.close(10.0)  # track 2 never got one
    assert site.hours() == {("shelf", "09"): ((7,), 1, 1)}


def test_who_was_through_before_they_had_an_identity() -> None:
    site = Site()
    site.walk(1, line_from(200, 450, 0.0, 1.0) + line_from(450, 200, 1.1, 1.0))
    site.events += site.counter.tick(20.0)
    site.give(1, 7, time_s=20.0)
    site.events += site.counter.tick(21.0)
    entered, left = site.told()
    assert (entered["event"], left["event"]) == ("zone_entered", "zone_left")
    assert 0.4 < entered["time_s"] < 0.7 < 1.5 < left["time_s"] < 1.8


def test_a_merge_makes_one_of_two() -> None:
    site = Site()
    site.give(1, 3)
    site.give(2, 7)
    site.walk(1, [(k / 10, 450, 200) for k in range(20)])
    site.walk(2, [(2 + k / 10, 450, 200) for k in range(20)])
    site.events += site.counter.correct(Merged(time_s=4.0, from_=7, into=3))
    site.events += site.counter.tick(12.0)
    assert [(e["event"], e["identity"]) for e in site.told()] == [
        ("zone_entered", 3),
        ("zone_entered", 7),
        ("zone_left", 3),
    ]
    assert site.told()[-1]["dwell_s"] == pytest.approx(3.9)
    site.events += site.counter.close(13.0)
    assert site.hours() == {("shelf", "09"): ((3,), 1, 1)}


def test_a_split_makes_two_of_one() -> None:
    site = Site()
    site.give(1, 3)
    site.give(2, 3)
    site.walk(1, [(k / 10, 450, 200) for k in range(20)])
    site.walk(2, [(2 + k / 10, 450, 200) for k in range(20)])
    assert len(site.told("zone_entered")) == 1
    split = Split(time_s=4.0, from_=3, into=9, tracklets=(("hall", 2),))
    site.events += site.counter.correct(split)
    assert [(e["identity"], e["time_s"]) for e in site.told("zone_entered")] == [(3, 0.0), (9, 2.0)]
    site.events += site.counter.close(13.0)
    assert {e["identity"]: e["dwell_s"] for e in site.told("zone_left")} == {
        3: pytest.approx(1.9),
        9: pytest.approx(1.9),
    }
    assert site.hours() == {("shelf", "09"): ((3, 9), 2, 2)}


def test_an_identity_that_was_wrong_goes_with_a_stay_of_no_length() -> None:
    site = Site()
    site.give(1, 9)
    site.walk(1, [(k / 10, 450, 200) for k in range(20)])
    site.give(1, 3, time_s=2.0)
    assert [(e["event"], e["identity"]) for e in site.told()] == [
        ("zone_entered", 9),
        ("zone_entered", 3),
        ("zone_left", 9),
    ]
    assert site.told()[-1]["dwell_s"] == 0
    site.events += site.counter.close(3.0)
    assert site.hours() == {("shelf", "09"): ((3,), 1, 1)}


def test_hours_are_told_when_over_and_once_more_when_they_were_others() -> None:
    site = Site()
    half = 1800.0  # 10 o'clock
    site.events += site.counter.tick(0.0)
    site.give(2, 7)
    site.walk(2, [(100 + k / 10, 450, 200) for k in range(20)])
    site.events += site.counter.tick(half - 6)
    site.give(1, 3, time_s=half - 5)
    site.walk(1, [(half - 5 + k / 10, 450, 200) for k in range(100)])  # over the full hour
    site.events += site.counter.tick(half + 5)
    assert site.told("hour") == []
    for time_s in np.arange(half + 6, half + 30):
        site.events += site.counter.tick(float(time_s))
    assert site.hours() == {("shelf", "09"): ((3, 7), 2, 1)}
    assert len(site.told("hour")) == 1
    site.events += site.counter.correct(Merged(time_s=half + 31, from_=7, into=3))
    for time_s in np.arange(half + 32, half + 60):
        site.events += site.counter.tick(float(time_s))
    assert len(site.told("hour")) == 2
    assert site.hours() == {("shelf", "09"): ((3,), 2, 1)}
    site.events += site.counter.tick(half + 3600 + 11)
    assert site.hours()["shelf", "10"] == ((3,), 0, 1)


def test_a_day_is_kept_and_no_more() -> None:
    site = Site(lines=(DOOR,))
    for hour in range(30):
        for person in range(3):
            track, start = 10 * hour + person, 3600.0 * hour + 100 * person
            site.give(track, track)
            site.walk(track, line_from(200, 450, start, 1.0))
            site.events += site.counter.tick(start + 50)
    site.events += site.counter.tick(30 * 3600.0)
    zone, line = site.counter._zones[0], site.counter._lines[0]
    assert len(zone.visits.of_track) <= 3 * 26
    assert len(line.crossings.of_track) <= 3 * 26
    assert len(site.counter._identity) <= 3 * 26
    assert not zone.states
    assert not line.states
    assert len(line._seen) <= 1
    assert len({(e["place"], e["hour"]) for e in site.told("hour")}) >= 2 * 29
    assert all(e["people"] == 3 for e in site.told("hour")[:-2])


# Lines


def crossings(site: Site) -> list[tuple[int, str, float]]:
    return [(e["identity"], e["direction"], e["time_s"]) for e in site.told("line_crossed")]


@pytest.mark.parametrize(
    ("x", "to", "directions"),
    [
        pytest.param(500, 100, ["in"], id="to the left"),
        pytest.param(100, 500, ["out"], id="to the right"),
        pytest.param(100, 300, [], id="not as far as the line"),
        pytest.param(100, 324, [], id="not surely over it"),
        pytest.param(100, 326, ["out"], id="just surely over it"),
    ],
)
def test_directions_of_crossing(x: float, to: float, directions: list[str]) -> None:
    site = Site((), (DOOR,))
    site.give(1, 7)
    site.walk(1, line_from(x, to, 0.0, 2.0))
    assert [way for _, way, _ in crossings(site)] == directions


def test_around_the_end_of_a_line_is_not_over_it() -> None:
    site = Site((), (DOOR,))
    site.give(1, 7)
    site.walk(1, line_from(100, 500, 0.0, 2.0, y=420))  # below its lower end
    site.walk(1, [(2 + k / 10, 500, 420 - 20 * k) for k in range(10)])
    assert crossings(site) == []
    site.walk(1, line_from(500, 100, 4.0, 2.0, y=240))
    assert [way for _, way, _ in crossings(site)] == ["in"]


def test_trembling_on_a_line_is_one_crossing() -> None:
    rng = np.random.default_rng(3)
    site = Site((), (DOOR,))
    site.give(1, 7)
    site.walk(1, line_from(100, 320, 0.0, 2.0))
    site.walk(1, [(2 + k / 10, 320 + float(rng.uniform(-4.9, 4.9)), 200) for k in range(300)])
    site.walk(1, line_from(320, 500, 33.0, 2.0))
    assert [way for _, way, _ in crossings(site)] == ["out"]


def test_two_cameras_at_one_door_count_once() -> None:
    both = Line("door", (*DOOR.outlines, outline([[300, 400], [300, 100]], "yard")))
    site = Site((), (both,))
    site.give(1, 7, "hall")
    site.give(5, 7, "yard")
    site.walk(1, line_from(500, 100, 0.0, 2.0), "hall")
    site.walk(5, line_from(500, 100, 0.5, 2.0), "yard")
    site.walk(1, line_from(100, 500, 2.6, 2.0), "hall")  # and back at once
    site.walk(5, line_from(100, 500, 2.6, 2.0), "yard")
    site.walk(1, line_from(500, 100, 20.0, 2.0), "hall")
    assert [(who, way) for who, way, _ in crossings(site)] == [(7, "in"), (7, "out"), (7, "in")]
    site.events += site.counter.close(30.0)
    assert site.hours() == {("door", "09"): ((7,), 2, 1)}


def test_crossings_of_two_who_turn_out_to_be_one() -> None:
    both = Line("door", (*DOOR.outlines, outline([[300, 400], [300, 100]], "yard")))
    site = Site((), (both,))
    site.give(1, 3, "hall")
    site.give(5, 7, "yard")
    site.walk(1, line_from(500, 100, 0.0, 2.0), "hall")
    site.walk(5, line_from(500, 100, 0.5, 2.0), "yard")
    site.events += site.counter.tick(4000.0)
    assert site.hours()["door", "09"] == ((3, 7), 2, 0)
    site.counter.correct(Merged(time_s=4001.0, from_=7, into=3))
    site.events += site.counter.tick(4020.0)
    assert site.hours()["door", "09"] == ((3,), 1, 0)


# Plan


def plan(camera: str, xyxy: FloatArray) -> DoubleArray:
    """A plan in metres: a hundred pixels each, y up; the yard lies beside the hall."""
    foot = np.stack([(xyxy[:, 0] + xyxy[:, 2]) / 200, (480 - xyxy[:, 3]) / 100], axis=1).astype(np.float64)
    foot[:, 0] += 4.0 if camera == "yard" else 0.0
    return foot if camera in ("hall", "yard") else np.full_like(foot, math.nan)


def test_a_zone_on_the_plan_is_seen_by_all_cameras() -> None:
    zone = Zone("middle", (outline([[3, 1], [6, 1], [6, 4], [3, 4]], None, "plan"),))
    site = Site((zone,), (), locate=plan)
    site.give(1, 7, "hall")
    site.give(1, 7, "yard")
    site.give(1, 8, "gate")  # not on the plan
    site.walk(1, line_from(200, 450, 0.0, 2.0), "hall")
    site.walk(1, line_from(50, 400, 2.0, 2.0), "yard")
    site.walk(1, line_from(50, 400, 2.0, 2.0), "gate")
    site.events += site.counter.close(20.0)
    assert [(e["identity"], e["camera"]) for e in site.told("zone_entered")] == [(7, "hall")]
    assert site.told("zone_left")[0]["time_s"] == pytest.approx(2.9, abs=0.15)  # 6 m: pixel 200 of the yard


def test_left_and_right_on_the_plan() -> None:
    line = Line("door", (outline([[3, 0], [3, 4]], None, "plan"),))  # upwards: its left is the lesser x
    site = Site((), (line,), locate=plan)
    site.give(1, 7)
    site.walk(1, line_from(400, 200, 0.0, 2.0))
    assert [way for _, way, _ in crossings(site)] == ["in"]


def test_feet_below_the_picture() -> None:
    """A zone that reaches the lower border holds who is cut off there; on the plan nobody knows where they are."""
    lower = Zone("front", (outline([[0.2, 0.7], [0.8, 0.7], [0.8, 1.0], [0.2, 1.0]], measure="shares"),))
    upper = Zone("back", (outline([[0.2, 0.2], [0.8, 0.2], [0.8, 0.9], [0.2, 0.9]], measure="shares"),))
    ground = Zone("ground", (outline([[0, -1], [9, -1], [9, 9], [0, 9]], None, "plan"),))
    site = Site((lower, upper, ground), (), locate=plan)
    site.give(1, 7)
    for step in range(5):
        site.frame(step / 10, (1, 320, 480))
    assert [e["zone"] for e in site.told("zone_entered")] == ["front"]


# Restart


@pytest.mark.parametrize("clean", [True, False], ids=["ended well", "killed"])
def test_a_restart_goes_on_counting(clean: bool) -> None:
    first = Site(lines=(DOOR,))
    first.events += first.counter.tick(0.0)
    for track in (1, 2, 3):
        first.give(track, track)
        first.walk(track, line_from(200, 450, 20.0 * track, 1.0))
        first.walk(track, line_from(450, 200 if track < 3 else 450, 20.0 * track + 1.1, 1.0))
        first.events += first.counter.tick(20.0 * track + 3.0)
    first.events += first.counter.correct(Merged(time_s=63.0, from_=2, into=1))
    merge = Merged(time_s=63.0, from_=2, into=1)
    told = [*first.events, merge]
    if clean:
        told += first.counter.close(64.0)
    log = [event.to_json(ORIGIN) for event in told if event.event in REPLAYED]
    again = Site(lines=(DOOR,))
    again.counter.replay(log)
    again.give(1, 1)
    again.walk(1, line_from(200, 450, 100.0, 1.0))
    again.events += again.counter.tick(120.0)
    again.give(2, 4)
    again.walk(2, line_from(200, 450, 130.0, 1.0))
    again.events += again.counter.tick(1900.0)
    entered = 5
    assert again.hours()["shelf", "09"] == ((1, 3, 4), entered, entered)
    assert again.hours()["door", "09"] == ((1, 3, 4), 2, 5)
    kinds = [(e["event"], e["identity"]) for e in again.told("zone_entered", "zone_left")]
    assert (("zone_left", 3) in kinds) == (not clean)  # who was inside when it was killed has left


def test_an_hour_that_the_log_tells_in_part_is_not_corrected() -> None:
    first = Site()
    first.events += first.counter.tick(0.0)
    for track in (1, 2):
        first.give(track, track)
        first.walk(track, line_from(200, 450, 900.0 * track, 1.0) + line_from(450, 200, 900.0 * track + 1.1, 1.0))
        first.events += first.counter.tick(900.0 * track + 10)
    first.events += first.counter.tick(2000.0)
    log = [event.to_json(ORIGIN) for event in first.events if event.event in REPLAYED]
    again = Site()
    again.counter.replay(log[2:])  # without the visit of the first of the two
    again.events += again.counter.correct(Merged(time_s=2100.0, from_=2, into=1))
    again.events += again.counter.tick(2200.0)
    assert ("shelf", "09") not in again.hours()


# site.yaml


@pytest.mark.parametrize(
    ("entry", "measure", "camera"),
    [
        pytest.param("camera: hall, points: [[0, 0], [9, 0], [9, 9]]", "pixels", "hall", id="pixels"),
        pytest.param("camera: hall, points: [[0, 0], [1, 0], [1, 1.0]]", "shares", "hall", id="shares"),
        pytest.param("on: plan, points: [[-5, 0], [1, 0], [1, 1]]", "plan", None, id="plan, where YAML reads true"),
        pytest.param('"on": plan, points: [[-5, 0], [1, 0], [1, 1]]', "plan", None, id="plan in quotes"),
    ],
)
def test_zones_of_a_site_file(tmp_path: Path, entry: str, measure: str, camera: str | None) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        f"zones:\n- {{name: shelf, {entry}}}\n- {{name: shelf, gap_s: 9, camera: yard, points: [[0, 0], "
        "[1, 0], [1, 1]]}\n- {name: 7, camera: yard, points: [[0, 0], [1, 0], [1, 1]]}\n"
        "lines:\n- {name: door, camera: yard, points: [[0, 0], [300, 1]]}\n"
    )
    site = read_site(path, ["hall", "yard"])
    assert [zone.name for zone in site.zones] == ["shelf", "7"]
    shelf = site.zones[0]
    assert (shelf.outlines[0].measure, shelf.outlines[0].camera, shelf.gap_s) == (measure, camera, 9)
    assert [one.camera for one in shelf.outlines] == [camera, "yard"]
    assert [line.name for line in site.lines] == ["door"]


SQUARE = "points: [[0, 0], [9, 0], [9, 9], [0, 9]]"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("zones: 3", r"zones: got 3 \(expected a list"),
        ("zones: [3]", r"zones: got \[3\]"),
        ("zones: [{camera: hall, " + SQUARE + "}]", "zones, number 1: name: got None"),
        ("zones: [{name: no, camera: hall, " + SQUARE + "}]", r"name: got False \(expected a name, in quotes"),
        ('zones: [{name: " ", camera: hall, ' + SQUARE + "}]", "name: got ' '"),
        ('zones: [{name: "a\\nb", camera: hall, ' + SQUARE + "}]", "name: got"),
        ("zones: [{name: " + "x" * 101 + ", camera: hall, " + SQUARE + "}]", "1 to 100 letters"),
        ("zones: [{name: a, " + SQUARE + "}]", "says not where it is"),
        ("zones: [{name: a, camera: hall, on: plan, " + SQUARE + "}]", "says not where it is"),
        ("zones: [{name: a, on: roof, " + SQUARE + "}]", "says not where it is"),
        ("zones: [{name: a, camera: gate, " + SQUARE + "}]", "no camera is called 'gate'"),
        ("zones: [{name: a, camera: hall, point: 1, " + SQUARE + "}]", "unknown key 'point'"),
        ("zones: [{name: a, camera: hall}]", "points: got None"),
        ("zones: [{name: a, camera: hall, points: [[0, 0], [1, 1]]}]", "three corners or more"),
        ("zones: [{name: a, camera: hall, points: [[0, 0], [1, 1], [.nan, 2]]}]", "points: got"),
        ("zones: [{name: a, camera: hall, points: [[0, 0], [1, 1], [x, 2]]}]", "points: got"),
        ("zones: [{name: a, camera: hall, points: [[0, 0], [5, 5], [-1, 2]]}]", "a number below 0"),
        ("zones: [{name: a, camera: hall, points: [[0, 0], [5, 5], [9, 9]]}]", "no area"),
        ("zones: [{name: a, camera: hall, points: [[0, 0], [9, 9], [9, 0], [0, 9]]}]", "edges cross"),
        ("zones: [{name: a, camera: hall, gap_s: 0, " + SQUARE + "}]", "gap_s: got 0"),
        ("zones: [{name: a, camera: hall, gap_s: .inf, " + SQUARE + "}]", "gap_s: got inf"),
        ("lines: [{name: a, camera: hall, points: [[0, 0], [1, 0], [1, 1]]}]", "two points that differ"),
        ("lines: [{name: a, camera: hall, points: [[1, 1], [1, 1]]}]", "two points that differ"),
        ("lines: [{name: a, camera: hall, gap_s: 3, points: [[1, 1], [2, 1]]}]", "unknown key 'gap_s'"),
        (
            "zones: [{name: a, camera: hall, " + SQUARE + "}]\n"
            "lines: [{name: a, camera: hall, points: [[1, 1], [2, 1]]}]",
            "a zone is called 'a' already",
        ),
        (
            "lines:" + 2 * "\n- {name: a, camera: hall, points: [[1, 1], [2, 1]]}",
            "stands there twice for one view",
        ),
    ],
)
def test_mistakes_in_zones_are_one_line(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=wrong):
        read_site(path, ["hall", "yard"])
