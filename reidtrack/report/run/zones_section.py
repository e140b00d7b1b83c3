"""The section on zones and lines: how many people were where, by the hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reidtrack.report.html import Markup, join, tag
from reidtrack.report.run.context import PageContext, person_label
from reidtrack.report.times import format_duration

MOST_HOURS = 72
"""Bars of a place, and rows of the table of hours: those of three days, the last ones."""
MOST_PEOPLE = 12
"""Of a place, linked by name; `zones.json` has all."""

_ZONE_HEADS = ("Zone", "People", "Entered", "Median stay", "Longest", "Most at once")
_LINE_HEADS = ("Line", "People", "In", "Out")
_WORDS = ("By the hour", "Who")
"""Heads of columns that are aligned left."""
_HINT = (
    "Everybody counts once, however many cameras saw them. Who leaves a zone for a few seconds has not left it. "
    "Hours are those of UTC."
)


def zones_section(page: PageContext) -> Markup:
    """Tables of zones, lines and hours; empty where the site has neither zones nor lines."""
    found = page.data.zones or {}
    zones, lines = found.get("zones") or (), found.get("lines") or ()
    if not zones and not lines:
        return Markup()
    inside = [tag("h2", "Zones"), tag("p", _HINT, class_="hint")]
    if zones:
        inside.append(_table((*_ZONE_HEADS, *_WORDS), [_zone(page, entry) for entry in zones]))
    if lines:
        inside += [tag("h3", "Lines")] if zones else []
        inside.append(_table((*_LINE_HEADS, *_WORDS), [_line(page, entry) for entry in lines]))
    inside.append(_hours([*zones, *lines]))
    return tag("section", *inside, id="zones")


def _zone(page: PageContext, entry: Mapping[str, Any]) -> Markup:
    people = dict.fromkeys(stay["identity"] for stay in entry["stays"])
    return tag(
        "tr",
        tag("th", entry["name"], scope="row"),
        tag("td", f"{entry['people']:,}"),
        tag("td", f"{entry['entered']:,}"),
        tag("td", _duration(entry["dwell_median_s"])),
        tag("td", _duration(entry["dwell_longest_s"])),
        tag("td", f"{entry['most_at_once']:,}"),
        tag("td", _bars(entry["hours"])),
        tag("td", _who(page, list(people)), class_="left"),
    )


def _line(page: PageContext, entry: Mapping[str, Any]) -> Markup:
    people = dict.fromkeys(crossing["identity"] for crossing in entry["crossings"])
    return tag(
        "tr",
        tag("th", entry["name"], scope="row"),
        tag("td", f"{entry['people']:,}"),
        tag("td", f"{entry['in']:,}"),
        tag("td", f"{entry['out']:,}"),
        tag("td", _bars(entry["hours"])),
        tag("td", _who(page, list(people)), class_="left"),
    )


def _duration(seconds: float | None) -> str:
    return "–" if seconds is None else format_duration(seconds)


def _who(page: PageContext, people: Sequence[int]) -> Markup:
    """Links to people, in the order in which they came."""
    known = {identity.id: identity for identity in page.identities}
    if not known:  # on the front page of several days, which has nobody's card
        return Markup("–")
    links = [
        tag("a", person_label(known[number]) if known[number].name else str(number), href=f"#p{number}")
        for number in people[:MOST_PEOPLE]
        if number in known
    ]
    parts = [part for link in links for part in (link, " ")][:-1]
    left = len(people) - len(links)
    return join([*parts, f" and {left} more"] if left else parts)


def _bars(hours: Sequence[Mapping[str, Any]]) -> Markup:
    """Small bars, one an hour, of how many people were there."""
    shown = hours[-MOST_HOURS:]
    highest = max((entry["people"] for entry in shown), default=0)
    if not highest:
        return Markup("–")
    wide = 100 / max(len(shown), 8)
    bars = [
        tag(
            "rect",
            tag("title", f"{_hour(entry['hour'])}: {entry['people']}"),
            x=f"{index * wide:.2f}",
            y=f"{16 - 16 * entry['people'] / highest:.2f}",
            width=f"{wide * 0.85:.2f}",
            height=f"{16 * entry['people'] / highest:.2f}",
        )
        for index, entry in enumerate(shown)
        if entry["people"]
    ]
    label = f"{len(shown)} hours, at most {highest} people in one"
    return tag(
        "svg", *bars, viewBox="0 0 100 16", preserveAspectRatio="none", class_="journeys", role="img", aria_label=label
    )


def _hours(places: Sequence[Mapping[str, Any]]) -> Markup:
    """Table of hours by places; empty for a run within one hour, of which the other tables say the same."""
    whole = places[0]["hours"]
    if len(whole) < 2:
        return Markup()
    first = max(0, len(whole) - MOST_HOURS)
    rows = [
        tag("tr", tag("th", _hour(whole[at]["hour"]), scope="row"), *(_cell(place["hours"][at]) for place in places))
        for at in range(first, len(whole))
    ]
    note = tag("p", f"and {first} earlier hours in zones.json", class_="mute") if first else Markup()
    return join(
        [
            tag("h3", "People by the hour"),
            _table(("Hour", *(place["name"] for place in places)), rows, "cameras hours"),
            note,
        ]
    )


def _cell(entry: Mapping[str, Any]) -> Markup:
    ways = f"{entry['entered']} in, {entry['left']} out"
    return tag("td", f"{entry['people']:,}", title=ways) if entry["people"] else tag("td", "·", class_="mute")


def _hour(text: str) -> str:
    """`2026-11-30 09:00` of `2026-11-30T09:00:00Z`."""
    return text[:16].replace("T", " ")


def _table(heads: Sequence[str], rows: Sequence[Markup], kind: str = "cameras") -> Markup:
    names = (tag("th", name, scope="col", class_="left" if name in _WORDS else None) for name in heads)
    head = tag("thead", tag("tr", *names))
    return tag("div", tag("table", head, tag("tbody", *rows), class_=kind), class_="scroll")
