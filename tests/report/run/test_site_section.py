"""The section on the place: clocks, views that overlap, travel times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reidtrack.report.run.page import ReportData, render_report

Read = Callable[[str], Any]

SITE = {
    "unit": "m",
    "bounds": [0.0, 0.0, 10.0, 5.0],
    "cameras": {
        "A": {
            **{"homography": [[1, 0, 0], [0, -1, 0], [0, 0, 1]], "from": "given", "fit_m": 0.31, "clock_offset_s": 0.0},
            "clock_from": "reference",
        },
        "B": {
            **{"homography": None, "from": None, "fit_m": None, "clock_offset_s": -3.4, "clock_uncertainty_s": 0.05},
            **{"clock_from": "paths of 9 people", "clock_used": True},
        },
    },
    "relations": [
        {"cameras": ["A", "B"], "links": 9, "inliers": 0.875, "fit_px": 4.2, "fit_m": None, "used": True},
        {"cameras": ["B", "A"], "links": 2, "inliers": None, "fit_px": None, "used": False},
    ],
    "transitions": [
        {"from": "A", "to": "B", "count": 3, "median_s": 7.2, "p5_s": 2.0, "p95_s": 22.0},
        {"from": "B", "to": "A", "count": 9, "median_s": 70.0, "edges_s": [0, 5, 10], "density": [0.2, 0.1]},
    ],
}


def test_clocks_and_journeys(small: ReportData, read_page: Read) -> None:
    page = read_page(render_report(replace(small, site=SITE)))
    place = page.by_id("place")
    assert not place.all("svg", "plan")
    clocks, relations, journeys = (
        [[c.all_text for c in row.all("td")] for row in t.all("tr")[1:]] for t in place.all("table")
    )
    assert clocks == [
        ["0.00 s", "reference", "given", "0.31 m"],
        ["−3.40 s ± 0.05 s, allowed for", "paths of 9 people", "none", "–"],
    ]
    assert relations == [["9", "88%", "4 px", "yes"], ["2", "–", "–", "no"]]
    assert [row[:4] for row in journeys] == [["A", "9", "1 min 10 s", "– to –"], ["B", "3", "7.2 s", "2.0 s to 22.0 s"]]
    assert len(place.all("rect")) == 2


@pytest.mark.parametrize("site", [pytest.param(None, id="no file"), pytest.param({"cameras": {}}, id="nothing in it")])
def test_a_place_that_is_not_known_is_not_shown(small: ReportData, read_page: Read, site: Any) -> None:
    page = read_page(render_report(replace(small, site=site)))
    assert not [e for e in page.walk() if e.attributes.get("id") == "place"]
    assert "#place" not in [a.attributes["href"] for a in page.all("a")]
