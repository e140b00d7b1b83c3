"""A run of days on pages that are bounded, each visit on the pages of its days and on no other."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import CHROMIUM, browse

from reidtrack.report.days import split
from reidtrack.report.days.calendar import days_between
from reidtrack.report.days.front import FrontData, render_front
from reidtrack.report.days.pages import DaysData, page_name, render_day
from reidtrack.report.days.split import DayTable
from reidtrack.report.run.report_data import ReportData
from reidtrack.types import Identity, TrackletKey

DAY = 86_400.0
ORIGIN = datetime(2026, 11, 28, tzinfo=UTC)
PEOPLE = {
    1: [("A", 1, 10.0, 40.0), ("B", 1, DAY - 30, DAY + 40)],
    2: [("A", 2, DAY + 100, DAY + 160)],
    3: [("B", 2, 3 * DAY + 50, 3 * DAY + 90)],
}
ODD = "<b>Anna & Co</b>"

Pages = Callable[..., tuple[DayTable, str, dict[str, str]]]


@pytest.fixture
def make_pages(make_report: Callable[..., ReportData]) -> Pages:
    """The table, front page and pages of days, by name, of some people over four days."""

    def make(people: Mapping[int, Sequence[tuple[str, int, float, float]]]) -> tuple[DayTable, str, dict[str, str]]:
        run = make_report(people, names={1: ODD}, length_s=4 * DAY, fps=1.0, video=None)
        table = DayTable.of(run.identities, ["A", "B"], days_between(ORIGIN, 0, 3 * DAY + 100, UTC))
        recorded = {"A": np.array([[0, DAY], [DAY + 3600, 4 * DAY]]), "B": np.array([[0, 4 * DAY]])}
        data = DaysData("week", "/runs/week", "report.html", "UTC", run.cameras, recorded, lambda _: "#884400", {})

        def pictures(identity: Identity) -> Mapping[TrackletKey, Sequence[bytes]]:
            return {t.key: run.thumbnails[t.key] for t in identity}

        pages = {
            page_name(table.days[day], number): render_day(table, data, place, pictures)
            for place, (day, number, _) in enumerate(table.pages)
        }
        return table, render_front(table, data, FrontData("now", "then"), pictures), pages

    return make


def visits_of(page: str) -> list[tuple[int, int, float, float]]:
    """Person, track, first and last second of each visit of a page."""
    found = re.search(r'id="run-data">(.*?)</script>', page)
    assert found is not None
    return [(v["person"], v["track"], v["from"], v["to"]) for v in json.loads(found[1])["visits"].values()]


def test_who_is_in_view_at_midnight_is_on_both_days(make_pages: Pages, read_page: Callable[[str], Any]) -> None:
    _, front, pages = make_pages(PEOPLE)
    assert list(pages) == [f"2026-{day}.html" for day in ("11-28", "11-29", "11-30", "12-01")]
    assert visits_of(pages["2026-11-28.html"]) == [(1, 1, 10.0, 40.0), (1, 1, DAY - 30, DAY - 1)]
    assert visits_of(pages["2026-11-29.html"]) == [(1, 1, DAY, DAY + 40), (2, 2, DAY + 100, DAY + 160)]
    assert visits_of(pages["2026-11-30.html"]) == []
    first, second = (read_page(pages[f"2026-11-{day}.html"]).by_id("p1") for day in (28, 29))
    assert "in view on into the next day" in first.all_text
    assert "in view since the day before" in second.all_text
    assert [a.attributes["href"] for a in first.all("p", "also")[0].all("a")] == ["2026-11-29.html#p1"]
    assert "00:00:00.0" in second.all_text
    counts = [[cell.text for cell in row.all("td")[:3]] for row in read_page(front).all("tr")[1:5]]
    assert counts == [["1", "2", "61"], ["2", "2", "102"], ["0", "0", "0"], ["1", "1", "41"]]


def test_every_link_leads_to_a_page_and_a_person(make_pages: Pages, read_page: Callable[[str], Any]) -> None:
    _, front, pages = make_pages(PEOPLE)
    ids = {name: {e.attributes.get("id") for e in read_page(page).walk()} for name, page in pages.items()}
    for name, page in {"../report.html": front, **pages}.items():
        for link in read_page(page).all("a"):
            place, _, anchor = (link.attributes["href"] or "").partition("#")
            if place in ("", "../report.html"):
                continue
            target = place.removeprefix("report/") if page is front else place
            assert target in pages, (name, place)
            assert not anchor or anchor in ids[target], (name, place, anchor)


@pytest.mark.parametrize("most", [2, 3])
def test_no_page_has_more_than_its_share_and_none_is_lost(
    make_pages: Pages, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(split, "MOST_VISITS", most)
    many = [("A", n, 100.0 * n, 100.0 * n + 20) for n in range(1, 8)]
    people = {**{n: [("B", n, 50.0 * n, 50.0 * n + 9)] for n in range(2, 7)}, 9: many}
    table, _, pages = make_pages(people)
    seen = [visit for page in pages.values() for visit in visits_of(page)]
    assert max(len(visits_of(page)) for page in pages.values()) <= most
    assert sorted(seen) == sorted((who, *rest) for who, found in people.items() for _, *rest in found)
    assert table.pages_of_day[0] == len([name for name in pages if name.startswith("2026-11-28")])


def test_the_same_people_give_the_same_bytes_and_a_name_stays_text(make_pages: Pages) -> None:
    _, front, pages = make_pages(PEOPLE)
    assert make_pages(PEOPLE)[1:] == (front, pages)
    assert ODD not in front + "".join(pages.values())


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_in_a_browser(make_pages: Pages, tmp_path: Path) -> None:
    """The search leads to the day's page; axe finds nothing serious; nothing sticks out; a narrow one, in the dark."""
    _, front, pages = make_pages(PEOPLE)
    (tmp_path / "report").mkdir()
    (tmp_path / "report.html").write_text(front, encoding="utf-8")
    for name, page in pages.items():
        (tmp_path / "report" / name).write_text(page, encoding="utf-8")
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-playwright-python is not installed")
    axe = (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")

    async def check(page: Any, scheme: str) -> None:
        await page.emulate_media(color_scheme=scheme)
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        told = await page.evaluate("axe.run({resultTypes: ['violations']})")
        serious = [v for v in told["violations"] if v["impact"] in ("serious", "critical")]
        assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == []

    async def flow(page: Any) -> None:
        await page.goto((tmp_path / "report.html").as_uri())
        await page.evaluate(axe)
        await check(page, "light")
        await page.fill("#find", "anna")
        assert await page.locator("#people-found li").all_inner_texts() == [f"{ODD} (1)Sat 28 NovSun 29 Nov"]
        await page.fill("#find", "2-3")
        assert await page.locator("#count").inner_text() == "2 found"
        await page.fill("#find", "#2")
        await page.press("#find", "Enter")
        await page.locator("#p2").wait_for()
        assert page.url.endswith("/report/2026-11-29.html#p2")
        await page.set_viewport_size({"width": 375, "height": 740})
        await page.evaluate(axe)
        await check(page, "dark")
        commands = await page.evaluate("document.querySelectorAll('.play')[0].click(); document.body.innerText")
        assert f"reidtrack lock {tmp_path} 1" in commands

    browse(flow)
