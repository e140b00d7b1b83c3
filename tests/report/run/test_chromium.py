"""The report in a real browser: the script runs under the page's own policy and does what the controls say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import counter_image, even_times, write_video

import reidtrack.report
from reidtrack.report.run.page import ReportData, render_report
from reidtrack.report.run.report_data import FloorPaths

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"),
    *("--virtual-time-budget=600000", "--dump-dom"),
)
"""Time in the page is virtual: it passes when nothing is left to do, and a page that waits for a film needs much."""


TOOLS = """
const out = {}, one = (s) => document.querySelector(s), all = (s) => [...document.querySelectorAll(s)];
const fire = (element, event) => element.dispatchEvent(event);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const settled = async (video) => { while (video.readyState < 2 || video.seeking) await sleep(5); };
const key = (element, name) => fire(element, new KeyboardEvent("keydown", { key: name, bubbles: true }));
const lanes = () => all(".lane").filter((lane) => lane.offsetParent).map((lane) => lane.dataset.id).join(" ");
const find = (text) => { one("#find").value = text; fire(one("#find"), new Event("input")); return lanes(); };
const sort = (key) => { one("#sort").value = key; fire(one("#sort"), new Event("change")); return lanes(); };
const overflow = () => document.documentElement.scrollWidth - innerWidth;
const text = (selector) => all(selector).map((element) => element.textContent);
"""

CONTROLS = """
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
out.overflow = overflow();
"""

DOCK = """
const video = one("#video");
out.dense = one("#dense").getAttribute("aria-pressed");
out.start = [one("#dock").hidden, all("#check article").length, one("#doubtful").textContent];
one(".bar[data-v='v2-2']").click();
video.pause();
await settled(video);
out.played = [video.getAttribute("src"), video.currentTime, video.duration, one("#dock").hidden];
out.title = one("#dock-title").textContent;
out.reasons = text("#why .reasons > div");
out.sides = text("#why .side");
out.commands = text("#why .command code");
out.marked = all(".bar.on").map((bar) => bar.dataset.v);
one("#why .side[data-v='v2-1']").click();
await sleep(50);
out.side = [video.getAttribute("src"), video.currentTime];
one("#after").click();
out.after = one("#dock-title").textContent;
one("#before").click();
out.before = one("#before").disabled;
one("#why input").value = "it's Anna";
fire(one("#why input"), new Event("input"));
out.named = text("#why .command code").at(-1);
video.pause();
video.currentTime = 6;
await settled(video);
await sleep(300);
out.split = text("#why .command code").filter((line) => line.includes("--at"));
out.met = text("#check article[data-v='v2-3'] code");
out.overflow = overflow();
key(document.body, "Escape");
out.closed = [one("#dock").hidden, all(".bar.on").length, video.paused];
one(".bar[data-v='v3-1']").click();
out.silent = [video.hidden, one("#novideo").hidden, one("#novideo").textContent];
out.by_name = find("anna");
find("2");
out.found = all("#check article").map((article) => article.dataset.v);
"""


def browse(page: str, folder: Path, *, width: int = 1200, flags: tuple[str, ...] = ()) -> str:
    """The page's HTML after its script has run; complaints on the console fail the test."""
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [str(CHROMIUM), *FLAGS, *flags, profile, f"--window-size={width},900", path.as_uri()]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=100, check=True)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not complaints
    return done.stdout


def drive(page: str, folder: Path, script: str, **options: Any) -> Any:
    """Run a script within the page, let in by name: the page's policy holds otherwise."""
    ending = 'const pre = document.createElement("pre"); pre.id = "result"; pre.textContent = JSON.stringify(out);'
    whole = f"(async () => {{{TOOLS}{script}{ending} document.body.append(pre); }})()"
    digest = b64encode(sha256(whole.encode()).digest()).decode()
    let_in = page.replace("script-src ", f"script-src 'sha256-{digest}' ")
    html = browse(let_in.replace("</body>", f"<script>{whole}</script></body>"), folder, **options)
    found = re.search(r'<pre id="result">(.*?)</pre>', html, re.DOTALL)
    assert found, "the script did not come to its end"
    return json.loads(unescape(found[1]))


def test_the_script_runs_under_the_pages_policy(small: ReportData, tmp_path: Path) -> None:
    html = browse(render_report(small), tmp_path)
    assert re.search(r'<html lang="en" class="on"', html)
    assert "3 people</output>" in html


def test_browsers_can_load_the_modules_themselves(small: ReportData, tmp_path: Path) -> None:
    page = render_report(small)
    first = (Path(reidtrack.report.__file__).parent / "run/js/main.js").as_uri()
    page = re.sub(r"<script>.*?</script>", f'<script type="module" src="{first}"></script>', page, flags=re.DOTALL)
    page = re.sub(r"script-src [^;\"]+", "script-src file:", page)
    html = browse(page, tmp_path, flags=("--allow-file-access-from-files",))
    assert "3 people</output>" in html


def test_an_empty_run_runs_too(make_report: Callable[..., ReportData], tmp_path: Path) -> None:
    assert "0 people</output>" in browse(render_report(make_report({})), tmp_path)


def test_the_controls(small: ReportData, tmp_path: Path) -> None:
    out = drive(render_report(small), tmp_path, CONTROLS)
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
    assert drive(render_report(small), tmp_path, CONTROLS, width=400)["overflow"] <= 0


SCHEMES = [
    pytest.param("1", "rgb(250, 250, 249)", id="light"),
    pytest.param("0", "rgb(18, 20, 22)", id="dark"),
]


@pytest.mark.parametrize(("scheme", "ground"), SCHEMES)
def test_five_people(make_report: Callable[..., ReportData], tmp_path: Path, scheme: str, ground: str) -> None:
    folder = tmp_path / "it's a run"
    folder.mkdir()
    write_video(folder / "A 1.mp4", even_times(100, 10.0), images=map(counter_image, range(100)))
    people = {
        1: [("A 1", 1, 4.0, 6.5)],
        2: [("A 1", 2, 5.0, 6.0), ("A 1", 5, 8.5, 9.5), ("B", 1, 11.0, 12.0)],
        3: [("B", 2, 5.0, 8.0)],
        4: [("A 1", 3, 4.5, 6.0), ("B", 3, 8.0, 9.0)],
        5: [("A 1", 4, 9.0, 13.0)],
    }
    sweep = [
        {"threshold": 0.5, "joined": [], "parted": [{"camera": "A 1", "track_id": 5}]},
        {"threshold": 0.7, "joined": [[2, 3], [1, 4]], "parted": []},
    ]
    data = make_report(
        people,
        ("A 1", "B"),
        length_s=14.0,
        starts={"A 1": 4.0},
        links={2: [(0.44, 0.02, 0.6), (0.3, 0.1, 0.97)], 4: [(0.2, 0.3, 0.999)]},
        names={4: "Anna-Lena"},
        rivals={("A 1", 5): ("B", 2), ("B", 1): ("A 1", 1)},
        terms={("A 1", 5): {"travel_s": 2.5, "ground_m": 0.4}},
        calibration={"threshold": 0.6, "sweep": sweep},
    )
    cameras = [replace(c, video="A 1.mp4" if c.name == "A 1" else None) for c in data.cameras]
    paths = FloorPaths(0.5, {("A 1", 5): np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 3.5]])})
    page = render_report(replace(data, cameras=cameras, floor_paths=paths, site={"unit": "m"}))
    out = drive(
        page,
        folder,
        DOCK + "out.ground = getComputedStyle(document.body).backgroundColor;",
        flags=(f"--blink-settings=preferredColorScheme={scheme}",),
    )
    word = "'" + str(folder).replace("'", "'\"'\"'") + "'"
    assert out["ground"] == ground
    assert out["dense"] == "false"
    assert out["start"][:2] == [True, 4], "three links, and two who are nearly one; 1 and 4 were seen at once"
    assert out["start"][2].startswith("1 of 3 links are not clear.")
    source, time_s, length_s, hidden = out["played"]
    assert (source, hidden) == ("./A%201.mp4", False)
    assert (time_s, length_s) == (pytest.approx(4.5, abs=0.5), pytest.approx(10, abs=0.2)), (
        "4.5 s after its first frame"
    )
    assert out["title"] == "Person 2A 1, 0:08.5–0:09.5, track 5"
    assert out["reasons"] == [
        "Probability60%",
        "Distance0.44",
        "Ground distance0.40 m",
        "Travel time2.5 s",
        "Runner-up0.02 farther: person 3, B 0:05.0–0:08.0",
        "Other thresholdsbreaks at 0.50 and below (here 0.60); would also join person 3 at 0.70 and above",
    ]
    assert out["sides"] == [
        "this visitA 10:08.5–0:09.5",
        "joined toA 10:05.0–0:06.0",
        "runner-upperson 3B0:05.0–0:08.0",
    ]
    assert out["commands"][:2] == [f"reidtrack split {word} 'A 1' 5", f"reidtrack merge {word} 2 3"]
    assert out["met"] == [f"reidtrack split {word} B 1"], "two who were seen at once are not offered as one"
    assert out["marked"] == ["v2-2"]
    assert out["side"] == ["./A%201.mp4", pytest.approx(1.0, abs=0.5)]
    assert out["after"].startswith("Person 2A 1, 0:08.5") and out["before"] is True
    assert out["named"] == f"reidtrack name {word} 2 'it'\"'\"'s Anna'"
    assert out["split"] == [f"reidtrack split {word} 'A 1' 2 --at 10.00"]
    assert out["closed"] == [True, 0, True]
    assert out["silent"][:2] == [True, False] and "--video" in out["silent"][2]
    assert out["by_name"] == "4"
    assert out["found"][:2] == ["v2-2", "v2-3"]
    assert out["overflow"] <= 0


MANY = """
const height = async (fits) => { // a lane that was drawn otherwise keeps that height until it is drawn anew
  one(".lane").scrollIntoView();
  for (let tries = 0; tries < 400 && !fits(one(".lane").offsetHeight); tries++) await sleep(5);
  return one(".lane").offsetHeight;
};
const dense = await height((pixels) => pixels < 50);
one("#dense").click();
out.rows = [dense, await height((pixels) => pixels > 100)];
one("#dense").click();
find("400-420");
one(".lane:not(.none) .bar").click();
while (one("#novideo").hidden) await sleep(5);
out.missing = [one("#video").hidden, one("#novideo").textContent];
out.title = one("#dock-title").textContent;
out.count = one("#count").textContent;
find("");
out.lanes = all(".lane:not(.none)").length;
out.doubts = all("#doubts article").length;
one("#more").click();
out.more = all("#doubts article").length;
fire(Object.assign(one("#when"), { value: 1800 }), new Event("input"));
out.now = all("#plan .now circle").length;
out.overflow = overflow();
"""


@pytest.mark.parametrize(
    ("width", "scheme", "ground"),
    [
        pytest.param(1200, "1", "rgb(250, 250, 249)", id="desk, light"),
        pytest.param(400, "0", "rgb(18, 20, 22)", id="phone, dark"),
    ],
)
def test_five_hundred_people(
    make_report: Callable[..., ReportData], tmp_path: Path, width: int, scheme: str, ground: str
) -> None:
    names = tuple(f"a camera with a long name {i}" for i in range(16))
    people = {
        i: [(names[(i + k) % 16], i * 10 + k, i * 6.0 + 90 * k, i * 6.0 + 90 * k + 60) for k in range(6)]
        for i in range(1, 501)
    }
    data = make_report(
        people, names, length_s=3700.0, fps=1.0, thumbnails=0, names={7: "a person with a very long name" * 3}
    )
    paths = {t.key: np.array([[i.id, k], [i.id + 5, k + 3]]) * 1.0 for i in data.identities for k, t in enumerate(i)}
    page = render_report(replace(data, floor_paths=FloorPaths(60.0, paths)))
    script = MANY + "out.ground = getComputedStyle(document.body).backgroundColor;"
    out = drive(page, tmp_path, script, width=width, flags=(f"--blink-settings=preferredColorScheme={scheme}",))
    narrow, wide = out["rows"]
    assert narrow < 50 < 100 < wide
    assert out["missing"][0] is True and "is not beside this page" in out["missing"][1]
    assert out["title"].startswith("Person 400")
    assert out["count"].startswith("21 of 500 people")
    assert (out["lanes"], out["doubts"], out["more"]) == (500, 6, 18)
    assert out["now"] > 100
    assert out["ground"] == ground
    assert out["overflow"] <= 0
