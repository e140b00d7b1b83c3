"""The report as a page: whole, self-contained, safe, and saying what the run was."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
import pytest

from reidtrack.report.run import people
from reidtrack.report.run.context import PageContext
from reidtrack.report.run.page import CameraSummary, ReportData, render_report
from reidtrack.report.run.timeline import occupancy
from reidtrack.types import Identity, Link

Make = Callable[..., ReportData]
Read = Callable[[str], Any]
EVIL = "<script>alert('x')</script>\"&'"


def style(element: Any, name: str) -> str:
    """The value of a CSS variable set on an element."""
    found = re.search(rf"{re.escape(name)}:([^;]+)", element.attributes["style"])
    assert found, element.attributes["style"]
    return found[1]


RUNS = [
    pytest.param({}, {}, id="nobody"),
    pytest.param({}, {"cameras": ()}, id="no cameras at all"),
    pytest.param({1: [("A", 1, 0.0, 0.0)]}, {"cameras": ("A",), "length_s": 0.0}, id="a single frame"),
    pytest.param({1: [("A", 1, 0.5, 2.0)]}, {"cameras": ("A",), "length_s": 3.0}, id="three seconds of one camera"),
    pytest.param({1: [("A", 1, 80000.0, 80003.0)]}, {"length_s": 86400.0}, id="a day"),
    pytest.param({1: [("A", 1, 8e5, 8e5 + 3)]}, {"length_s": 864000.0}, id="ten days"),
    pytest.param({5: [("A", 1, 1.0, 2.0)]}, {"thumbnails": 0}, id="no pictures"),
    pytest.param({5: [("A", 1, 1.0, 2.0)]}, {"video": None}, id="no videos"),
    pytest.param({i: [("A", i, i / 2, i / 2 + 3)] for i in range(1, 101)}, {}, id="a hundred people"),
]


@pytest.mark.parametrize(("people", "options"), RUNS)
def test_every_run_gives_a_whole_page(make_report: Make, read_page: Read, people: Any, options: Any) -> None:
    page = read_page(render_report(make_report(people, **options)))
    assert [e.name for e in page.inside] == ["html"]
    ids = [e.attributes["id"] for e in page.walk() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    targets = [e.attributes["href"] for e in page.all("a") if e.attributes["href"].startswith("#")]
    assert {target[1:] for target in targets} <= set(ids)
    assert len(page.all(class_="lane")) == len(page.all(class_="card")) == len(people)
    assert len(page.by_id("presence").all("tr")) == len(people)
    assert len(page.all(class_="bar")) == sum(map(len, people.values()))
    times = [style(mark, "--s") for mark in page.all(class_="ticks")[0].all("i")]
    assert 1 <= len(times) <= 10
    assert bool(page.all(class_="nobody")) is not bool(people)


@pytest.mark.parametrize(("people", "options"), RUNS)
def test_nothing_is_fetched(make_report: Make, read_page: Read, people: Any, options: Any) -> None:
    text = render_report(make_report(people, **options))
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text.partition("<script>")[0])
    page = read_page(text)
    for element in page.walk():
        for name in ("src", "srcset", "data", "action", "poster"):
            assert (element.attributes.get(name) or "data:").startswith("data:"), (element.name, name)
        href = element.attributes.get("href") or "#"
        assert href.startswith(("#", "./", "data:,")), href
    (policy,) = [e for e in page.all("meta") if e.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert policy.attributes["content"].startswith("default-src 'none'; img-src data:;")
    kinds = [script.attributes.get("type") for script in page.all("script")]
    assert kinds == ["application/json", None]
    assert len(page.all("style")) == 1


def test_what_users_name_is_text(make_report: Make, read_page: Read) -> None:
    data = make_report(
        {1: [(EVIL, 1, 1.0, 2.0), ("B", 1, 3.0, 4.0), (EVIL, 2, 5.0, 6.0)]},
        (EVIL, "B"),
        title=f"{EVIL}$title",
        created=EVIL,
        origin=EVIL,
        notes=[EVIL],
        settings={EVIL: {"deep": EVIL}},
        timings={EVIL: 1.0},
    )
    page = read_page(render_report(data))
    assert len(page.all("script")) == 2
    assert page.all("h1")[0].text == f"{EVIL}$title"
    assert page.all("title")[0].text == f"{EVIL}$title"
    assert page.all(class_="notes")[0].all("li")[0].text == EVIL
    assert {e.text for e in page.all("span", "cam")} == {EVIL, "B"}
    assert page.all(class_="rec")[0].attributes["title"].startswith(EVIL)
    assert not any(name.startswith("on") for e in page.walk() for name in e.attributes)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param("A.mp4", "./A.mp4#t=8.00", id="plain"),
        pytest.param("a b#1?.mp4", "./a%20b%231%3F.mp4#t=8.00", id="characters that mean something in an address"),
        pytest.param("javascript:alert(1)", "./javascript%3Aalert%281%29#t=8.00", id="not a scheme"),
        pytest.param("//host/A.mp4", ".///host/A.mp4#t=8.00", id="not a host"),
        pytest.param("Eingang Süd.mp4", "./Eingang%20S%C3%BCd.mp4#t=8.00", id="beyond ASCII"),
    ],
)
def test_a_bar_opens_the_video_at_its_time(make_report: Make, read_page: Read, file: str, expected: str) -> None:
    data = make_report({1: [("A", 1, 12.0, 15.0)]}, starts={"A": 4.0}, video=file)
    (bar,) = read_page(render_report(data)).all("a", "bar")
    assert bar.attributes["href"] == expected


def test_without_video_a_bar_leads_to_the_visit(make_report: Make, read_page: Read) -> None:
    data = make_report({3: [("A", 9, 1.0, 2.0), ("B", 2, 4.0, 5.0)]}, video=None)
    page = read_page(render_report(data))
    assert [bar.attributes["href"] for bar in page.all("a", "bar")] == ["#v3-1", "#v3-2"]
    assert "B" in page.by_id("v3-2").all_text


def test_bars_stand_at_their_times_in_their_cameras_line(small: ReportData, read_page: Read) -> None:
    page = read_page(render_report(small))
    lane = page.all(class_="lane")[1]
    assert lane.attributes["data-cameras"] == "0 1"
    lines = lane.all(class_="sub")
    assert [line.all("span", "cam")[0].text for line in lines] == ["A", "B"]
    bars = [[(style(b, "--s"), style(b, "--e")) for b in line.all("a", "bar")] for line in lines]
    assert bars == [[("3.000", "8.000"), ("40.000", "44.000")], [("20.000", "30.000")]]
    assert style(lane, "--c") == small.colours[2]
    chart = page.by_id("chart")
    assert (style(chart, "--t0"), style(chart, "--span")) == ("0.000", "60.000")


def test_a_visit_says_why_it_was_joined(small: ReportData, read_page: Read) -> None:
    page = read_page(render_report(small))
    cells = {name: [c.all_text.strip() for c in page.by_id(name).all("td")] for name in ("v2-1", "v2-2", "v2-3")}
    assert cells["v2-1"] == ["1", "A", "2", "0:03.0", "0:08.0", "0:05.0", "30–80", "first visit"]
    assert cells["v2-2"][1:10] == ["B", "5", "0:20.0", "0:30.0", "0:10.0", "200–300", "visit 1", "0.44", "0.02 farther"]
    assert cells["v2-2"][-1] == "close"
    assert cells["v2-3"][7:10] == ["visit 2", "0.52", "0.07 nearer"]
    assert cells["v2-3"][-1].split() == ["fair", "85%"]


def test_a_link_without_rival_says_so(make_report: Make, read_page: Read) -> None:
    data = make_report({1: [("A", 1, 1.0, 2.0), ("B", 1, 3.0, 4.0)]}, links={1: [(0.3, inf, None)]})
    row = read_page(render_report(data)).by_id("v1-2")
    assert "nobody else" in row.all_text
    assert not row.all("i"), "no ring where there is no runner-up"


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        pytest.param(0.999, "> 99%", id="nearly one"),
        pytest.param(0.994, "> 99%", id="above"),
        pytest.param(0.99, "99%", id="at"),
        pytest.param(0.004, "< 1%", id="nearly zero"),
    ],
)
def test_no_link_is_certain(make_report: Make, read_page: Read, probability: float, expected: str) -> None:
    data = make_report({1: [("A", 1, 1.0, 2.0), ("B", 1, 3.0, 4.0)]}, links={1: [(0.3, 0.2, probability)]})
    assert expected in read_page(render_report(data)).by_id("v1-2").all_text


def test_links_beyond_the_person(make_report: Make, read_page: Read) -> None:
    data = make_report({1: [("A", 1, 1.0, 2.0), ("B", 1, 3.0, 4.0), ("B", 2, 5.0, 6.0)]})
    links = (Link(("B", 1), ("A", 77), 0.3, 0.2, {"travel": 0.5}),)
    (one,) = data.identities
    other = Identity(1, one.tracklets, one.feature, links)
    page = read_page(render_report(ReportData("", "", "", data.cameras, [other])))
    assert "A, track 77" in page.by_id("v1-2").all_text and " 0.50" in page.by_id("v1-2").all_text
    assert len(page.by_id("v1-3").all("td")) == 8, "what has no link is joined to nothing"
    assert [part.all("b")[0].text for part in page.all(class_="legend")[1].all("span")] == ["1", "0", "0"]


def test_the_table_sums_time_in_view(small: ReportData, read_page: Read) -> None:
    page = read_page(render_report(small))
    rows = [[cell.all_text.split() for cell in row.all("td")] for row in page.by_id("presence").all("tr")]
    assert rows == [
        [["0:07.5"], ["0:03.0"], ["0:10.5"]],
        [["0:09.0", "2×"], ["0:10.0"], ["0:19.0"]],
        [[], ["0:09.0"], ["0:09.0"]],
    ]


def test_the_head_counts(small: ReportData, read_page: Read) -> None:
    page = read_page(render_report(small))
    facts = page.all("dl", "facts")[0]
    assert [dd.text for dd in facts.all("dd") if dd.text] == ["3", "2", "6", "1 min 00 s"]
    assert [part.all("b")[0].text for part in facts.all(class_="legend")[0].all("span")] == ["1", "2"]
    assert [part.all("b")[0].text for part in facts.all(class_="legend")[1].all("span")] == ["1", "1", "1"]


def test_three_cameras_have_their_share(make_report: Make, read_page: Read) -> None:
    people = {i: [(c, i, 3.0 * k, 3.0 * k + 1) for k, c in enumerate("ABCD"[:n])] for i, n in ((1, 1), (2, 3), (3, 4))}
    legend = read_page(render_report(make_report(people, tuple("ABCD")))).all(class_="legend")[0]
    assert [part.all("b")[0].text for part in legend.all("span")] == ["1", "0", "2"]


def test_the_least_certain_link_leads(small: ReportData, read_page: Read) -> None:
    lanes = read_page(render_report(small)).all(class_="lane")
    assert [lane.attributes["data-doubt"] for lane in lanes] == ["1", "0", "2"]


def test_people_are_shown_by_id(make_report: Make, read_page: Read) -> None:
    data = make_report({3: [("A", 1, 1.0, 2.0)], 1: [("A", 2, 5.0, 6.0)]})
    assert [lane.attributes["data-id"] for lane in read_page(render_report(data)).all(class_="lane")] == ["1", "3"]


def test_each_cameras_best_picture_comes_first(make_report: Make, read_page: Read, monkeypatch: Any) -> None:
    visits = [("A", 1, 1.0, 2.0), ("A", 2, 3.0, 9.0), ("B", 1, 10.0, 12.0)]
    crops = {(camera, track): [f"{camera}{track}{nth}".encode() for nth in "xy"] for camera, track, *_ in visits}
    data = make_report({1: visits}, thumbnails=crops)

    def shown() -> list[bytes]:
        images = read_page(render_report(data)).by_id("p1").all("img")
        return [base64.b64decode(image.attributes["src"].partition(",")[2]) for image in images]

    assert shown() == [b"A1x", b"A1y", b"A2x", b"A2y", b"B1x", b"B1y"]
    monkeypatch.setattr(people, "MOST_PICTURES", 3)
    assert shown() == [b"A1x", b"A2x", b"B1x"]
    monkeypatch.setattr(people, "MOST_PICTURES", 2)
    assert shown() == [b"A1x", b"A2x", b"B1x"], "one of each visit"
    monkeypatch.setattr(people, "PICTURE_BYTES", 6)
    assert shown() == [b"A2x", b"B1x"], "each camera's longest visit first"
    monkeypatch.setattr(people, "PICTURE_BYTES", 2)
    assert shown() == [b"A2x"], "one picture always"


def test_a_colour_is_grey_where_none_is_given(make_report: Make, read_page: Read) -> None:
    data = make_report({1: [("A", 1, 1.0, 2.0)]})
    bare = ReportData("", "", "", data.cameras, data.identities)
    assert style(read_page(render_report(bare)).all(class_="lane")[0], "--c") == "#9a9a9a"


def test_a_camera_without_frames_is_named(make_report: Make, read_page: Read) -> None:
    data = make_report({1: [("A", 1, 1.0, 2.0)]}, ("A",))
    lost = CameraSummary("lost", 0, None, None, None, 0)
    page = read_page(render_report(ReportData("", "", "", [*data.cameras, lost], data.identities)))
    strip = page.all(class_="strip")[1]
    assert strip.all_text.split() == ["lost", "no", "frames"]
    assert [c.text for c in page.all("table", "cameras")[0].all("tbody")[0].all("tr")[1].all("td")] == [*"0––––0–"]


def test_settings_are_flattened(make_report: Make, read_page: Read) -> None:
    data = make_report(
        {}, settings={"device": "cpu", "track": {"fill": True, "weights": None}}, timings={"reading": 75.0}
    )
    text = " ".join(e.all_text for e in read_page(render_report(data)).all("details"))
    for part in ("device cpu", "track.fill yes", "track.weights –", "reading 1 min 15 s"):
        assert part in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"cameras": []}, "expected cameras among", id="unknown camera"),
        pytest.param({"cameras": "twice"}, "every name once", id="camera twice"),
        pytest.param({"identities": "twice"}, "every id once", id="identity twice"),
        pytest.param({"colours": {1: "red;}"}}, "expected #rrggbb", id="not a colour"),
    ],
)
def test_what_does_not_fit_is_refused(make_report: Make, change: Any, message: str) -> None:
    data = make_report({1: [("A", 1, 1.0, 2.0)]}, ("A",))
    values: dict[str, Any] = {"cameras": data.cameras, "identities": data.identities, "colours": {}} | change
    for name in ("cameras", "identities"):
        if values[name] == "twice":
            values[name] = list(getattr(data, name)) * 2
    with pytest.raises(ValueError, match=message):
        ReportData("", "", "", **values)


def test_occupancy_counts_visits_in_each_part(make_report: Make) -> None:
    data = make_report({1: [("A", 1, 0.0, 1.0)], 2: [("A", 2, 0.5, 2.5)]}, ("A",), length_s=4.0, fps=2.0)
    counts = occupancy(PageContext.of(data), data.cameras[0])
    assert len(counts) == 8
    np.testing.assert_array_equal(counts, [2, 2, 2, 1, 1, 1, 0, 0])


def test_the_page_grows_with_visits_alone(make_report: Make) -> None:
    names = tuple(f"camera {i}" for i in range(16))
    people = {
        i: [(names[(i + k) % 16], i * 10 + k, i * 20.0 + 40 * k, i * 20.0 + 40 * k + 20) for k in range(6)]
        for i in range(1, 501)
    }
    page = render_report(make_report(people, names, length_s=11000.0, fps=1.0, thumbnails=0))
    assert len(page) < 3000 * 1500, "under 1.5 kB per visit"


def test_rendering_does_not_depend_on_order(small: ReportData) -> None:
    backwards: list[Identity] = list(reversed(small.identities))
    other = ReportData(
        small.title, small.created, small.origin, small.cameras, backwards, small.thumbnails, dict(small.colours)
    )
    assert render_report(other) == render_report(small)
