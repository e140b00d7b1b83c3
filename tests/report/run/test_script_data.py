"""What the page's script is told: visits, links, thresholds."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest

from reidtrack.report.run.context import PageContext
from reidtrack.report.run.link_text import brief_terms, named_terms
from reidtrack.report.run.page import ReportData, render_report
from reidtrack.report.run.report_data import GalleryMatch
from reidtrack.report.run.script_data import page_data
from reidtrack.report.run.sweep import (
    Sweep,
    breaks_at,
    joins_of,
    other_thresholds,
    ranges_of_thresholds,
    read_sweep,
    tried_range,
)

Make = Callable[..., ReportData]
Read = Callable[[str], Any]

PEOPLE = {
    1: [("A", 1, 2.0, 9.5), ("B", 4, 12.0, 15.0)],
    2: [("A", 2, 3.0, 8.0), ("B", 5, 20.0, 30.0), ("A", 7, 40.0, 44.0)],
    3: [("B", 6, 50.0, 59.0)],
}
CALIBRATION = {
    "threshold": 0.6,
    "sweep": [
        {"threshold": 0.4, "joined": [], "parted": [{"camera": "B", "track_id": 5}, {"camera": "A", "track_id": 7}]},
        {"threshold": 0.5, "joined": [], "parted": [{"camera": "B", "track_id": 5}]},
        {"threshold": 0.6, "joined": [[1, 3]], "parted": [{"camera": "B", "track_id": 4}]},
        {"threshold": 0.8, "joined": [[3, 1], [1, 2], [2, 3]], "parted": []},
        {"threshold": 0.7, "joined": [[1, 3]], "parted": []},
    ],
}


def test_the_sweep_says_where_the_result_changes() -> None:
    sweep = read_sweep(CALIBRATION)
    assert sweep.threshold == 0.6
    assert [at for at, _ in sweep.parted] == [0.5, 0.4], "lower ones, the nearest first"
    assert sweep.joins == {(1, 3): 0.7, (1, 2): 0.8, (2, 3): 0.8}, "the nearest higher one; nothing at the one used"
    assert joins_of(sweep) == {1: [(3, 0.7), (2, 0.8)], 2: [(1, 0.8), (3, 0.8)], 3: [(1, 0.7), (2, 0.8)]}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(("B", 5), ("A", 2), 0.5, id="it leaves"),
        pytest.param(("A", 2), ("B", 5), 0.5, id="the other leaves"),
        pytest.param(("A", 7), ("A", 2), 0.4, id="only farther away"),
        pytest.param(("A", 7), ("B", 5), 0.5, id="one leaves first, then both"),
        pytest.param(("A", 2), ("A", 1), None, id="they stay"),
        pytest.param(("B", 4), ("A", 1), None, id="what the threshold in use parts is parted already"),
    ],
)
def test_a_link_breaks_where_one_of_its_visits_leaves(
    one: tuple[str, int], other: tuple[str, int], expected: float | None
) -> None:
    assert breaks_at(read_sweep(CALIBRATION), one, other) == expected


@pytest.mark.parametrize(
    "calibration",
    [
        pytest.param(None, id="no file"),
        pytest.param({}, id="nothing in it"),
        pytest.param({"threshold": None, "sweep": CALIBRATION["sweep"]}, id="no threshold"),
    ],
)
def test_without_a_calibration_nothing_is_said(calibration: Any) -> None:
    assert read_sweep(calibration) == Sweep()
    assert read_sweep({"threshold": 0.5}) == Sweep(0.5)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        pytest.param("travel_s", 7.25, ("travel time", "7.2 s"), id="seconds"),
        pytest.param("travel_s", -2.0, ("travel time", "−2.0 s"), id="before it began"),
        pytest.param("travel_s", 95.0, ("travel time", "1 min 35 s"), id="minutes"),
        pytest.param("ground_m", 0.421, ("ground distance", "0.42 m"), id="metres"),
        pytest.param("ground_px", 12.4, ("ground distance", "12 px"), id="pixels, by the name of the metres"),
        pytest.param("travel_log_odds", 1.2, ("travel log odds", "1.20"), id="no unit"),
        pytest.param("speed_mps", 1.4, ("speed", "1.40 m/s"), id="metres a second"),
        pytest.param("log_odds", 1.5, ("place and time", "4.5 times likelier as one person"), id="for one person"),
        pytest.param("log_odds", -3.0, ("place and time", "20 times likelier as two people"), id="against it"),
        pytest.param("log_odds", 1e4, ("place and time", "over 1,000 times likelier as one person"), id="no more"),
        pytest.param("log_odds", 0.05, ("place and time", "says nothing"), id="neither"),
        pytest.param("s", 1.2, ("s", "1.20"), id="a unit alone is a name"),
    ],
)
def test_terms_have_names_and_units(key: str, value: float, expected: tuple[str, str]) -> None:
    assert named_terms({key: value}) == [expected]


def test_terms_in_brief() -> None:
    assert brief_terms({"ground_m": 0.42, "log_odds": 3.0, "travel_s": nan}) == [
        ("0.42 m", "ground distance: 0.42 m"),
        ("20× likelier", "place and time: 20 times likelier as one person"),
    ]
    briefs = [brief_terms({"log_odds": value})[0][0] for value in (-1.0, 0.0, 9.0)]
    assert briefs == ["2.7× unlikelier", "", "over 1,000× likelier"]


def test_terms_that_are_not_known_are_left_out() -> None:
    assert named_terms({"a": nan, "b": inf, "c": 0.0}) == [("c", "0.00")]


def test_visits_links_and_people(make_report: Make) -> None:
    data = make_report(
        PEOPLE,
        starts={"B": 4.0},
        links={1: [(0.21, inf, 0.9)], 2: [(0.44, 0.02, 0.6), (0.52, -0.07, 0.85)]},
        rivals={("B", 5): ("A", 1), ("A", 7): ("B", 99)},
        terms={("B", 5): {"travel_s": 12.0}},
        names={2: "Anna"},
        folder="runs/my run",
        calibration=CALIBRATION,
    )
    told = page_data(PageContext.of(data))
    assert told["folder"] == "'runs/my run'"
    assert told["threshold"] == 0.6
    assert told["cameras"][1] == {"name": "B", "word": "B", "video": "./B.mp4", "first": 4.0}
    assert told["people"]["2"] == {"label": "Anna", "name": "Anna", "visits": 3, "joins": [(1, 0.8), (3, 0.8)]}
    assert told["people"]["3"]["label"] == "Person 3"
    assert list(told["visits"]) == ["v1-1", "v1-2", "v2-1", "v2-2", "v2-3", "v3-1"]
    assert told["visits"]["v2-1"] == {"person": 2, "camera": 0, "track": 2, "from": 3.0, "to": 8.0}
    assert told["visits"]["v2-2"]["link"] == {
        "to": "v2-1",
        "toText": "A, track 2",
        "distance": 0.44,
        "margin": 0.02,
        "sure": "close",
        "rival": "v1-1",
        "rivalText": "A, track 1",
        "probability": 0.6,
        "terms": [["travel time", "12.0 s"]],
        "parts": 0.5,
    }
    link = told["visits"]["v2-3"]["link"]
    assert "rival" not in link and link["rivalText"] == "B, track 99", "a runner-up that is nobody's any more"
    assert told["visits"]["v1-2"]["link"]["margin"] is None
    assert told["doubts"] == ["v2-2", "v2-3", "v1-2"]
    assert told["near"] == [[1, 3, 0.7], [1, 2, 0.8], [2, 3, 0.8]]


def test_the_least_certain_link_is_that_of_the_smallest_margin_where_nothing_is_calibrated(make_report: Make) -> None:
    data = make_report(PEOPLE, links={1: [(0.21, 0.01, None)], 2: [(0.44, 0.02, None), (0.52, -0.07, None)]})
    assert page_data(PageContext.of(data))["doubts"] == ["v2-3", "v1-2", "v2-2"]


def test_ranges_of_thresholds_with_one_result() -> None:
    sweep = [
        {"threshold": 0.5, "identities": 4, "joined": [], "parted": [{"camera": "B", "track_id": 4}]},
        {"threshold": 0.4, "identities": 4, "joined": [], "parted": [{"camera": "B", "track_id": 4}]},
        {"threshold": 0.55, "identities": 3, "joined": [], "parted": []},
        {"threshold": 0.7, "identities": 2, "joined": [[1, 3]], "parted": []},
    ]
    assert ranges_of_thresholds({"threshold": 0.6, "sweep": sweep}, 3) == [
        (0.4, 0.5, False, (4, (), (("B", 4),))),
        (0.55, 0.6, True, (3, (), ())),
        (0.7, 0.7, False, (2, ((1, 3),), ())),
    ]
    assert tried_range({"sweep": sweep}) == (0.4, 0.7)
    assert tried_range(None) is tried_range({"sweep": []}) is None


def test_the_table_of_other_thresholds(make_report: Make, read_page: Read) -> None:
    many = [{"camera": "Z", "track_id": n} for n in range(9)]
    sweep = [
        {"threshold": 0.5, "identities": 12, "joined": [], "parted": many},
        {"threshold": 0.7, "identities": 2, "joined": [[1, 3]], "parted": [{"camera": "B", "track_id": 5}]},
    ]
    data = make_report(PEOPLE, names={2: "Anna"}, calibration={"threshold": 0.6, "sweep": sweep})
    rows = read_page(other_thresholds(PageContext.of(data))).all("tr")[1:]
    assert [row.all("th")[0].text for row in rows] == ["0.50", "0.60", "0.70"]
    assert rows[0].all_text.endswith("Z track 5 would leave its person; and 3 more changes")
    assert rows[1].attributes["class"] == "here" and rows[1].all_text.endswith("nothing")
    assert rows[2].all_text == "0.70 2 Person 1 and Person 3 would be one; B track 5 would leave Anna"


def test_the_data_cannot_end_its_own_block(make_report: Make, read_page: Read) -> None:
    evil = "</script><script>alert(1)</script><!--"
    data = make_report({1: [(evil, 1, 1.0, 2.0)]}, (evil,), names={1: evil}, folder=evil)
    page = render_report(data)
    assert "<script>alert" not in page
    block = json.loads(read_page(page).by_id("run-data").text)
    assert block["cameras"][0]["name"] == block["people"]["1"]["name"] == evil
    assert read_page(page).all(class_="who")[0].text == evil
    assert read_page(page).by_id("p1").all("h3")[0].text == evil


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param({"key": "p7", "new": True}, "new in the gallery as p7", id="new"),
        pytest.param(
            {"key": "p7", "name": "Anna", "distance": 0.314, "probability": 0.931, "new": False},
            "known from the gallery as Anna at distance 0.31, 93% sure",
            id="known",
        ),
        pytest.param(
            {"key": "p7", "name": None, "distance": None}, "known from the gallery as p7", id="without a name"
        ),
    ],
)
def test_the_gallery_says_who_it_is(make_report: Make, read_page: Read, entry: dict[str, Any], expected: str) -> None:
    data = make_report(PEOPLE, gallery={2: GalleryMatch.from_json(entry)})
    assert page_data(PageContext.of(data))["people"]["2"]["gallery"] == expected
    page = read_page(render_report(data))
    assert page.by_id("p2").all("p")[0].text.endswith(expected)
    assert "gallery" not in page.by_id("p1").all("p")[0].text


def test_names_stand_in_for_numbers(make_report: Make, read_page: Read) -> None:
    page = read_page(render_report(make_report(PEOPLE, names={2: "Anna"})))
    assert [who.text for who in page.all("a", "who")] == ["1", "Anna", "3"]
    assert page.all("a", "who")[1].all("small")[0].text == "2"
    assert page.by_id("p2").all("h3")[0].text == "Anna"
    assert "person 2" in page.by_id("p2").all("p")[0].text
    assert page.by_id("p3").all("h3")[0].text == "Person 3"
    assert page.by_id("t2").all("th")[0].text == "Anna"
    assert page.all(class_="lane")[1].attributes["data-name"] == "Anna"
