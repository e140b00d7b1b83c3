"""The report in a real browser: the script runs under the page's own policy and does what the controls say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reidtrack.report.page import ReportData, render_report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"),
    *("--virtual-time-budget=2000", "--dump-dom"),
)

DRIVER = """
const out = {}, one = (s) => document.querySelector(s), all = (s) => [...document.querySelectorAll(s)];
const fire = (element, event) => element.dispatchEvent(event);
const lanes = () => all(".lane").filter((lane) => lane.offsetParent).map((lane) => lane.dataset.id).join(" ");
const find = (text) => { one("#find").value = text; fire(one("#find"), new Event("input")); return lanes(); };
const sort = (key) => { one("#sort").value = key; fire(one("#sort"), new Event("change")); return lanes(); };
const key = (element, name) => fire(element, new KeyboardEvent("keydown", { key: name, bubbles: true }));
const ticks = () => all(".ticks b").map((label) => label.textContent);
out.start = [lanes(), one("#count").textContent, ticks()];
out.find = Object.fromEntries(["2", "1-2", "2,3", "a", "b 1", "nowhere", ""].map((text) => [text, find(text)]));
find("2-3");
out.together = [all(".card:not(.none)").length, all("#presence tr:not(.none)").length, one("#count").textContent];
find("");
out.sort = Object.fromEntries(["first", "cameras", "seen", "doubt", "id"].map((name) => [name, sort(name)]));
const bars = all(".bar"), box = one(".grid").getBoundingClientRect();
out.width = bars.map((bar) => (bar.getBoundingClientRect().left - box.left) / box.width * 60);
out.stops = all(".bar[tabindex='0']").length;
fire(bars[1], new PointerEvent("pointerover", { bubbles: true }));
out.tip = [one("#tip").hidden, one("#tip").innerText, all(".mate").map((bar) => bar.dataset.v), all("#tip img").length];
fire(bars[1], new PointerEvent("pointerout", { bubbles: true }));
out.hushed = one("#tip").hidden;
bars[0].focus();
out.focus = [one("#tip").hidden];
for (const name of ["ArrowRight", "ArrowDown", "ArrowUp"]) {
  key(document.activeElement, name);
  out.focus.push(document.activeElement.dataset.v);
}
document.activeElement.blur();
key(document.body, "+");
out.zoomed = [lanes(), one("#count").textContent, ticks()[0], ticks().at(-1)];
key(document.body, "0");
out.whole = [lanes(), one("#whole").disabled];
one("#theme").click();
const first = getComputedStyle(document.body).backgroundColor;
one("#theme").click();
out.themes = new Set([first, getComputedStyle(document.body).backgroundColor]).size;
out.overflow = document.documentElement.scrollWidth - innerWidth;
const pre = document.createElement("pre");
pre.id = "result";
pre.textContent = JSON.stringify(out);
document.body.append(pre);
"""


def browse(page: str, folder: Path, *, width: int = 1200) -> str:
    """The page's HTML after its script has run; complaints on the console fail the test."""
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    command = [
        str(CHROMIUM),
        *FLAGS,
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},900",
        path.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not complaints
    return done.stdout


def drive(page: str, folder: Path, **options: int) -> Any:
    """Run the driver within the page, whose policy would not let it in."""
    bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    html = browse(bare.replace("</body>", f"<script>(() => {{{DRIVER}}})()</script></body>"), folder, **options)
    found = re.search(r'<pre id="result">(.*?)</pre>', html, re.DOTALL)
    assert found
    return json.loads(found[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))


def test_the_script_runs_under_the_pages_policy(small: ReportData, tmp_path: Path) -> None:
    html = browse(render_report(small), tmp_path)
    assert re.search(r'<html lang="en" class="on"', html)
    assert "3 people</output>" in html


def test_an_empty_run_runs_too(make_report: Callable[..., ReportData], tmp_path: Path) -> None:
    assert "0 people</output>" in browse(render_report(make_report({})), tmp_path)


def test_the_controls(small: ReportData, tmp_path: Path) -> None:
    out = drive(render_report(small), tmp_path)
    assert out["start"] == ["1 2 3", "3 people", ["0:00", "0:10", "0:20", "0:30", "0:40", "0:50", "1:00"]]
    assert out["find"] == {
        "2": "2",
        "1-2": "1 2",
        "2,3": "2 3",
        "a": "1 2",
        "b 1": "1",
        "nowhere": "",
        "": "1 2 3",
    }
    assert out["together"] == [2, 2, "2 of 3 people"]
    assert out["sort"] == {"first": "1 2 3", "cameras": "1 2 3", "seen": "2 1 3", "doubt": "2 1 3", "id": "1 2 3"}
    assert out["width"] == pytest.approx([2, 12, 3, 40, 20, 50], abs=0.1)
    assert out["stops"] == 3
    hidden, text, mates, pictures = out["tip"]
    assert (hidden, mates, pictures) == (False, ["v1-1"], 1)
    assert "Person 1" in text and "0.31 farther" in text
    assert out["hushed"] is True
    assert out["focus"] == [False, "v1-2", "v2-1", "v1-1"]
    assert out["zoomed"] == ["1 2", "3 people, 2 at this time", "0:15", "0:45"]
    assert out["whole"] == ["1 2 3", True]
    assert out["themes"] == 2
    assert out["overflow"] <= 0


def test_a_phone_needs_no_sideways_scrolling(small: ReportData, tmp_path: Path) -> None:
    assert drive(render_report(small), tmp_path, width=400)["overflow"] <= 0
