"""A run of several days: which days it has, tracklets of one of them, pages of its report; the page shows one day."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from browsing import CHROMIUM, browse
from served import PASSWORD, Open, Serve

from reidtrack.cli.main import main
from reidtrack.pipeline.run import days_report
from reidtrack.server.access.rules import Role

API = "/api/v1"


@pytest.fixture
def over_midnight(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A served folder whose run of some seconds goes over midnight in Berlin."""
    monkeypatch.setattr(days_report, "SHORT_S", 0.0)
    path = root / "mall" / "run.json"
    content = json.loads(path.read_text())
    content |= {"origin_utc": "2026-11-28T22:59:58+00:00", "origin_from": "--origin"}
    content["part"]["time_zone"] = "Europe/Berlin"
    path.write_text(json.dumps(content))
    assert main(["associate", str(root / "mall"), "--quiet"]) == 0
    return root


def test_days_are_told_and_asked_for(open_app: Open, over_midnight: Path) -> None:
    app = open_app(over_midnight)
    run = app.get(f"{API}/runs/mall").json()
    assert run["zone"] == "Europe/Berlin"
    assert [(day["day"], day["first_s"], day["pages"]) for day in run["days"]] == [
        ("2026-11-28", 2 - 86_400, ["2026-11-28.html"]),
        ("2026-11-29", 2, ["2026-11-29.html"]),
    ]
    rows = app.get(f"{API}/runs/mall/tracklets").json()["items"]
    of_day = app.get(f"{API}/runs/mall/tracklets", params={"from_s": 5, "until_s": 86_402}).json()
    assert of_day["items"] == [row for row in rows if row[4] >= 5]
    assert of_day["total"] < len(rows)
    assert set(of_day["people"]) == {str(row[0]) for row in of_day["items"]}
    page = app.get(f"{API}/runs/mall/report/2026-11-29.html")
    assert (page.status_code, page.text) == (200, (over_midnight / "mall/report/2026-11-29.html").read_text())
    assert "sandbox" in page.headers["content-security-policy"]
    for name in ("2026-11-30.html", "run.json", "..%2Frun.json"):
        assert app.get(f"{API}/runs/mall/report/{name}").status_code == 404


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_page_shows_a_day_and_leads_to_the_next(serve: Serve, over_midnight: Path) -> None:
    base, _ = serve(over_midnight)

    async def flow(page: Any) -> None:
        await page.goto(f"{base}/runs/mall")
        days = page.get_by_label("Day", exact=True)
        await days.wait_for()
        assert await days.locator("option").all_text_contents() == [
            "Saturday, 28 November 2026",
            "Sunday, 29 November 2026",
        ]
        assert await page.get_by_label("Day before").is_disabled()
        await days.select_option("2026-11-29")
        await page.get_by_text("00:00:00").first.wait_for()
        assert page.url.endswith("/runs/mall?day=2026-11-29")
        assert (await page.get_by_text("report of the day").get_attribute("href")).endswith("/report/2026-11-29.html")

    browse(flow)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_pages_of_the_report_lead_to_each_other(serve: Serve, over_midnight: Path) -> None:
    """With accounts: a page in the sandbox sends no cookie along."""
    base, services = serve(over_midnight)
    services.accounts.add("anna", Role.VIEWER, PASSWORD)
    report = f"{base}{API}/runs/mall/report"

    async def flow(page: Any) -> None:
        await page.goto(f"{base}/runs/mall/report")
        await page.get_by_label("Name").fill("anna")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url(report)
        await page.locator("a[href='report/2026-11-28.html']").first.click()
        await page.wait_for_url(f"{report}/2026-11-28.html")
        await page.get_by_role("link", name="Sun 29 Nov").first.click()
        await page.wait_for_url(f"{report}/2026-11-29.html")
        await page.locator("a[href^='2026-11-28.html#p']").first.click()
        await page.wait_for_url(re.compile(r"/2026-11-28\.html#p\d+$"))
        await page.get_by_role("link", name="All days").click()
        await page.wait_for_url(report)
        assert await page.evaluate("origin") == "null"  # in the sandbox still: it asks nothing in our name

    browse(flow, forgiven="401")  # who comes is asked first
