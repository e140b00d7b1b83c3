"""The section on zones: who was where, by the hour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reidtrack.report.run.page import ReportData, render_report
from reidtrack.report.run.zones_section import MOST_HOURS, MOST_PEOPLE

Read = Callable[[str], Any]


def hours(*people: int) -> list[dict[str, Any]]:
    return [
        {
            "hour": f"2026-11-{28 + n // 24}T{n % 24:02}:00:00Z",
            **{"people": count, "identities": [], "entered": count, "left": 1},
        }
        for n, count in enumerate(people)
    ]


def zone(name: str = "shelf", *people: int, who: tuple[int, ...] = (1, 2)) -> dict[str, Any]:
    return {
        **{"name": name, "people": len(who), "entered": 1234, "left": 4, "most_at_once": 2},
        **{"dwell_median_s": 3.25 if who else None, "dwell_longest_s": 71.0 if who else None},
        **{"hours": hours(*people), "stays": [{"identity": i, "from_s": 0, "until_s": 1, "camera": "A"} for i in who]},
    }


LINE = {
    **{"name": "<door>", "people": 1, "in": 2, "out": 1, "hours": hours(3)},
    "crossings": [{"identity": 1, "time_s": 1.0, "direction": "in", "camera": "A"}] * 3,
}


def tables(page: Any) -> list[list[list[str]]]:
    section = page.by_id("zones")
    return [[[c.all_text for c in row.all("td")] for row in t.all("tr")[1:]] for t in section.all("table")]


def test_zones_and_lines_of_an_hour(small: ReportData, read_page: Read) -> None:
    found = {"zones": [zone("shelf", 2)], "lines": [LINE]}
    page = read_page(render_report(replace(small, zones=found)))
    ids = {identity.id for identity in small.identities}
    assert {1, 2} <= ids
    zones, lines = tables(page)
    assert zones[0][:5] == ["2", "1,234", "3.2 s", "1 min 11 s", "2"]
    assert lines[0][:3] == ["1", "2", "1"]
    section = page.by_id("zones")
    assert [a.attributes["href"] for a in section.all("a")] == ["#p1", "#p2", "#p1"]
    assert "<door>" in section.all_text
    assert "#zones" in [a.attributes["href"] for a in page.all("a")]


def test_hours_have_a_table(small: ReportData, read_page: Read) -> None:
    found = {"zones": [zone("shelf", 2, 0, 5), zone("till", 0, 0, 1, who=())], "lines": []}
    page = read_page(render_report(replace(small, zones=found)))
    zones, by_hour = tables(page)
    assert by_hour == [["2", "·"], ["·", "·"], ["5", "1"]]
    assert zones[1][2:4] == ["–", "–"]
    section = page.by_id("zones")
    bars = section.all("rect")
    assert len(bars) == 3
    assert float(bars[1].attributes["height"]) == 16
    assert float(bars[0].attributes["height"]) == pytest.approx(16 * 2 / 5)


def test_long_runs_and_many_people_are_cut(small: ReportData, read_page: Read) -> None:
    count = MOST_HOURS + 5
    found = {"zones": [zone("shelf", *([1] * count), who=tuple(range(1, 500)))], "lines": []}
    page = read_page(render_report(replace(small, zones=found)))
    zones, by_hour = tables(page)
    assert len(by_hour) == MOST_HOURS
    section = page.by_id("zones")
    assert "and 5 earlier hours in zones.json" in section.all_text
    assert len(section.all("a")) <= MOST_PEOPLE
    assert f"and {499 - len(section.all('a'))} more" in zones[0][-1]


@pytest.mark.parametrize("zones", [None, {}, {"zones": [], "lines": []}], ids=["no file", "nothing", "empty"])
def test_no_zones_no_section(small: ReportData, read_page: Read, zones: Any) -> None:
    page = read_page(render_report(replace(small, zones=zones)))
    assert not [e for e in page.walk() if e.attributes.get("id") == "zones"]


def test_a_line_alone(small: ReportData, read_page: Read) -> None:
    page = read_page(render_report(replace(small, zones={"zones": [], "lines": [LINE]})))
    assert len(tables(page)) == 1
