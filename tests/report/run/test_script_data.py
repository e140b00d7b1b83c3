"""What the page's script is told: visits, links, thresholds."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from reidtrack.report.run.context import PageContext
from reidtrack.report.run.page import ReportData, render_report
from reidtrack.report.run.report_data import GalleryMatch
from reidtrack.report.run.script_data import page_data

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
