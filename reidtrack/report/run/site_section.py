"""The section on the place: floor plan, clocks, plan views, and travel times between cameras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reidtrack.report.html import Markup, join, tag
from reidtrack.report.run.context import PageContext
from reidtrack.report.run.floor_plan import floor_plan
from reidtrack.report.times import format_duration

_SEEN_FROM_ABOVE = (
    "Paths of everybody from above, in the colours of the videos. Dashed: where each camera saw people. Where two "
    "cameras saw the same person at once, their paths should lie on each other."
)

_FEWEST_FOR_SPREAD = 3
"""Of fewer journeys, a 5th and a 95th percentile say nothing."""

MOST_ROWS = 60
"""Rows of the table of travel times, those with the most journeys."""


def site_section(page: PageContext) -> Markup:
    """Floor plan and tables of clocks, overlapping views and travel times; empty where none of it is known."""
    drawing, times, related, journeys = floor_plan(page), clocks(page), relations(page), transitions(page)
    if not (drawing or times or related or journeys):
        return Markup()
    inside = [tag("h2", "Place")]
    if drawing:
        inside += [tag("p", _SEEN_FROM_ABOVE, class_="hint"), drawing]
    tables = [tag("h3", "Clocks and plan views"), times] if times else []
    tables += [tag("h3", "Views that overlap"), related] if related else []
    tables += [tag("h3", "Journeys between cameras"), journeys] if journeys else []
    return tag("section", *inside, *tables, id="place")


def clocks(page: PageContext) -> Markup:
    """Table of cameras: how far each clock is off, and how well its plan view fits."""
    cameras: Mapping[str, Any] = (page.data.site or {}).get("cameras") or {}
    if not cameras:
        return Markup()
    rows = [tag("tr", tag("th", name, scope="row"), *_clock(cameras[name])) for name in page.cameras if name in cameras]
    return _table({"Camera": True, "Clock": False, "Known from": True, "Plan view": True, "Fit": False}, rows)


def _clock(entry: Mapping[str, Any]) -> list[Markup]:
    offset, loose = entry.get("clock_offset_s"), entry.get("clock_uncertainty_s")
    text = "–" if offset is None else f"{offset:+z.2f} s".replace("-", "−").replace("+0.00", "0.00")
    if offset is not None and loose is not None:
        text += f" ± {loose:.2f} s"
    if entry.get("clock_used"):
        text += ", allowed for"
    plan = (entry.get("from") or "given") if entry.get("homography") else "none"
    words = (str(entry.get("clock_from") or "–"), str(plan))
    return [tag("td", text), *(tag("td", word, class_="left") for word in words), tag("td", _fit(entry))]


def relations(page: PageContext) -> Markup:
    """Table of pairs of cameras whose pictures were related to each other by the people both saw."""
    rows = []
    for entry in (page.data.site or {}).get("relations") or ():
        inliers = "–" if entry.get("inliers") is None else f"{entry['inliers']:.0%}"
        name = " and ".join(map(str, entry.get("cameras") or ()))
        cells = (str(entry.get("links", "–")), inliers, _fit(entry))
        used = tag("td", "yes" if entry.get("used") else "no", class_="left")
        rows.append(tag("tr", tag("th", name, scope="row"), *(tag("td", cell) for cell in cells), used))
    heads = {"Cameras": True, "Visits seen by both": False, "Agreeing": False, "Fit": False, "Used": True}
    return _table(heads, rows) if rows else Markup()


def _fit(entry: Mapping[str, Any]) -> str:
    values = [(entry[f"fit_{unit}"], unit) for unit in ("m", "px") if entry.get(f"fit_{unit}") is not None]
    return " / ".join(f"{value:.2f} m" if unit == "m" else f"{value:.0f} px" for value, unit in values) or "–"


def transitions(page: PageContext) -> Markup:
    """Table of travel times between cameras, with how they are spread."""
    found: Sequence[Mapping[str, Any]] = (page.data.site or {}).get("transitions") or ()
    if not found:
        return Markup()
    most = sorted(found, key=lambda entry: -entry.get("count", 0))[:MOST_ROWS]
    longest = max((float(entry["edges_s"][-1]) for entry in most if entry.get("edges_s")), default=0.0)
    rows = [tag("tr", *_journey(entry, longest)) for entry in most]
    left = len(found) - len(most)
    note = tag("p", f"and {left} more in site.json", class_="mute") if left else Markup()
    heads = {"From": True, "To": True, "Journeys": False, "Median": False, "5 to 95 %": False, "Spread": True}
    table = _table(heads, rows)
    return join([table, note])


def _journey(entry: Mapping[str, Any], longest: float) -> list[Markup]:
    def seconds(key: str) -> str:
        value = entry.get(key)
        return "–" if value is None else f"{'−' if value < 0 else ''}{format_duration(abs(value))}"

    return [
        tag("th", str(entry.get("from")), scope="row"),
        tag("td", str(entry.get("to")), class_="left"),
        tag("td", str(entry.get("count", "–"))),
        tag("td", seconds("median_s")),
        tag("td", f"{seconds('p5_s')} to {seconds('p95_s')}" if entry.get("count", 0) >= _FEWEST_FOR_SPREAD else "–"),
        tag("td", _spread(entry.get("edges_s") or (), entry.get("density") or (), longest)),
    ]


def _spread(edges: Sequence[float], density: Sequence[float], longest: float) -> Markup:
    """Small bars from the first edge of all to the longest journey."""
    if len(edges) != len(density) + 1 or not density or longest <= 0 or max(density) <= 0:
        return Markup()
    start = min(0.0, float(edges[0]))
    wide = 100 / (longest - start)
    bars = [
        tag(
            "rect",
            x=f"{(low - start) * wide:.2f}",
            y=f"{16 - 16 * value / max(density):.2f}",
            width=f"{max((high - low) * wide - 0.3, 0.3):.2f}",
            height=f"{16 * value / max(density):.2f}",
        )
        for low, high, value in zip(edges, edges[1:], density, strict=False)
        if value > 0
    ]
    title = tag("title", f"{format_duration(max(start, 0.0))} to {format_duration(longest)}")
    return tag("svg", title, *bars, viewBox="0 0 100 16", preserveAspectRatio="none", class_="journeys", role="img")


def _table(heads: Mapping[str, bool], rows: Sequence[Markup]) -> Markup:
    """A table; `heads` says of each column whether it holds words, which are aligned left."""
    names = (tag("th", name, scope="col", class_="left" if words else None) for name, words in heads.items())
    head = tag("thead", tag("tr", *names))
    return tag("div", tag("table", head, tag("tbody", *rows), class_="cameras"), class_="scroll")
